/** Where the person is. The address after `#` is the only record, so the window's own back works too. */
import type { HistoryEntryId, RequestId } from "../generated/contract";

export type Route =
  | { name: "blocked"; id: RequestId }
  | { name: "history" }
  | { name: "history_entry"; id: HistoryEntryId }
  | { name: "inbox" }
  | { name: "pairing" }
  | { name: "report"; id: RequestId }
  | { name: "request"; id: RequestId }
  | { name: "settings" };

let current = $state<Route>({ name: "inbox" });

/** The route that is shown. */
export function route(): Route {
  return current;
}

/** The address of a route, for links. */
export function href(to: Route): string {
  return "id" in to ? `#/${to.name}/${encodeURIComponent(to.id)}` : `#/${to.name}`;
}

/** Goes there. */
export function go(to: Route): void {
  if (location.hash === href(to)) return;
  location.hash = href(to);
  current = to;
}

/** Reads an address. What is not a route of ours is the inbox. */
export function parse(hash: string): Route {
  const [name, id] = hash.replace(/^#\//, "").split("/");
  const decoded = id === undefined ? undefined : decode(id);
  switch (name) {
    case "history":
    case "pairing":
    case "settings":
      return { name };
    case "blocked":
    case "history_entry":
    case "report":
    case "request":
      return decoded ? { name, id: decoded } : { name: "inbox" };
    default:
      return { name: "inbox" };
  }
}

/** Follows the address until the returned function is called. */
export function followAddress(): () => void {
  const follow = () => {
    const next = parse(location.hash);
    if (href(next) !== href(current)) current = next;
  };
  current = parse(location.hash);
  addEventListener("hashchange", follow);
  return () => removeEventListener("hashchange", follow);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
