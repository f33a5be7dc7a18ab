/** What a browser has and the test environment lacks. Tests that need more of it install their own. */
import { afterEach, beforeAll, beforeEach, vi } from "vitest";
import { loadAllScreens } from "../src/app/screens.svelte";
import { setLanguage } from "../src/i18n/i18n.svelte";

class IdleObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
  takeRecords(): [] {
    return [];
  }
}

beforeAll(async () => {
  // What the app loads when it is first needed is there from the start, so that a test need not wait for it.
  await Promise.all([setLanguage("ja"), loadAllScreens()]);
});

beforeEach(async () => {
  vi.stubGlobal("IntersectionObserver", IdleObserver);
  vi.stubGlobal("ResizeObserver", IdleObserver);
  vi.stubGlobal("scrollTo", () => {});
  Element.prototype.scrollIntoView = () => {};
  await setLanguage("en");
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  location.hash = "";
});
