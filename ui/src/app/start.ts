/** Puts the screens on the page. */
import { mount } from "svelte";
import type { Bridge } from "../host/bridge";
import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/controls.css";
import App from "./App.svelte";
import { Store } from "./store.svelte";

/** In milliseconds. An answer that takes longer is waited for with words, and a picture not at all. */
export const PATIENCE_MILLIS = 300;

/**
 * What stands in the page stays until the app has answered: one picture fewer to draw, while WebKit gets ready to draw.
 *
 * Mounts after `load`. WebKit runs a module before its style sheet applies; a screen measured then looks as if all of
 * it had been seen. The app is asked at once all the same.
 */
export function start(bridge: Bridge): void {
  const target = document.getElementById("app");
  if (!target) throw new Error("the page has no #app");
  // There it is the system's font, and found in half the time that `system-ui` takes.
  if (navigator.platform.includes("Linux")) document.documentElement.dataset["font"] = "generic";
  const store = new Store(bridge);
  let shown = () => {};
  const drawn = new Promise<void>((resolve) => (shown = resolve));
  const known = new Promise<void>((settle) => {
    setTimeout(settle, PATIENCE_MILLIS);
    void store.start(() => {
      settle();
      return drawn;
    });
  });
  const begin = () =>
    void known.then(() => {
      target.replaceChildren();
      mount(App, { target, props: { store } });
      requestAnimationFrame(() => setTimeout(shown));
      // For a window that nobody sees, nothing is drawn.
      setTimeout(shown, PATIENCE_MILLIS);
    });
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin, { once: true });
}
