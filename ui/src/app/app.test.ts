import { describe, expect, it, vi } from "vitest";
import { plain, show } from "../../tests/render";
import { account, history, signIn } from "../demo/fixtures";
import { accountIds } from "../features/accounts/test-ids";
import { historyIds } from "../features/history/test-ids";
import { settingsIds } from "../features/settings/test-ids";
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

describe("the history", () => {
  it("lists every entry and opens one with its receipt", async () => {
    const shown = await show({ world: { history }, hash: "#/history" });
    expect(document.querySelectorAll(`[data-testid="${historyIds.item}"]`)).toHaveLength(history.length);
    location.hash = "#/history_entry/his-4";
    dispatchEvent(new Event("hashchange"));
    await shown.settle();
    expect(plain(shown.get(historyIds.outcome).textContent)).toBe("Approved");
    expect(plain(shown.get(historyIds.receipt).textContent)).toContain("Zk3vY1o9H4bqT0cXrWm8uJ2sLfNa6dPe7QiG5hRtKxE");
  });
});

describe("the settings", () => {
  it("switch language and appearance at once", async () => {
    const shown = await show({ world: {}, hash: "#/settings" });
    const choose = async (testid: string) => {
      shown.get(testid).dispatchEvent(new Event("change", { bubbles: true }));
      await shown.settle();
    };
    await choose(`${settingsIds.language}.ja`);
    expect(document.querySelector("h1")?.textContent).toBe("設定");
    expect(document.documentElement.lang).toBe("ja");
    await choose(`${settingsIds.theme}.dark`);
    expect(document.documentElement.dataset["theme"]).toBe("dark");
    expect(shown.bridge.world.settings).toMatchObject({ locale: "ja", theme: "dark" });
    await choose(`${settingsIds.theme}.auto`);
    expect(document.documentElement.dataset["theme"]).toBeUndefined();
  });

  it("say so when a change could not be saved", async () => {
    const shown = await show({ world: {}, hash: "#/settings" });
    shown.bridge.world.failure = { code: "internal" };
    shown.get(`${settingsIds.theme}.dark`).dispatchEvent(new Event("change", { bubbles: true }));
    await shown.settle();
    expect(shown.get(settingsIds.error)).toBeDefined();
  });
});

describe("the store", () => {
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
