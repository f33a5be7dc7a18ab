import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { plain, show } from "../../../tests/render";
import { SCENARIOS } from "../../demo/scenarios";
import { accountIds as ids } from "./test-ids";

function scenario(name: string) {
  const found = SCENARIOS[name];
  if (!found) throw new Error(`no scenario ${name}`);
  return found;
}

const sent = (shown: Awaited<ReturnType<typeof show>>, command: string) =>
  shown.bridge.calls.filter((call) => call.command === command).map(({ request }) => request);

describe("the list of accounts", () => {
  it("shows every one with its host and how it stands, in words", async () => {
    const shown = await show(scenario("accounts"));
    const rows = [...shown.get(ids.list).querySelectorAll("a")].map((row) => plain(row.textContent));
    expect(rows).toHaveLength(5);
    expect(rows[0]).toBe("hanako@kawabe.example id.kawabe.example Connected");
    expect(rows[1]).toContain("Work");
    expect(rows[2]).toMatch(/login\.minato\.example:8443 Offline since/);
    expect(rows[3]).toContain("Connecting…");
    expect(rows[4]).toContain("Can only deny");
  });

  it("leads to the page of each, and on to a new one", async () => {
    const shown = await show(scenario("accounts"));
    shown.get(ids.list).querySelectorAll("a")[1]?.click();
    await shown.settle();
    expect(location.hash).toBe("#/account/acc-2");
    expect((await show(scenario("accounts"))).get(ids.add).getAttribute("href")).toBe("#/pairing");
  });
});

describe("the page of an account", () => {
  it("keeps the account's own name and host beside the person's name for it", async () => {
    const shown = await show(scenario("account-labelled"));
    expect(plain(shown.get(ids.name).textContent)).toBe("Work");
    const page = plain(shown.get(ids.screen).textContent);
    expect(page).toContain("h.sato");
    expect(page).toContain("login.orchard.example");
  });

  it("shows the pinned fingerprint in groups, and as one text to copy", async () => {
    const shown = await show(scenario("account"));
    const fingerprint = shown.get(ids.fingerprint);
    expect(fingerprint.textContent).toBe("qFJr0dBVn1sY3lMZb6kX8ZcQ0wUu2mT5yHn4oKe7R1A");
    expect([...fingerprint.children].every((group) => (group.textContent ?? "").length <= 4)).toBe(true);
    const writeText = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
    await shown.press(ids.copy);
    expect(writeText).toHaveBeenCalledWith("qFJr0dBVn1sY3lMZb6kX8ZcQ0wUu2mT5yHn4oKe7R1A");
    expect(shown.get(ids.copied).textContent).toBe("Copied");
  });

  it("marks the fingerprint for copying by key where the window may not copy", async () => {
    const shown = await show(scenario("account"));
    vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(new Error("not allowed"));
    await shown.press(ids.copy);
    expect(getSelection()?.toString()).toContain("qFJr0dBVn1sY3lMZb6kX8ZcQ0wUu2mT5yHn4oKe7R1A");
    expect(shown.get(ids.copied).textContent).toBe("");
  });

  it("says what is wrong and offers the remedy", async () => {
    const shown = await show(scenario("account-trouble"));
    expect(shown.get(ids.notice).dataset["health"]).toBe("pin_locked");
    expect(shown.get(ids.pairAgain).getAttribute("href")).toBe("#/pairing");
  });

  it("leads to the history of this account alone", async () => {
    const shown = await show(scenario("account-labelled"));
    await shown.press(ids.history);
    expect(location.hash).toBe("#/history");
    expect(sent(shown, "history_list").at(-1)).toEqual({ text: "", account: "acc-2", outcome: null, after: null });
  });

  it("says so when the account is gone", async () => {
    expect((await show(scenario("account-gone"))).get(ids.gone)).toBeDefined();
  });
});

