/** Every state of every screen, in both languages: it is shown, it says what did not happen, it offers a way on. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { plain, show } from "../../../tests/render";
import { grant, NOW_MILLIS, signIn, states } from "../../demo/fixtures";
import { SCENARIOS } from "../../demo/scenarios";
import { setLanguage } from "../../i18n/i18n.svelte";
import { consentIds as ids } from "./test-ids";

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MILLIS });
});

describe("every screen", () => {
  const cases = Object.keys(SCENARIOS).flatMap((name) => (["en", "ja"] as const).map((locale) => [name, locale] as const));

  it.each(cases)("%s in %s has one heading, which takes the focus as it opens", async (name, locale) => {
    const scenario = SCENARIOS[name];
    if (!scenario) throw new Error("unreachable: the name is from the list");
    setLanguage(locale);
    const navigatorLanguage = vi.spyOn(navigator, "language", "get").mockReturnValue(locale);
    await show({ ...scenario, world: { ...scenario.world, settings: { locale, theme: "auto" } } });
    const headings = document.querySelectorAll("h1");
    expect(headings).toHaveLength(1);
    // Where the person did something, the focus is where that led.
    if (!scenario.steps) expect(document.activeElement).toBe(headings[0]);
    expect(document.documentElement.lang).toBe(locale);
    navigatorLanguage.mockRestore();
  });
});

describe("a request that is still being read", () => {
  it("says that opening approves nothing, and lets the person go back", async () => {
    const shown = await show(SCENARIOS["request-loading"] ?? { world: {} });
    expect(plain(shown.get(ids.loading).textContent)).toContain("Nothing is approved by opening it.");
    expect(shown.get(ids.loading).querySelector("a")?.getAttribute("href")).toBe("#/inbox");
    expect(shown.find(ids.approve)).toBeNull();
  });
});

describe("the end of a request", () => {
  const ends = Object.entries(states);

  it.each(ends)("%s is told by state, and nothing is approved unless it says so", async (name, state) => {
    const shown = await show({ world: { requests: [{ ...signIn, state }] }, hash: `#/request/${signIn.id}` });
    const result = shown.get(ids.result);
    expect(result.dataset["state"]).toBe(name);
    expect(shown.find(ids.approve)).toBeNull();
    if (!["approved", "handled", "needs_check", "reported"].includes(name)) {
      expect(plain(result.textContent)).toMatch(/[Nn]othing (was|is) approved/);
    }
  });

  it("leaves the inbox once it was seen", async () => {
    const shown = await show({
      world: { requests: [{ ...signIn, state: states.expired }] },
      hash: `#/request/${signIn.id}`,
    });
    await shown.press(ids.resultDone);
    expect(shown.bridge.calls.at(-1)).toEqual({ command: "request_dismiss", request: { id: signIn.id } });
    expect(location.hash).toBe("#/inbox");
    expect(shown.find(ids.inboxItem)).toBeNull();
  });

  it("can still become a denial while an approval is unsent", async () => {
    const shown = await show({
      world: { requests: [{ ...signIn, state: states.sending }] },
      hash: `#/request/${signIn.id}`,
    });
    await shown.press(ids.resultDeny);
    expect(shown.get(ids.result).dataset["state"]).toBe("denied");
  });

  const approvals = [
    ["here", states.approved],
    ["on another device", states.handled],
  ] as const;

  it.each(approvals)("can be reported after an approval %s, in two steps", async (_, state) => {
    const shown = await show({ world: { requests: [{ ...signIn, state }] }, hash: `#/request/${signIn.id}` });
    const denials = () => shown.bridge.calls.filter(({ command }) => command === "request_deny");
    await shown.press(ids.resultReport);
    expect(plain(shown.get(ids.report).textContent)).toContain("Kawabe Bank takes back what Kawabe Cloud was given.");
    expect(denials()).toEqual([]);
    await shown.press(ids.reportBack);
    expect(shown.get(ids.result).dataset["state"]).toBe(state.state);
    await shown.press(ids.resultReport);
    await shown.press(ids.reportConfirm);
    expect(denials()).toEqual([{ command: "request_deny", request: { id: signIn.id, reason: "not_me" } }]);
    expect(shown.get(ids.result).dataset["state"]).toBe("reported");
    expect(plain(shown.get(ids.result).textContent)).toContain("Reported What was granted has been taken back.");
    expect(shown.find(ids.resultReport)).toBeNull();
  });

  it("says that the approval may stand when it could not be reported", async () => {
    const shown = await show(SCENARIOS["result-report"] ?? { world: {} });
    shown.bridge.world.failure = { code: "offline" };
    await shown.press(ids.reportConfirm);
    expect(plain(shown.get(ids.reportError).textContent)).toContain("The approval may still stand.");
    expect(shown.find(ids.result)).toBeNull();
  });

  it("does not take an approval that still stands for a report", async () => {
    const shown = await show(SCENARIOS["result-report"] ?? { world: {} });
    vi.spyOn(shown.bridge, "call").mockResolvedValueOnce({ ...signIn, state: states.approved });
    await shown.press(ids.reportConfirm);
    expect(shown.find(ids.reportError)).not.toBeNull();
  });

  it("says when the client has not collected an approval, and asks again when told to", async () => {
    const shown = await show(SCENARIOS["result-not-collected"] ?? { world: {} });
    expect(plain(shown.get(ids.result).textContent)).toContain("Kawabe Cloud has not collected the answer yet.");
    await shown.press(ids.resultCheck);
    expect(shown.bridge.calls.at(-1)).toEqual({ command: "request_check", request: { id: signIn.id } });
    expect(plain(shown.get(ids.result).textContent)).not.toContain("not collected");
    expect(shown.find(ids.resultCheck)).toBeNull();
  });

  it("says what went wrong when asking again fails", async () => {
    const shown = await show(SCENARIOS["result-not-collected"] ?? { world: {} });
    shown.bridge.world.failure = { code: "offline" };
    await shown.press(ids.resultCheck);
    expect(plain(document.querySelector("[role=alert]")?.textContent)).toContain("cannot be reached");
  });

  it("offers no report of what was not approved", async () => {
    const denied = { ...states.handled, decision: "deny" } as const;
    for (const state of [denied, states.denied, states.expired, states.reported]) {
      const requests = [{ ...signIn, state }];
      const shown = await show({ world: { requests }, hash: `#/report/${signIn.id}` });
      expect(shown.find(ids.report)).toBeNull();
      expect(shown.find(ids.resultReport)).toBeNull();
      expect(shown.get(ids.result).dataset["state"]).toBe(state.state);
    }
  });

  it("sends nothing by itself after a restart", async () => {
    const shown = await show({
      world: { requests: [{ ...signIn, state: states.needs_check }] },
      hash: `#/request/${signIn.id}`,
    });
    await vi.advanceTimersByTimeAsync(60_000);
    const asked = shown.bridge.calls.map(({ command }) => command).filter((command) => command.startsWith("request_"));
    expect(new Set(asked)).toEqual(new Set(["request_show"]));
  });

  it("asks again, and says that nothing was approved, when the server never got an answer", async () => {
    const shown = await show(SCENARIOS["approval-again"] ?? { world: {} });
    expect(plain(shown.get(ids.again).textContent)).toBe("An earlier answer was not sent. Nothing has been approved yet.");
    expect(shown.get(ids.approve).dataset["ready"]).toBe("false");
    const fresh = await show(SCENARIOS["approval-sign-in"] ?? { world: {} });
    expect(fresh.find(ids.again)).toBeNull();
  });

  it("shows a blocked message without content and without a way to approve", async () => {
    const shown = await show(SCENARIOS["result-blocked"] ?? { world: {} });
    expect(shown.get(ids.result).dataset["state"]).toBe("blocked");
    expect(shown.find(ids.approve)).toBeNull();
    await shown.press(ids.resultDone);
    expect(shown.find(ids.inboxBlocked)).toBeNull();
  });
});

describe("the inbox", () => {
  it("lists requests oldest first and leaves the order alone", async () => {
    const shown = await show({ world: { requests: [signIn, grant] } });
    const order = () =>
      [...document.querySelectorAll<HTMLElement>(`[data-testid="${ids.inboxItem}"]`)].map(
        (item) => item.dataset["requestId"],
      );
    expect(order()).toEqual([signIn.id, grant.id]);
    shown.bridge.change("inbox_changed", (world) => world.requests.push({ ...structuredClone(signIn), id: "third" }));
    await shown.settle();
    expect(order()).toEqual([signIn.id, grant.id, "third"]);
  });

  it("stays where it is when a request arrives", async () => {
    const shown = await show({ world: {} });
    shown.bridge.change("inbox_changed", (world) => world.requests.push(structuredClone(signIn)));
    await shown.settle();
    expect(location.hash).toBe("#/inbox");
    expect(shown.get(ids.inboxItem).dataset["requestId"]).toBe(signIn.id);
  });
});
