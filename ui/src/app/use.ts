/** Tells the app now and then that somebody is there, so that the screens are not covered under their hands. */
import type { Store } from "./store.svelte";

/** Less than the shortest time without use that can be chosen, a minute. */
const EVERY_MILLIS = 20_000;
const INPUTS = ["keydown", "pointerdown", "pointermove", "wheel"] as const;

/** Until the answer is called. Asking for the cover is what counts as use. */
export function followUse(store: Store): () => void {
  let told = -Infinity;
  const tell = ({ timeStamp }: Event) => {
    if (timeStamp - told < EVERY_MILLIS || store.settings.lock_after_minutes === 0 || store.lock.locked) return;
    told = timeStamp;
    void store.refresh("lock_changed");
  };
  for (const input of INPUTS) addEventListener(input, tell, { capture: true, passive: true });
  return () => {
    for (const input of INPUTS) removeEventListener(input, tell, { capture: true });
  };
}
