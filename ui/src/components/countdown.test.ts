import { render } from "@testing-library/svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { plain } from "../../tests/render";
import { secondsLeft } from "../app/clock.svelte";
import { minutesAndSeconds } from "../i18n/format";
import { crossedThreshold } from "./announced-seconds";
import Countdown from "./Countdown.svelte";

const START = 1_795_000_000_000;

describe("a countdown", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: START });
  });

  it("counts from when the time was received, not from when the screen opened", () => {
    expect(secondsLeft(120, START, START + 500)).toBe(120);
    expect(secondsLeft(120, START, START + 12_000)).toBe(108);
    expect(secondsLeft(120, START, START + 999_000)).toBe(0);
  });

  it("shows minutes and seconds", () => {
    expect([108, 60, 9, 0, -3].map(minutesAndSeconds)).toEqual(["1:48", "1:00", "0:09", "0:00", "0:00"]);
  });

  it("ticks on the screen and speaks at 60, 30 and 10 seconds only", async () => {
    const { container } = render(Countdown, { expiresIn: 62, receivedAt: START, lifetime: 120 });
    const timer = container.querySelector("[role=timer]");
    const spoken = container.querySelector("[role=status]");
    expect(plain(timer?.textContent)).toBe("Expires in 1:02");
    expect(timer?.getAttribute("aria-live")).toBe("off");
    const heard: string[] = [];
    for (let second = 0; second < 62; second += 1) {
      await vi.advanceTimersByTimeAsync(1000);
      const now = plain(spoken?.textContent);
      if (now !== "" && now !== heard.at(-1)) heard.push(now);
    }
    expect(heard).toEqual(["60 seconds left", "30 seconds left", "10 seconds left"]);
    expect(plain(timer?.textContent)).toBe("Expires in 0:00");
    expect(container.querySelector(".urgent")).not.toBeNull();
  });

  it("speaks the lowest threshold after a pause, such as sleep", () => {
    expect(crossedThreshold(118, 9)).toBe(10);
    expect(crossedThreshold(61, 60)).toBe(60);
    expect(crossedThreshold(60, 59)).toBeUndefined();
  });
});