describe("an account's looks", () => {
  it("are kept as chosen, and an empty name means the account's own", async () => {
    const shown = await show(scenario("account-look"));
    await shown.type(ids.label, "  Savings ");
    for (const id of [`${ids.accent}.plum`, `${ids.icon}.home`]) {
      shown.get(id).dispatchEvent(new Event("change", { bubbles: true }));
      await shown.settle();
    }
    await shown.press(ids.save);
    expect(sent(shown, "account_customize")).toEqual([
      { id: "acc-1", label: "Savings", accent: "plum", icon: "home" },
    ]);
    expect(plain(shown.get(ids.name).textContent)).toBe("Savings");

    await shown.press(ids.look);
    await shown.type(ids.label, "   ");
    await shown.press(ids.save);
    expect(sent(shown, "account_customize").at(-1)).toMatchObject({ label: null });
    expect(plain(shown.get(ids.name).textContent)).toBe("hanako@kawabe.example");
  });

  it("stay as they were when cancelled or refused", async () => {
    const shown = await show(scenario("account-look"));
    await shown.type(ids.label, "Savings");
    await shown.press(ids.cancel);
    expect(sent(shown, "account_customize")).toEqual([]);
    const refused = await show(scenario("account-look-refused"));
    expect(refused.get(ids.refusal).dataset["code"]).toBe("internal");
    expect(plain(refused.get(ids.refusal).textContent)).toContain("Nothing was changed");
  });

  it("have colours that a white sign can be read on, and that stand out from every paper", () => {
    const css = readFileSync("src/styles/tokens.css", "utf8");
    const values = (name: string) => [...css.matchAll(new RegExp(`--${name}: (#[0-9a-f]{6})`, "g"))].map(([, hex]) => hex ?? "");
    const papers = [...values("paper"), ...values("raised")];
    expect(papers.length).toBeGreaterThan(3);
    for (const accent of ["pine", "sea", "plum", "clay", "amber", "slate"]) {
      const [sign = ""] = values(`sign-${accent}`);
      expect(contrast(sign, values("on-sign")[0] ?? ""), accent).toBeGreaterThanOrEqual(4.5);
      for (const paper of papers) expect(contrast(sign, paper), `${accent} on ${paper}`).toBeGreaterThanOrEqual(3);
    }
  });
});

