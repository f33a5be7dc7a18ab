import { describe, expect, it } from "vitest";
import { plain, show, type Shown } from "../../../tests/render";
import { account, secondAccount } from "../../demo/fixtures";
import type { DemoStart } from "../../demo/world";
import { appIds } from "../../app/test-ids";
import { settingsIds as ids } from "./test-ids";

const settings = (world: DemoStart = {}) => show({ world, hash: "#/settings" });

async function choose(shown: Shown, testid: string, value?: string) {
  const field = shown.get(testid) as HTMLInputElement;
  if (value !== undefined) field.value = value;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  await shown.settle();
}

describe("the settings", () => {
  it("switch language and appearance at once", async () => {
    const shown = await settings();
    await choose(shown, `${ids.language}.ja`);
    expect(document.querySelector("h1")?.textContent).toBe("設定");
    expect(document.documentElement.lang).toBe("ja");
    await choose(shown, `${ids.theme}.dark`);
    expect(document.documentElement.dataset["theme"]).toBe("dark");
    expect(shown.bridge.world.settings).toMatchObject({ locale: "ja", theme: "dark" });
    await choose(shown, `${ids.theme}.auto`);
    await choose(shown, `${ids.language}.auto`);
    expect(document.documentElement.dataset["theme"]).toBeUndefined();
    expect(shown.bridge.world.settings.locale).toBeNull();
    expect(document.documentElement.lang).toBe("en");
  });

  it("say so when a change could not be saved", async () => {
    const shown = await settings();
    shown.bridge.world.failure = { code: "internal" };
    await choose(shown, `${ids.theme}.dark`);
    expect(shown.get(ids.error)).toBeDefined();
  });

  it.each([
    [ids.sound, { sound: true }],
    [ids.notifications, { notifications: false }],
    [ids.protect, { protect_content: false }],
    [ids.unknownClients, { unknown_clients: "deny_only" }],
    [ids.autostart, { start_at_login: true }],
    [`${ids.onClose}.quit`, { on_close: "quit" }],
  ])("keep %s", async (testid, kept) => {
    const shown = await settings();
    await shown.press(testid);
    expect(shown.bridge.world.settings).toMatchObject(kept);
  });

  it("keep quiet hours over midnight, and a field that was emptied changes nothing", async () => {
    const shown = await settings();
    await shown.press(ids.quiet);
    expect(shown.bridge.world.settings.quiet_hours).toEqual({ from: 1320, to: 420 });
    await choose(shown, ids.quietFrom, "23:05");
    await choose(shown, ids.quietTo, "");
    expect(shown.bridge.world.settings.quiet_hours).toEqual({ from: 1385, to: 420 });
    await shown.press(ids.quiet);
    expect(shown.bridge.world.settings.quiet_hours).toBeNull();
  });

  it("keep the time after which the screens are covered, also one that they would not offer", async () => {
    const shown = await settings({ settings: { lock_after_minutes: 7 } });
    const field = shown.get(ids.lockAfter) as HTMLSelectElement;
    expect(field.value).toBe("7");
    expect([...field.options].map(({ text }) => plain(text)).slice(0, 2)).toEqual(["Never", "After 1 minute"]);
    await choose(shown, ids.lockAfter, "30");
    expect(shown.bridge.world.settings.lock_after_minutes).toBe(30);
    await shown.press(ids.lockNow);
    expect(shown.get(appIds.lock)).toBeDefined();
  });

  it("lead to where a PIN is changed: the account, or the choice of one", async () => {
    const one = await settings();
    expect(one.get(ids.pin).getAttribute("href")).toBe(`#/account/${account.id}`);
    const two = await settings({ accounts: [account, secondAccount] });
    expect(two.get(ids.pin).getAttribute("href")).toBe("#/accounts");
  });

  it("offer nothing that this machine lacks, and say why", async () => {
    const desktop = { tray: false, autostart: false, notifications: false, content_protection: false, camera: false, close_asked: false };
    const shown = await settings({ desktop, settings: { on_close: "hide" } });
    for (const testid of [ids.notifications, ids.protect, ids.autostart])
      expect((shown.get(testid) as HTMLInputElement).disabled, testid).toBe(true);
    expect(shown.find(ids.sound)).toBeNull();
    expect(shown.find(`${ids.onClose}.hide`)).toBeNull();
    expect((shown.get(`${ids.onClose}.ask`) as HTMLInputElement).checked).toBe(true);
    expect(plain(document.body.textContent)).toContain("no icon from which it could be opened again");
  });
});
