/** Several requests that wait: read one by one, oldest first. */
import { secondsLeft } from "../../app/clock.svelte";
import type { ConsentRequestView, InboxView, RequestId } from "../../generated/contract";

/** Requests that can still be answered, oldest first. */
export function waitingRequests(inbox: InboxView, atMillis: number): ConsentRequestView[] {
  return inbox.requests.filter(
    ({ state, expires_in, received_at }) =>
      state.state === "pending" && secondsLeft(expires_in, received_at, atMillis) > 0,
  );
}

export interface Place {
  /** From 1; 0 if it does not wait any more. */
  position: number;
  count: number;
  /** The one to read after it, first again after the last. */
  next: RequestId | null;
}

/** Where `id` stands among the requests that wait. */
export function placeOf(id: RequestId, waiting: ConsentRequestView[]): Place {
  const index = waiting.findIndex((one) => one.id === id);
  const next = waiting[(index + 1) % waiting.length]?.id ?? null;
  return { position: index + 1, count: waiting.length, next: next === id ? null : next };
}
