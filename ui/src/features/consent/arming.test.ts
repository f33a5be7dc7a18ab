import { beforeEach, describe, expect, it, vi } from "vitest";
import { ARMING_MILLISECONDS, watchArming } from "./arming";

describe("arming", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  it("happens a moment after the screen appears", () => {
    const seen: boolean[] = [];
    const stop = watchArming((armed) => seen.push(armed));
    vi.advanceTimersByTime(ARMING_MILLISECONDS - 1);
    expect(seen).toEqual([false]);
    vi.advanceTimersByTime(1);
    expect(seen).toEqual([false, true]);
    stop();
  });

  it("starts anew when the window gets the focus back", () => {
    const seen: boolean[] = [];
    const stop = watchArming((armed) => seen.push(armed));
    vi.advanceTimersByTime(ARMING_MILLISECONDS);
    dispatchEvent(new Event("focus"));
    expect(seen.at(-1)).toBe(false);
    vi.advanceTimersByTime(ARMING_MILLISECONDS);
    expect(seen.at(-1)).toBe(true);
    stop();
  });

  it("does not happen while the window is hidden", () => {
    const seen: boolean[] = [];
    const visibility = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    const stop = watchArming((armed) => seen.push(armed));
    vi.advanceTimersByTime(10 * ARMING_MILLISECONDS);
    expect(seen).toEqual([false]);
    visibility.mockReturnValue("visible");
    document.dispatchEvent(new Event("visibilitychange"));
    vi.advanceTimersByTime(ARMING_MILLISECONDS);
    expect(seen.at(-1)).toBe(true);
    stop();
  });

  it("ends when it is no longer wanted", () => {
    const seen: boolean[] = [];
    watchArming((armed) => seen.push(armed))();
    vi.advanceTimersByTime(ARMING_MILLISECONDS);
    expect(seen).toEqual([false]);
  });
});
