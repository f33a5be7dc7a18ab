import { describe, expect, it, vi } from "vitest";
import { plain, show } from "../../tests/render";
import { account, blocked, secondAccount, signIn } from "../demo/fixtures";
import { history } from "../demo/kept";
import { accountIds } from "../features/accounts/test-ids";
import { historyIds } from "../features/history/test-ids";
import { currentMillis, keepClockRunning } from "./clock.svelte";
import { PLACES } from "./places";
import { href, parse } from "./routes.svelte";
import { appIds } from "./test-ids";

describe("the frame", () => {
  it("welcomes whoever has no account yet", async () => {
    const shown = await show({ world: { accounts: [] } });
    expect(shown.get(appIds.welcome)).toBeDefined();
    await shown.press(appIds.welcomePair);
    expect(location.hash).toBe("#/pairing");
  });

  it("says so when it cannot start, and starts when asked again", async () => {
    const shown = await show({ world: { failure: { code: "internal" } } });
    expect(shown.get(appIds.failure).dataset["state"]).toBe("internal");
    delete shown.bridge.world.failure;
    await shown.press(appIds.retry);
    expect(shown.find(appIds.failure)).toBeNull();
  });

  it("counts what waits beside the navigation, for ears as well", async () => {
    const shown = await show({ world: { requests: [signIn] } });
    expect(plain(shown.get(appIds.navInbox).textContent)).toContain("1 waiting");
  });

  it("never takes a locked keyring for an account that is not paired", async () => {
    const shown = await show({ world: { accounts: [{ ...account, health: { state: "keyring_locked" } }] } });
    expect(shown.find(appIds.welcome)).toBeNull();
    expect(shown.get(accountIds.notice).dataset["health"]).toBe("keyring_locked");
    await shown.press(accountIds.unlock);
    expect(shown.bridge.calls.some(({ command }) => command === "account_unlock")).toBe(true);
    expect(shown.find(accountIds.notice)).toBeNull();
  });
});

describe("covered screens", () => {
  it("show nothing of what waits, and open with an account's PIN", async () => {
    const shown = await show({ world: { lock: { locked: true }, requests: [signIn] } });
    expect(shown.get(appIds.lock)).toBeDefined();
    expect(document.body.textContent).not.toContain(signIn.facts.client.name);
    expect(shown.bridge.calls.some(({ command }) => command === "inbox_list")).toBe(false);
    await shown.type(appIds.lockPin, "000000");
    await shown.press(appIds.lockOpen);
    expect(plain(shown.get(appIds.lockError).textContent)).toBe("Wrong PIN. 7 tries left.");
    expect((shown.get(appIds.lockPin) as HTMLInputElement).value).toBe("");
    await shown.type(appIds.lockPin, "493817");
    await shown.press(appIds.lockOpen);
    expect(shown.find(appIds.lock)).toBeNull();
    expect(plain(document.body.textContent)).toContain(signIn.facts.client.name);
  });

  it("take the PIN of whichever account is chosen", async () => {
    const shown = await show({ world: { lock: { locked: true }, accounts: [account, secondAccount] } });
    const chosen = shown.get(appIds.lockAccount) as HTMLSelectElement;
    expect([...chosen.options].map(({ text }) => text)).toEqual([account.name, secondAccount.label]);
    chosen.value = secondAccount.id;
    chosen.dispatchEvent(new Event("change", { bubbles: true }));
    await shown.type(appIds.lockPin, "493817");
    await shown.press(appIds.lockOpen);
    expect(shown.bridge.calls.find(({ command }) => command === "lock_open")?.request).toEqual({ account: secondAccount.id, pin: "493817" });
  });

  it("are put off by use, which is told now and then", async () => {
    const shown = await show({ world: { requests: [signIn] } });
    const asked = () => shown.bridge.calls.filter(({ command }) => command === "lock_state").length;
    const press = (millis: number) => {
      const event = new KeyboardEvent("keydown", { key: "Tab" });
      Object.defineProperty(event, "timeStamp", { value: millis });
      window.dispatchEvent(event);
    };
    const choose = async (minutes: number) => {
      shown.bridge.change("settings_changed", (world) => (world.settings = { ...world.settings, lock_after_minutes: minutes }));
      await shown.settle();
    };
    await choose(0);
    const before = asked();
    press(1_000);
    expect(asked()).toBe(before);
    await choose(1);
    for (const millis of [2_000, 3_000, 21_000, 23_000, 42_000]) press(millis);
    expect(asked()).toBe(before + 2);
  });

  it("close over what was open as soon as the app says so", async () => {
    const shown = await show({ world: { requests: [signIn] }, hash: `#/request/${signIn.id}` });
    shown.bridge.change("lock_changed", (world) => (world.lock = { locked: true }));
    await shown.settle();
    expect(document.querySelector("main")?.textContent).not.toContain(signIn.facts.client.name);
  });
});

describe("what was asked for from outside the window", () => {
  it("opens, be it a request or a blocked message", async () => {
    const shown = await show({ world: { requests: [signIn], blocked: [blocked], asked: signIn.id } });
    expect(location.hash).toBe(`#/request/${signIn.id}`);
    shown.bridge.change("request_asked", (world) => (world.asked = blocked.id));
    await shown.settle();
    expect(location.hash).toBe(`#/blocked/${blocked.id}`);
  });
});

