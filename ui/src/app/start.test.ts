import { tick } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import { show } from "../../tests/render";
import { DemoBridge } from "../demo/demo-bridge";
import { account, signIn } from "../demo/fixtures";
import { EVENTS } from "../generated/commands";
import { PATIENCE_MILLIS, start } from "./start";
import { Store } from "./store.svelte";
import { appIds } from "./test-ids";

describe("the start", () => {
  const page = () => {
    const target = document.createElement("div");
    target.id = "app";
    target.append("splash");
    document.body.replaceChildren(target);
    return target;
  };

  afterEach(() => document.body.replaceChildren());

  it.each([{}, { failure: { code: "internal" as const } }])("leaves what stands in the page until it knows: %j", async (world) => {
    const bridge = new DemoBridge(world);
    let answer = () => {};
    const asked = bridge.call.bind(bridge);
    vi.spyOn(bridge, "call").mockImplementation(async (command, ...rest) => {
      if (command === "start") await new Promise<void>((resolve) => (answer = resolve));
      return asked(command, ...rest) as never;
    });
    const target = page();
    start(bridge);
    await tick();
    expect(target.textContent).toBe("splash");
    answer();
    await vi.waitFor(() => expect(target.querySelector("main")).not.toBeNull());
    expect(target.textContent).not.toContain("splash");
    expect(target.querySelector(`[data-testid="${appIds.loading}"]`)).toBeNull();
  });

  it("says that it waits when the answer takes long", async () => {
    vi.useFakeTimers();
    const bridge = new DemoBridge({});
    vi.spyOn(bridge, "call").mockReturnValue(new Promise(() => {}) as never);
    const target = page();
    start(bridge);
    await vi.advanceTimersByTimeAsync(PATIENCE_MILLIS - 1);
    expect(target.textContent).toBe("splash");
    await vi.advanceTimersByTimeAsync(1);
    expect(target.querySelector(`[data-testid="${appIds.loading}"]`)).not.toBeNull();
    vi.useRealTimers();
  });

  it("listens in the end although nothing is drawn, as in a window that was hidden meanwhile", async () => {
    vi.spyOn(globalThis, "requestAnimationFrame").mockReturnValue(0);
    const bridge = new DemoBridge({});
    const listening = vi.spyOn(bridge, "listen");
    page();
    start(bridge);
    await vi.waitFor(() => expect(listening).toHaveBeenCalledTimes(EVENTS.length));
  });
});

describe("the store", () => {
  it("draws its first picture after one call, and listens before it reads again", async () => {
    const bridge = new DemoBridge({ requests: [signIn] });
    const listening = vi.spyOn(bridge, "listen");
    const store = new Store(bridge);
    const started = store.start();
    await vi.waitFor(() => expect(store.ready).toBe(true));
    expect(bridge.calls.map(({ command }) => command).slice(0, 1)).toEqual(["start"]);
    expect(store.inbox.requests).toHaveLength(1);
    await started;
    expect(listening).toHaveBeenCalledTimes(EVENTS.length);
    const first = bridge.calls.findIndex(({ command }) => command === "inbox_list");
    expect(first).toBeGreaterThan(0);
    store.stop();
  });

  it("listens, and reads again, only after the first picture is drawn", async () => {
    const bridge = new DemoBridge({});
    const listening = vi.spyOn(bridge, "listen");
    const store = new Store(bridge);
    let drawn = () => {};
    const asked = new Promise<void>((ask) => {
      void store.start(() => {
        ask();
        return new Promise((resolve) => (drawn = resolve));
      });
    });
    await asked;
    await tick();
    expect(store.ready).toBe(true);
    expect(listening).not.toHaveBeenCalled();
    expect(bridge.calls.map(({ command }) => command)).toEqual(["start"]);
    drawn();
    await vi.waitFor(() => expect(listening).toHaveBeenCalledTimes(EVENTS.length));
    store.stop();
  });

  it("shows the answer that was asked for last, whatever arrives last", async () => {
    const shown = await show({ world: {} });
    const answers: Array<(value: never) => void> = [];
    vi.spyOn(shown.bridge, "call").mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
    const first = shown.store.refresh("accounts_changed");
    const second = shown.store.refresh("accounts_changed");
    answers[1]?.([{ ...account, name: "newer" }] as never);
    answers[0]?.([{ ...account, name: "older" }] as never);
    await Promise.all([first, second]);
    expect(shown.store.accounts[0]?.name).toBe("newer");
  });

  it("keeps what it knew when reading again fails", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const shown = await show({ world: {} });
    shown.bridge.world.failure = { code: "internal" };
    await shown.store.refresh("accounts_changed");
    expect(shown.store.accounts).toHaveLength(1);
    expect(warned).toHaveBeenCalledOnce();
  });
});
