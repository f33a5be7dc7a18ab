import { describe, expect, it } from "vitest";
import { plain, show, type Shown } from "../../../tests/render";
import { account } from "../../demo/fixtures";
import { SCENARIOS } from "../../demo/scenarios";
import { pairingIds as ids } from "./test-ids";

const start = SCENARIOS["pair-enter"] ?? { world: {} };

async function choose(shown: Shown, testid: string) {
  await shown.press(testid);
  shown.get(testid).dispatchEvent(new Event("change", { bubbles: true }));
  await shown.settle();
}

describe("pairing", () => {
  it("goes from a link over the person's word and a PIN to the six digits", async () => {
    const shown = await show(start);
    await shown.type(ids.input, " https://id.kawabe.example/pair#v=1&c=7K3M9QTXV2HC ");
    await shown.press(ids.submit);
    expect(shown.bridge.calls.at(-1)?.request).toEqual({
      input: { form: "link", link: "https://id.kawabe.example/pair#v=1&c=7K3M9QTXV2HC" },
    });
    expect(shown.get(ids.host).textContent).toBe("id.kawabe.example");
    expect(plain(shown.get(ids.account).textContent)).toBe("hanako@kawabe.example");
    expect(shown.find(ids.firstUse)).toBeNull();
    expect(shown.get(ids.fingerprint).closest("details")?.open).toBe(false);
    await shown.press(ids.confirm);
    await shown.type(ids.pinFirst, "493817");
    await shown.type(ids.pinSecond, "493817");
    await shown.press(ids.pinSubmit);
    expect(shown.get(ids.digits).textContent).toBe("427905");
  });

  it("takes server and code typed by hand", async () => {
    const shown = await show(start);
    await choose(shown, ids.byCode);
    await shown.type(ids.server, "id.kawabe.example");
    await shown.type(ids.code, "７k3m-9qtx-v2hc");
    await shown.press(ids.submit);
    expect(shown.bridge.calls.at(-1)?.request).toEqual({
      input: { form: "code", server: "id.kawabe.example", code: "7K3M-9QTX-V2HC" },
    });
    expect(shown.get(ids.screen).dataset["stage"]).toBe("confirm");
  });

  it("shows the fingerprint unfolded and asks to compare it when nothing else vouches for the server", async () => {
    const shown = await show(SCENARIOS["pair-confirm-first-use"] ?? start);
    const fingerprint = shown.get(ids.fingerprint);
    expect(fingerprint.textContent).toBe("qFJr0dBVn1sY3lMZb6kX8ZcQ0wUu2mT5yHn4oKe7R1A");
    expect(fingerprint.closest("details")).toBeNull();
    expect(plain(shown.get(ids.firstUse).textContent)).toMatch(/Compare this fingerprint .* If they differ/);
  });

  it("treats a server typed by hand as one that nothing vouches for", async () => {
    const shown = await show(start);
    await choose(shown, ids.byCode);
    await shown.type(ids.server, "id.kawabe.example");
    await shown.type(ids.code, "7K3M-9QTX-V2HC");
    await shown.press(ids.submit);
    expect(shown.find(ids.firstUse)).not.toBeNull();
  });

  it("asks for the code alone after a link was opened that names the server, and sends nothing before", async () => {
    const shown = await show(SCENARIOS["pair-code"] ?? start);
    expect(shown.get(ids.host).textContent).toBe("id.kawabe.example");
    for (const id of [ids.byLink, ids.server, ids.scan]) expect(shown.find(id), id).toBeNull();
    expect(shown.bridge.calls.some(({ command }) => command === "pairing_start")).toBe(false);
    await shown.type(ids.code, "7k3m-9qtx-v2hc");
    await shown.press(ids.submit);
    expect(shown.bridge.calls.at(-1)?.request).toEqual({
      input: { form: "code", server: "id.kawabe.example", code: "7K3M-9QTX-V2HC" },
    });
  });

  it("goes on in the browser with a server that is named, and without a code", async () => {
    const shown = await show(SCENARIOS["pair-enter"] ?? start);
    await choose(shown, ids.byBrowser);
    expect(shown.find(ids.code)).toBeNull();
    expect((shown.get(ids.submit) as HTMLButtonElement).disabled).toBe(true);
    await shown.type(ids.server, " id.kawabe.example ");
    await shown.press(ids.submit);
    expect(shown.bridge.calls.at(-1)?.request).toEqual({ input: { form: "browser", server: "id.kawabe.example" } });
    expect(shown.get(ids.screen).dataset["stage"]).toBe("browser");
    expect(shown.get(ids.host).textContent).toBe("id.kawabe.example");
    expect(plain(shown.get(ids.screen).textContent)).toContain("Press the button with your account on that page.");
  });

  it("offers the browser first after a link was opened that names the server", async () => {
    const shown = await show(SCENARIOS["pair-code"] ?? start);
    const buttons = [...shown.get(ids.screen).querySelectorAll(".button, input")];
    expect(buttons[0]).toBe(shown.get(ids.browser));
    await shown.press(ids.browser);
    expect(shown.bridge.calls.at(-1)?.request).toEqual({ input: { form: "browser", server: "id.kawabe.example" } });
  });

  it("lets who waits for the page in the browser type its code instead", async () => {
    const shown = await show(SCENARIOS["pair-browser"] ?? start);
    await shown.press(ids.typeCode);
    expect(shown.find(ids.browser)).toBeNull();
    await shown.type(ids.code, "7k3m-9qtx-v2hc");
    await shown.press(ids.submit);
    expect(shown.bridge.calls.at(-1)?.request).toEqual({
      input: { form: "code", server: "id.kawabe.example", code: "7K3M-9QTX-V2HC" },
    });
    expect(shown.get(ids.screen).dataset["stage"]).toBe("confirm");
  });

  it("comes up by itself when the page in the browser hands over, wherever the person is meanwhile", async () => {
    const shown = await show({ world: { pairing: { stage: "browser", host: "id.kawabe.example" } }, hash: "#/history" });
    shown.bridge.change("pairing_changed", (world) => (world.pairing = { stage: "checking" }));
    await shown.settle();
    expect(location.hash).toBe("#/pairing");
    // A second such page waits anew, without what was typed for the first.
    shown.bridge.change("pairing_changed", (world) => (world.pairing = { stage: "browser", host: "id.kawabe.example" }));
    await shown.settle();
    expect(shown.find(ids.typeCode)).not.toBeNull();
  });

  it("leads to the accounts, and offers no second try, where the account is there already", async () => {
    const shown = await show(SCENARIOS["pair-failed-already-paired"] ?? start);
    expect(shown.find(ids.retry)).toBeNull();
    await shown.press(ids.toAccounts);
    expect(shown.bridge.calls.some(({ command }) => command === "pairing_cancel")).toBe(true);
    expect(location.hash).toBe("#/accounts");
  });

  it("names the link and the code to who cannot go on in a browser", async () => {
    for (const why of ["offered", "opened"]) {
      const shown = await show(SCENARIOS[`pair-failed-browser-not-${why}`] ?? start);
      expect(plain(shown.get(ids.failed).textContent)).toContain("start again with its link or code");
    }
  });

  it("opens by itself when a link was opened, but never over a request", async () => {
    const opened = { stage: "code", host: "id.kawabe.example" } as const;
    const shown = await show({ world: {}, hash: "#/history" });
    shown.bridge.change("pairing_changed", (world) => (world.pairing = opened));
    await shown.settle();
    expect(location.hash).toBe("#/pairing");
    const reading = await show(SCENARIOS["approval-sign-in"] ?? start);
    reading.bridge.change("pairing_changed", (world) => (world.pairing = opened));
    await reading.settle();
    expect(location.hash).toBe("#/request/req-sign-in");
  });

  it("shows the end of a first pairing that a link started, though the account is there already", async () => {
    const shown = await show({ world: { accounts: [] }, hash: "#/inbox" });
    const opened = { stage: "code", host: "id.kawabe.example" } as const;
    shown.bridge.change("pairing_changed", (world) => (world.pairing = opened));
    await shown.settle();
    shown.bridge.change("accounts_changed", (world) => (world.accounts = [account]));
    await shown.settle();
    const issuer = account.issuer;
    const done = { stage: "done", account: account.id, account_name: account.name, issuer } as const;
    shown.bridge.change("pairing_changed", (world) => (world.pairing = done));
    await shown.settle();
    shown.get(ids.done);
  });

  it("can be cancelled at every stage", async () => {
    for (const name of ["enter", "code", "browser", "checking", "confirm", "pin", "working", "digits"]) {
      const shown = await show(SCENARIOS[`pair-${name}`] ?? start);
      await shown.press(ids.cancel);
      expect(shown.bridge.calls.some(({ command }) => command === "pairing_cancel"), name).toBe(true);
    }
  });

  it("has own words and a remedy for each way in which it can fail", async () => {
    const failures = Object.keys(SCENARIOS).filter((name) => name.startsWith("pair-failed-"));
    const words = new Set<string>();
    for (const name of failures) words.add(plain((await show(SCENARIOS[name] ?? start)).get(ids.failed).textContent));
    expect(words.size).toBe(16);
  });

  it("takes a link that is dropped anywhere", async () => {
    const shown = await show(SCENARIOS["pair-by-code"] ?? start);
    const drop = new Event("drop", { bubbles: true, cancelable: true });
    dispatchEvent(Object.assign(drop, { dataTransfer: { files: [], getData: () => "https://id.kawabe.example/pair#v=1" } }));
    await shown.settle();
    expect(drop.defaultPrevented).toBe(true);
    expect((shown.get(ids.input) as HTMLTextAreaElement).value).toBe("https://id.kawabe.example/pair#v=1");
  });

  it("does nothing before something was entered", async () => {
    const shown = await show(start);
    await shown.press(ids.submit);
    expect(shown.bridge.calls.some(({ command }) => command === "pairing_start")).toBe(false);
  });

  it("says what is wrong with an invitation and lets the person start again", async () => {
    const shown = await show(start);
    await shown.type(ids.input, "hello");
    await shown.press(ids.submit);
    expect(shown.get(ids.failed).dataset["state"]).toBe("invitation_malformed");
    await shown.press(ids.retry);
    expect(shown.get(ids.screen).dataset["stage"]).toBe("idle");
  });

  it("refuses two different PINs without sending either", async () => {
    const shown = await show(SCENARIOS["pair-pin"] ?? start);
    await shown.type(ids.pinFirst, "493817");
    await shown.type(ids.pinSecond, "493871");
    await shown.press(ids.pinSubmit);
    expect(plain(shown.get(ids.pinError).textContent)).toContain("different");
    expect(shown.bridge.calls.some(({ command }) => command === "pairing_set_pin_and_continue")).toBe(false);
  });

  it("shows why a PIN is too weak and stays where it is", async () => {
    const shown = await show(SCENARIOS["pair-pin"] ?? start);
    await shown.type(ids.pinFirst, "123456");
    await shown.type(ids.pinSecond, "123456");
    await shown.press(ids.pinSubmit);
    expect(plain(shown.get(ids.pinError).textContent)).toContain("anybody would try");
    expect(shown.get(ids.screen).dataset["stage"]).toBe("set_pin");
    expect((shown.get(ids.pinFirst) as HTMLInputElement).value).toBe("");
  });

  it("follows the stages that the app reports", async () => {
    const shown = await show(SCENARIOS["pair-digits"] ?? start);
    shown.bridge.change("pairing_changed", (world) => {
      world.pairing = { stage: "failed", code: "confirmation_failed", remedy: "new_invitation" };
    });
    await shown.settle();
    expect(shown.get(ids.failed).dataset["state"]).toBe("confirmation_failed");
  });

  it("ends by cancelling and returns to the start", async () => {
    const shown = await show(SCENARIOS["pair-confirm"] ?? start);
    await shown.press(ids.cancel);
    expect(shown.bridge.calls.some(({ command }) => command === "pairing_cancel")).toBe(true);
    expect(location.hash).toBe("#/inbox");
  });
});
