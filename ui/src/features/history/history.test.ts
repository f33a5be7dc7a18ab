import { describe, expect, it, vi } from "vitest";
import { plain, show } from "../../../tests/render";
import { account, secondAccount } from "../../demo/fixtures";
import { history } from "../../demo/kept";
import type { HistoryEntryView } from "../../generated/contract";
import { historyIds as ids } from "./test-ids";

const accounts = [account, secondAccount];
const items = () => [...document.querySelectorAll(`[data-testid="${ids.item}"]`)];
const many: HistoryEntryView[] = Array.from({ length: 120 }, (_, index) => ({
  ...(history.at(-1) as HistoryEntryView),
  id: `his-${index}`,
}));

describe("the history", () => {
  it("lists every entry and opens one with its receipt", async () => {
    const shown = await show({ world: { history }, hash: "#/history" });
    expect(items()).toHaveLength(history.length);
    location.hash = "#/history_entry/his-4";
    dispatchEvent(new Event("hashchange"));
    await shown.settle();
    expect(plain(shown.get(ids.outcome).textContent)).toBe("Approved");
    expect(plain(shown.get(ids.receipt).textContent)).toContain("Zk3vY1o9H4bqT0cXrWm8uJ2sLfNa6dPe7QiG5hRtKxE");
  });

  it("shows a page at a time, and more when asked", async () => {
    const shown = await show({ world: { history: many }, hash: "#/history" });
    expect(items()).toHaveLength(50);
    await shown.press(ids.more);
    await shown.press(ids.more);
    expect(items()).toHaveLength(120);
    expect(shown.find(ids.more)).toBeNull();
  });

  it("finds an entry that is on no page yet, and says so when there is none", async () => {
    const far = await show({ world: { history: many }, hash: "#/history_entry/his-110" });
    await far.settle();
    expect(far.get(ids.outcome)).toBeDefined();
    const gone = await show({ world: { history }, hash: "#/history_entry/his-99" });
    await gone.settle();
    expect(plain(gone.get(ids.entry).textContent)).toContain("no longer here");
  });

  it("searches once the typing pauses, says how many it found, and shows all again", async () => {
    vi.useFakeTimers();
    const shown = await show({ world: { accounts, history }, hash: "#/history" });
    const before = shown.bridge.calls.length;
    for (const text of ["b", "bu", "budget"]) await shown.type(ids.search, text);
    expect(shown.bridge.calls).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(250);
    await shown.settle();
    expect(shown.bridge.calls).toHaveLength(before + 1);
    expect(items()).toHaveLength(1);
    expect(plain(shown.get(ids.found).textContent)).toBe("1 entry");
    await shown.type(ids.search, "zebra");
    await vi.advanceTimersByTimeAsync(250);
    await shown.settle();
    expect(plain(shown.get(ids.found).textContent)).toBe("Nothing fits this search.");
    await shown.press(ids.clear);
    expect(items()).toHaveLength(history.length);
  });

  it("keeps to one account and one kind of outcome, also while an entry is read", async () => {
    const shown = await show({ world: { accounts, history }, hash: "#/history" });
    const choose = async (testid: string, value: string) => {
      const field = shown.get(testid) as HTMLSelectElement;
      field.value = value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
      await shown.settle();
    };
    await choose(ids.filter, "denied");
    expect(items().map((item) => (item as HTMLElement).dataset["state"])).toEqual(["denied"]);
    await choose(ids.account, account.id);
    expect(items()).toHaveLength(0);
    await choose(ids.account, "");
    items()[0]?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    location.hash = "#/history_entry/his-3";
    dispatchEvent(new Event("hashchange"));
    await shown.settle();
    location.hash = "#/history";
    dispatchEvent(new Event("hashchange"));
    await shown.settle();
    expect((shown.get(ids.filter) as HTMLSelectElement).value).toBe("denied");
    expect(items()).toHaveLength(1);
  });

  it("follows what happens while it is shown", async () => {
    const shown = await show({ world: { history: [] }, hash: "#/history" });
    expect(plain(shown.get(ids.found).textContent)).toBe("Nothing has happened yet.");
    shown.bridge.change("history_changed", (world) => (world.history = history));
    await shown.settle();
    expect(items()).toHaveLength(history.length);
  });

  it("says where an export went, or that there is none", async () => {
    const shown = await show({ world: { history }, hash: "#/history" });
    await shown.press(ids.export);
    expect(plain(shown.get(ids.exported).textContent)).toBe("2 entries were written to: /home/hanako/Downloads/tegata-history");
    shown.bridge.world.failure = { code: "internal" };
    await shown.press(ids.export);
    expect(plain(shown.get(ids.exported).textContent)).toBe("Nothing could be written to your downloads.");
  });

  it("says so when it cannot be read", async () => {
    const shown = await show({ world: { history }, hash: "#/inbox" });
    shown.bridge.world.failure = { code: "internal" };
    location.hash = "#/history";
    dispatchEvent(new Event("hashchange"));
    await shown.settle();
    expect(shown.get(ids.error)).toBeDefined();
  });
});

describe("an entry's evidence", () => {
  it.each([
    [{ prompt: true, decision: true, receipt: true }, ["true", "true", "true"]],
    [{ prompt: false, decision: true, receipt: false }, ["false", "true", "false"]],
  ])("is verified when asked, and %j is told line by line", async (verification, told) => {
    const shown = await show({ world: { history, verification }, hash: "#/history_entry/his-4" });
    await shown.press(ids.verify);
    const lines = [...shown.get(ids.verified).querySelectorAll("li")];
    expect(lines.map((line) => line.dataset["good"])).toEqual(told);
    const issuer = account.issuer.name;
    expect(plain(lines[0]?.textContent)).toBe(`The question is ${verification.prompt ? "" : "not "}signed by ${issuer}.`);
  });

  it("that cannot be read is never called verified", async () => {
    const shown = await show({ world: { history }, hash: "#/history_entry/his-4" });
    shown.bridge.world.failure = { code: "internal" };
    await shown.press(ids.verify);
    expect(shown.get(ids.verified).querySelectorAll("li")).toHaveLength(0);
    expect(plain(shown.get(ids.verified).textContent)).toBe("The evidence could not be read.");
  });

  it("is written to a file of its own", async () => {
    const shown = await show({ world: { history }, hash: "#/history_entry/his-4" });
    await shown.press(ids.export);
    expect(shown.bridge.calls.at(-1)).toEqual({ command: "history_export", request: { id: "his-4" } });
    expect(plain(shown.get(ids.exported).textContent)).toContain("1 entry was written to:");
  });
});