describe("closing the window", () => {
  const desktop = { tray: true, autostart: true, notifications: true, content_protection: true, camera: true, close_asked: true };

  it.each([
    [appIds.closeHide, { choice: "hide", remember: false }],
    [appIds.closeQuit, { choice: "quit", remember: false }],
    [appIds.closeStay, { choice: null, remember: false }],
  ])("%s answers what it means", async (testid, request) => {
    const shown = await show({ world: { desktop } });
    await shown.press(testid);
    expect(shown.bridge.calls.find(({ command }) => command === "close_answer")?.request).toEqual(request);
    expect(shown.find(appIds.closeDialog)).toBeNull();
  });

  it("is remembered only when something was chosen", async () => {
    const shown = await show({ world: { desktop } });
    await shown.press(appIds.closeRemember);
    await shown.press(appIds.closeStay);
    expect(shown.bridge.world.settings.on_close).toBe("ask");
    shown.bridge.change("desktop_changed", (world) => (world.desktop.close_asked = true));
    await shown.settle();
    await shown.press(appIds.closeRemember);
    await shown.press(appIds.closeQuit);
    expect(shown.bridge.world.settings.on_close).toBe("quit");
  });

  it("offers no background where nothing could bring the window back, and Escape stays", async () => {
    const shown = await show({ world: { desktop: { ...desktop, tray: false } } });
    expect(shown.find(appIds.closeHide)).toBeNull();
    shown.get(appIds.closeDialog).dispatchEvent(new Event("cancel", { cancelable: true }));
    await shown.settle();
    expect(shown.bridge.calls.find(({ command }) => command === "close_answer")?.request).toEqual({ choice: null, remember: false });
  });
});

describe("the keyboard", () => {
  const press = (key: string, more: KeyboardEventInit = {}, target: Element = document.body) =>
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));

  it("leads to every place in two ways", async () => {
    const shown = await show({ world: {} });
    for (const [index, { key, to }] of PLACES.entries()) {
      press("g");
      press(key);
      await shown.settle();
      expect(location.hash).toBe(href(to));
      press(String(((index + 1) % PLACES.length) + 1), { altKey: true });
      await shown.settle();
      expect(location.hash).toBe(href(PLACES[(index + 1) % PLACES.length]?.to ?? to));
    }
  });

  it("moves along a list and stops at its ends", async () => {
    const shown = await show({ world: { requests: [signIn, { ...signIn, id: "req-2" }] } });
    const focused = () => (document.activeElement as HTMLElement).dataset["requestId"];
    press("j");
    expect(focused()).toBe(signIn.id);
    press("ArrowDown");
    expect(focused()).toBe("req-2");
    press("k");
    press("k");
    expect(focused()).toBe(signIn.id);
    await shown.settle();
  });

  it("shows its sheet, and does nothing else while that is open", async () => {
    const shown = await show({ world: {} });
    press("?");
    await shown.settle();
    expect(shown.get(appIds.keyboardSheet).textContent).toContain("Alt+1");
    press("g");
    press("s");
    await shown.settle();
    expect(location.hash).toBe("#/inbox");
    shown.get(appIds.keyboardSheet).dispatchEvent(new Event("cancel", { cancelable: true }));
    await shown.settle();
    expect(shown.find(appIds.keyboardSheet)).toBeNull();
  });

  it("leads to the search from anywhere, and covers the screens", async () => {
    const shown = await show({ world: { history } });
    press("/");
    await shown.settle();
    expect((document.activeElement as HTMLElement).dataset["testid"]).toBe(historyIds.search);
    press("g", {}, document.activeElement ?? document.body);
    press("l", {}, document.activeElement ?? document.body);
    await shown.settle();
    expect(shown.find(appIds.lock)).toBeNull();
    press("g");
    press("l");
    await shown.settle();
    expect(shown.get(appIds.lock)).toBeDefined();
  });

  it("answers no request, whichever key is pressed on one", async () => {
    const shown = await show({ world: { requests: [signIn] }, hash: `#/request/${signIn.id}` });
    for (let code = 32; code < 127; code += 1) {
      const key = String.fromCharCode(code);
      if (key === "g" || key === "?") continue;
      press(key);
      press(key, { altKey: true, ctrlKey: code % 2 === 0 });
    }
    for (const key of ["Enter", "Escape", "Backspace", "Delete", "Home", "End"]) press(key);
    await shown.settle();
    const answers = shown.bridge.calls.filter(({ command }) => command === "request_approve" || command === "request_deny");
    expect(answers).toEqual([]);
  });
});

describe("the clock of countdowns", () => {
  it("stands still while nobody can see it", async () => {
    vi.useFakeTimers();
    const stop = keepClockRunning();
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(vi.getTimerCount()).toBe(0);
    const then = currentMillis();
    vi.advanceTimersByTime(5000);
    expect(currentMillis()).toBe(then);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event("visibilitychange"));
    expect(currentMillis()).toBe(then + 5000);
    stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("addresses", () => {
  it("round-trip for every route", () => {
    for (const route of [
      { name: "inbox" },
      { name: "settings" },
      { name: "request", id: "a/b c%" },
      { name: "report", id: "a/b c%" },
      { name: "history_entry", id: "1" },
    ] as const) {
      expect(parse(href(route))).toEqual(route);
    }
  });

  it.each(["", "#/", "#/nonsense", "#/request", "#/request/", "#/request/%E0%A4%A"])("%j is the inbox", (hash) => {
    expect(parse(hash)).toEqual({ name: "inbox" });
  });
});

describe("the bar of places", () => {
  it.each([
    [2000, true],
    [500, false],
  ])("sticks to the window's edge only where there is something to scroll: %d px", async (height, sticks) => {
    vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(height);
    await show({ world: {} });
    expect(document.querySelector("nav")?.classList.contains("sticky")).toBe(sticks);
  });
});
