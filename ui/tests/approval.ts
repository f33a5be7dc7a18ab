/** What tests of the approval screen need: a request that waits, a person who reads and waits, what was decided. */
import { beforeEach, vi } from "vitest";
import { NOW_MILLIS, signIn } from "../src/demo/fixtures";
import { ARMING_MILLISECONDS } from "../src/features/consent/arming";
import { ScriptedIntersection, type Shown } from "./render";

export const pending = { world: { requests: [signIn] }, hash: `#/request/${signIn.id}` };

/** The commands that decide something. */
export function decisions(shown: Shown) {
  return shown.bridge.calls.filter(({ command }) => command === "request_approve" || command === "request_deny");
}

/** Everything was on the screen, and the moment is over. */
export async function readAndWait(shown: Shown) {
  document.documentElement.style.setProperty("--styles-applied", "1");
  ScriptedIntersection.latest.report(true);
  await vi.advanceTimersByTimeAsync(ARMING_MILLISECONDS);
  await shown.settle();
}

/** Before each test: the clock stands, and the test says what is on the screen. */
export function holdTimeAndSight(): void {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW_MILLIS });
    vi.stubGlobal("IntersectionObserver", ScriptedIntersection);
    ScriptedIntersection.instances = [];
  });
}
