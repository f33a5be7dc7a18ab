import { describe, expect, it, vi } from "vitest";
import { plain, show } from "../../../tests/render";
import { selfTest } from "../../demo/kept";
import type { SelfTestOutcome, SelfTestView } from "../../generated/contract";
import { selfTestIds as ids } from "./test-ids";

const hash = "#/self_test";
const lines = () => [...document.querySelectorAll<HTMLElement>(`[data-testid="${ids.line}"]`)];
const all = (outcome: SelfTestOutcome, running: boolean): SelfTestView => ({
  running,
  lines: selfTest.lines.map((line) => ({ ...line, outcome })),
  report: running ? "" : selfTest.report,
});

describe("the self-test", () => {
  it("starts when asked, and gives every line its state in words and what helps", async () => {
    const shown = await show({ world: {}, hash });
    expect(lines()).toHaveLength(0);
    await shown.press(ids.start);
    expect(lines().map((line) => line.dataset["outcome"])).toEqual(selfTest.lines.map(({ outcome }) => outcome.outcome));
    expect(plain(lines()[1]?.textContent)).toContain("Take note");
    expect(plain(lines()[1]?.textContent)).toContain("switched off in the settings");
    expect(plain(shown.get(ids.said).textContent)).toBe("2 things need your attention.");
  });

  it("tells its progress politely and cannot be started twice", async () => {
    const shown = await show({ world: { selfTest: all({ outcome: "running" }, true) }, hash });
    expect(shown.get(ids.said).getAttribute("role")).toBe("status");
    expect(plain(shown.get(ids.said).textContent)).toBe("0 of 6 done");
    expect((shown.get(ids.start) as HTMLButtonElement).disabled).toBe(true);
    shown.bridge.change("self_test_changed", (world) => (world.selfTest = all({ outcome: "good", detail: { kind: "nothing" } }, false)));
    await shown.settle();
    expect(plain(shown.get(ids.said).textContent)).toBe("Everything works.");
  });

  it("leads to the test request that waits", async () => {
    const shown = await show({ world: { selfTest: all({ outcome: "answer", request: "req-test" }, true) }, hash });
    expect(shown.get(ids.answer).getAttribute("href")).toBe("#/request/req-test");
  });

  it("copies its report, or says how else to get it", async () => {
    const shown = await show({ world: { selfTest }, hash });
    const written = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValueOnce().mockRejectedValueOnce(new Error("refused"));
    await shown.press(ids.copy);
    expect(written).toHaveBeenCalledWith(selfTest.report);
    expect(plain(shown.get(ids.copied).textContent)).toBe("Copied");
    await shown.press(ids.copy);
    expect(plain(shown.get(ids.copied).textContent)).toContain("by hand");
  });

  it("says so when it cannot be started", async () => {
    const shown = await show({ world: {}, hash });
    shown.bridge.world.failure = { code: "internal" };
    await shown.press(ids.start);
    expect(shown.get(ids.error)).toBeDefined();
  });
});
