/** The history as the app searches it. */
import type { HistoryEntryView, HistoryFilter, HistoryListRequest, HistoryPageView } from "../generated/contract";
import type { DemoWorld } from "./world";

const PAGE = 50;

/** Every entry that is looked for. */
export function historyFound({ history }: DemoWorld, { text, account: of, outcome }: HistoryListRequest): HistoryEntryView[] {
  const wanted = text.toLowerCase();
  return history.filter(({ event }) => {
    const about = event.event === "request" ? event.facts.account : event.event === "blocked" ? event.blocked.account : of;
    if (of !== null && about !== of) return false;
    if (outcome !== null && outcomeOf(event) !== outcome) return false;
    return JSON.stringify(event).toLowerCase().includes(wanted);
  });
}

/** The same, a page of it. */
export function historyPage(world: DemoWorld, wanted: HistoryListRequest): HistoryPageView {
  const found = historyFound(world, wanted);
  const from = wanted.after === null ? 0 : found.findIndex(({ id }) => id === wanted.after) + 1;
  return { entries: found.slice(from, from + PAGE), more: found.length > from + PAGE };
}

function outcomeOf(event: HistoryEntryView["event"]): HistoryFilter {
  if (event.event === "blocked" || event.event === "device") return "security";
  const ended = event.event === "request" ? event.outcome.state : "paired";
  if (ended === "approved") return "approved";
  return ended === "denied" || ended === "reported" ? "denied" : "ended";
}
