/**
 * Keys that lead somewhere. None of them answers a request, and none does anything while a field or a dialog has the
 * focus.
 */
import { PLACES } from "./places";
import { go } from "./routes.svelte";
import type { Store } from "./store.svelte";

const sheet = $state({ open: false });

/** Whether the sheet of keys is shown. */
export function keyboardSheet(): { open: boolean } {
  return sheet;
}

/** Answers keys until the returned function is called. For `$effect`. */
export function followKeys(store: Store): () => void {
  let afterG = false;

  function onkeydown(event: KeyboardEvent) {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || isElsewhere(event.target, store))
      return;
    const key = event.key;
    const led = afterG;
    afterG = false;
    if (event.altKey) {
      const place = PLACES[Number(key) - 1];
      if (place) go(place.to);
      else return;
    } else if (led) {
      const place = PLACES.find((one) => one.key === key);
      if (place) go(place.to);
      else if (key === "l") void store.bridge.call("lock_now").then((lock) => store.show({ lock }));
      else return;
    } else if (key === "g") afterG = true;
    else if (key === "j" || key === "ArrowDown") moveBy(1, event);
    else if (key === "k" || key === "ArrowUp") moveBy(-1, event);
    else if (key === "/") search();
    else if (key === "?") sheet.open = true;
    else return;
    if (!key.startsWith("Arrow")) event.preventDefault();
  }

  addEventListener("keydown", onkeydown);
  return () => removeEventListener("keydown", onkeydown);
}

function isElsewhere(target: EventTarget | null, store: Store): boolean {
  const typing = target instanceof Element && target.closest("input, select, textarea") !== null;
  return typing || store.lock.locked || document.querySelector("dialog[open]") !== null;
}

/** Moves the focus along what can be opened. Without a list, arrows scroll as ever. */
function moveBy(step: 1 | -1, event: KeyboardEvent): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main li > a[href]")];
  const at = rows.findIndex((row) => row === document.activeElement);
  const next = rows[at === -1 ? (step === 1 ? 0 : rows.length - 1) : at + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

let searchWanted = false;

function search(): void {
  const field = document.querySelector<HTMLElement>("main input[type=search]");
  if (field) field.focus();
  else {
    searchWanted = true;
    go({ name: "history" });
  }
}

/** Whether the screen that opens now was opened to search on it. Says so once. */
export function takeSearch(): boolean {
  const wanted = searchWanted;
  searchWanted = false;
  return wanted;
}
