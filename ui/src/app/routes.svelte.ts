/** Where the person is. The address after `#` is the only record, so the window's own back works too. */

/** Screens there is one of, and screens about something with an id. What was allowed can be looked at in both ways. */
const PLAIN = ["accounts", "adding", "consents", "history", "inbox", "pairing", "self_test", "settings"] as const;
const WITH_ID = ["account", "blocked", "consents", "devices", "history_entry", "report", "request"] as const;

export type Route = { name: (typeof PLAIN)[number] } | { name: (typeof WITH_ID)[number]; id: string };

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
  const [given, id] = hash.replace(/^#\//, "").split("/");
  const about = WITH_ID.find((name) => name === given);
  const decoded = id === undefined ? undefined : decode(id);
  if (about && decoded) return { name: about, id: decoded };
  return { name: PLAIN.find((name) => name === given) ?? "inbox" };
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
