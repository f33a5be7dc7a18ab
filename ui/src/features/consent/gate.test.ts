import { beforeEach, describe, expect, it, vi } from "vitest";
import { ScriptedIntersection } from "../../../tests/render";
import { watchForEnd, type GateSurroundings } from "./gate";

function surroundings(overrides: Partial<GateSurroundings> = {}): GateSurroundings {
  return { stylesApplied: () => true, coveredBelow: () => 0, onChange: () => () => {}, ...overrides };
}

describe("the reading gate", () => {
  beforeEach(() => {
    ScriptedIntersection.instances = [];
    vi.stubGlobal("IntersectionObserver", ScriptedIntersection);
    vi.useFakeTimers();
  });

  it("opens once the end was visible and stays open", () => {
    const onSeen = vi.fn();
    watchForEnd(document.createElement("div"), surroundings(), onSeen);
    ScriptedIntersection.latest.report(false);
    expect(onSeen).not.toHaveBeenCalled();
    ScriptedIntersection.latest.report(true);
    ScriptedIntersection.latest.report(false);
    expect(onSeen).toHaveBeenCalledTimes(1);
    expect(ScriptedIntersection.latest.connected).toBe(false);
  });

  it("stays closed on a layout from before the styles applied, and looks again when they do", () => {
    const onSeen = vi.fn();
    let styled = false;
    watchForEnd(document.createElement("div"), surroundings({ stylesApplied: () => styled }), onSeen);
    ScriptedIntersection.latest.report(true);
    expect(onSeen).not.toHaveBeenCalled();

    styled = true;
    vi.advanceTimersByTime(50);
    expect(ScriptedIntersection.instances).toHaveLength(2);
    ScriptedIntersection.latest.report(false);
    expect(onSeen).not.toHaveBeenCalled();
    ScriptedIntersection.latest.report(true);
    expect(onSeen).toHaveBeenCalledTimes(1);
  });

  it("stays closed while the end is behind the sticky action bar", () => {
    watchForEnd(document.createElement("div"), surroundings({ coveredBelow: () => 168.4 }), () => {});
    expect(ScriptedIntersection.latest.options.rootMargin).toBe("0px 0px -169px 0px");
  });

  it("looks again when the height of the action bar changes", () => {
    let covered = 100;
    let change = () => {};
    const around = surroundings({
      coveredBelow: () => covered,
      onChange: (callback) => {
        change = callback;
        return () => {};
      },
    });
    watchForEnd(document.createElement("div"), around, () => {});
    covered = 180;
    change();
    expect(ScriptedIntersection.instances[0]?.connected).toBe(false);
    expect(ScriptedIntersection.latest.options.rootMargin).toBe("0px 0px -180px 0px");
  });

  it("ends everything when it is no longer wanted", () => {
    const onSeen = vi.fn();
    const unsubscribe = vi.fn();
    const stop = watchForEnd(document.createElement("div"), surroundings({ onChange: () => unsubscribe }), onSeen);
    stop();
    ScriptedIntersection.latest.report(true);
    expect(onSeen).not.toHaveBeenCalled();
    expect(unsubscribe).toHaveBeenCalledTimes(1);
  });
});