/** Of WCAG 2.2. */
function contrast(one: string, other: string): number {
  const luminance = (hex: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((from) => {
      const value = Number.parseInt(hex.slice(from, from + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

describe("changing the PIN", () => {
  it("sends the old and the new one and says that it is done", async () => {
    const shown = await show(scenario("account-pin-done"));
    expect(sent(shown, "pin_change")).toEqual([{ id: "acc-1", old: "271828", new: "493817" }]);
    expect(shown.get(ids.pinDone)).toBeDefined();
  });

  it.each([
    ["account-pin-wrong", ids.pinOld, "Wrong PIN. 7 tries left."],
    ["account-pin-weak", ids.pinNew, "This PIN is among the first that anybody would try. Choose another."],
    ["account-pin-different", ids.pinAgain, "The two PINs are different. Enter the second one again."],
  ])("%s: says what is wrong beside its field, which is empty and has the focus", async (name, field, words) => {
    const shown = await show(scenario(name));
    expect(plain(shown.get(ids.pinError).textContent)).toBe(words);
    const wrong = shown.get(field) as HTMLInputElement;
    expect(wrong.getAttribute("aria-invalid")).toBe("true");
    expect(wrong.value).toBe("");
    expect(document.activeElement).toBe(wrong);
  });

  it("sends nothing while the two new ones differ", async () => {
    expect(sent(await show(scenario("account-pin-different")), "pin_change")).toEqual([]);
  });

  it("says what it means when the tries are used up", async () => {
    const shown = await show(scenario("account-pin-locked"));
    expect(plain(shown.get(ids.pinError).textContent)).toContain("approval key was destroyed");
  });
});

describe("replacing the key", () => {
  it("says when one does it and why a changed PIN is not enough, and asks nothing of the server before the PIN", async () => {
    const shown = await show(scenario("account-key"));
    expect(plain(shown.get(ids.keyAsk).textContent)).toMatch(/seen your PIN or copied.*A changed PIN alone does not help/);
    expect((shown.get(ids.save) as HTMLButtonElement).disabled).toBe(true);
    await shown.press(ids.cancel);
    expect(shown.get(ids.screen)).toBeDefined();
    expect(sent(shown, "key_replace")).toEqual([]);
  });

  it("opens the question to approve as soon as it is there", async () => {
    const shown = await show(scenario("account-key"));
    await shown.type(ids.keyPin, "４93817");
    await shown.press(ids.save);
    expect(sent(shown, "key_replace")).toEqual([{ id: "acc-1", pin: "493817" }]);
    shown.bridge.change("inbox_changed", () => {});
    await shown.settle();
    expect(location.hash).toBe("#/request/req-device_key");
  });

  it("says what is wrong with the PIN beside its field, which is empty and has the focus", async () => {
    const shown = await show(scenario("account-key-wrong"));
    expect(plain(shown.get(ids.pinError).textContent)).toBe("Wrong PIN. 7 tries left.");
    const field = shown.get(ids.keyPin) as HTMLInputElement;
    expect(field.value).toBe("");
    expect(document.activeElement).toBe(field);
    expect(shown.find(ids.refusal)).toBeNull();
  });

  it("says that nothing was changed when the server does not offer it", async () => {
    const shown = await show(scenario("account-key-refused"));
    expect(shown.get(ids.refusal).dataset["code"]).toBe("not_offered");
    expect(shown.find(ids.pinError)).toBeNull();
  });
});

describe("removing an account", () => {
  it("asks first, then tells the issuer and leads to what is left", async () => {
    const shown = await show(scenario("account-unpair"));
    expect(sent(shown, "account_unpair")).toEqual([]);
    expect(plain(shown.get(ids.unpairAsk).textContent)).toContain("Your other devices keep the account.");
    await shown.press(ids.unpairYes);
    expect(sent(shown, "account_unpair")).toEqual([{ id: "acc-1", only_here: false }]);
    expect(location.hash).toBe("#/accounts");
    expect(shown.get(ids.list).querySelectorAll("a")).toHaveLength(4);
  });

  it("leads to the welcome when nothing is left", async () => {
    const { world, hash } = scenario("account-unpair");
    const shown = await show({ world: { ...world, accounts: world.accounts?.slice(0, 1) ?? [] }, hash });
    await shown.press(ids.unpair);
    await shown.press(ids.unpairYes);
    expect(location.hash).toBe("#/inbox");
  });

  it("offers to forget it here only, with what that means, when the issuer cannot be told", async () => {
    const shown = await show(scenario("account-unpair-offline"));
    expect(plain(shown.get(ids.unpairAsk).textContent)).toContain("keeps asking this device");
    await shown.press(ids.unpairHere);
    expect(sent(shown, "account_unpair")).toEqual([{ id: "acc-3", only_here: true }]);
  });

  it("notices only on trying that the issuer cannot be told", async () => {
    const { world, hash } = scenario("account");
    const shown = await show({ world: { ...world, refused: { account_unpair: { code: "offline" } } }, hash });
    await shown.press(ids.unpair);
    await shown.press(ids.unpairYes);
    expect(shown.find(ids.unpairYes)).toBeNull();
    delete shown.bridge.world.refused;
    await shown.press(ids.unpairHere);
    expect(sent(shown, "account_unpair").at(-1)).toEqual({ id: "acc-1", only_here: true });
  });

  it("does not ask an issuer that no longer knows this device", async () => {
    const { world, hash } = scenario("account");
    const accounts = (world.accounts ?? []).map((one) => ({ ...one, health: { state: "device_revoked" as const } }));
    const shown = await show({ world: { ...world, accounts }, hash });
    await shown.press(ids.unpair);
    await shown.press(ids.unpairYes);
    expect(sent(shown, "account_unpair")).toEqual([{ id: "acc-1", only_here: true }]);
  });

  it("keeps the account when it is refused", async () => {
    const shown = await show(scenario("account-unpair-refused"));
    expect(shown.get(ids.refusal).dataset["code"]).toBe("server_error");
    expect(shown.store.accounts).toHaveLength(5);
  });
});
