import { beforeEach, describe, expect, it, vi } from "vitest";
import { plain, ScriptedIntersection, show, type Shown } from "../../../tests/render";
import { CommandError } from "../../host/bridge";
import { grant, NOW_MILLIS, signIn, unknownDetails } from "../../demo/fixtures";
import { SCENARIOS } from "../../demo/scenarios";
import { Answer } from "./answer.svelte";
import { ARMING_MILLISECONDS } from "./arming";
import { consentIds as ids } from "./test-ids";

const pending = { world: { requests: [signIn] }, hash: `#/request/${signIn.id}` };

/** The commands that decide something. */
function decisions(shown: Shown) {
  return shown.bridge.calls.filter(({ command }) => command === "request_approve" || command === "request_deny");
}

async function readAndWait(shown: Shown) {
  document.documentElement.style.setProperty("--styles-applied", "1");
  ScriptedIntersection.latest.report(true);
  await vi.advanceTimersByTimeAsync(ARMING_MILLISECONDS);
  await shown.settle();
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MILLIS });
  vi.stubGlobal("IntersectionObserver", ScriptedIntersection);
  ScriptedIntersection.instances = [];
});

describe("the approval screen", () => {
  it("asks one question about the registered name and tells claims from facts", async () => {
    const shown = await show(pending);
    expect(plain(shown.get(ids.title).textContent)).toBe("Sign in to Kawabe Cloud?");
    expect(plain(shown.get(ids.facts).textContent)).toContain("cloud.kawabe.example");
    const claims = plain(shown.get(ids.claims).textContent);
    expect(claims).toContain("What Kawabe Cloud says, which nobody has checked");
    expect(claims).toContain("Osaka, Japan");
    expect(plain(shown.get(ids.facts).textContent)).not.toContain("Osaka");
    expect(plain(shown.get(ids.message).textContent)).toBe("Desk 4, ticket W7R2");
  });

  it("keeps the order: what is granted, facts, claims, code, PIN", async () => {
    const shown = await show({ world: { requests: [unknownDetails] }, hash: `#/request/${unknownDetails.id}` });
    const text = plain(document.body.textContent);
    const places = ["Administrator access", "/expires/days", "Account", "nobody has checked", "Release 4.2", "Enter the code", "Your PIN"];
    const found = places.map((place) => text.indexOf(place));
    expect(found.every((place) => place >= 0)).toBe(true);
    expect([...found].sort((a, b) => a - b)).toEqual(found);
    expect(shown.get(ids.cautions).querySelectorAll("li")).toHaveLength(3);
  });

  it("shows every leaf with its path, whether it has a label or not", async () => {
    await show({ world: { requests: [unknownDetails] }, hash: `#/request/${unknownDetails.id}` });
    const text = plain(document.body.textContent);
    for (const leaf of unknownDetails.facts.details[0]?.leaves ?? []) {
      expect(text).toContain(leaf.path);
      expect(text).toContain(leaf.value);
    }
  });

  it("still says what was wrong after the screen gave way to the sending of the answer", async () => {
    const shown = await show(pending);
    await shown.type(ids.code, "427905");
    await shown.type(ids.pin, "493817");
    await readAndWait(shown);
    // The device tells of the sending before the server refuses.
    let gaveWay = false;
    const { bridge } = shown;
    const original = bridge.call.bind(bridge);
    const call = vi.spyOn(bridge, "call").mockImplementation(async (command, ...given) => {
      if (command !== "request_approve") return original(command, ...given);
      bridge.change("inbox_changed", (world) => {
        world.requests = [{ ...signIn, state: { state: "sending", decision: "approve" } }];
      });
      await shown.settle();
      gaveWay = document.querySelector(`[data-testid="${ids.approve}"]`) === null;
      bridge.change("inbox_changed", (world) => {
        world.requests = [signIn];
      });
      throw new CommandError({ code: "transfer_mismatch", tries_left: 2 }, "refused by the test");
    });
    await shown.press(ids.approve);
    await shown.settle();
    call.mockRestore();
    expect(gaveWay).toBe(true);
    expect(plain(shown.get(ids.codeError).textContent)).toContain("2");
  });

  it("shows markup in a message as the letters that it is", async () => {
    const hostile = { ...signIn, facts: { ...signIn.facts, binding_message: "<img src=x onerror=alert(1)>" } };
    const shown = await show({ world: { requests: [hostile] }, hash: `#/request/${signIn.id}` });
    expect(shown.get(ids.message).querySelector("img")).toBeNull();
    expect(plain(shown.get(ids.message).textContent)).toBe("<img src=x onerror=alert(1)>");
  });

  it("approves only what was read to the end, with code and PIN, after a moment", async () => {
    const shown = await show(pending);
    await shown.type(ids.code, "４２７ ９０５");
    expect((shown.get(ids.code) as HTMLInputElement).value).toBe("427905");
    await shown.type(ids.pin, "493817");
    await vi.advanceTimersByTimeAsync(ARMING_MILLISECONDS);
    await shown.press(ids.approve);
    expect(decisions(shown)).toEqual([]);
    expect(plain(shown.get(ids.hint).textContent)).toBe("Scroll to the end to approve");

    await readAndWait(shown);
    expect(shown.get(ids.approve).dataset["ready"]).toBe("true");
    await shown.press(ids.approve);
    expect(decisions(shown)).toEqual([
      { command: "request_approve", request: { id: signIn.id, transfer: "427905", pin: "493817" } },
    ]);
    expect(shown.get(ids.result).dataset["state"]).toBe("approved");
  });

  it("does not approve before the arming delay is over", async () => {
    const shown = await show(pending);
    document.documentElement.style.setProperty("--styles-applied", "1");
    ScriptedIntersection.latest.report(true);
    await shown.type(ids.code, "427905");
    await shown.type(ids.pin, "493817");
    await vi.advanceTimersByTimeAsync(ARMING_MILLISECONDS - 1);
    await shown.press(ids.approve);
    expect(decisions(shown)).toEqual([]);
  });

  it("approves by Enter in a field only when everything is there", async () => {
    const shown = await show(pending);
    await readAndWait(shown);
    const enter = () =>
      shown.get(ids.code).dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    await shown.type(ids.code, "4279");
    enter();
    await shown.type(ids.code, "427905");
    enter();
    await shown.settle();
    expect(decisions(shown)).toEqual([]);
    expect(document.activeElement).toBe(shown.get(ids.pin));
    await shown.type(ids.pin, "493817");
    enter();
    await shown.settle();
    expect(decisions(shown)).toHaveLength(1);
  });

  it("never decides by Escape", async () => {
    const shown = await show(pending);
    await readAndWait(shown);
    await shown.type(ids.code, "427905");
    await shown.type(ids.pin, "493817");
    for (const target of [document.body, shown.get(ids.pin), shown.get(ids.approve), shown.get(ids.deny)]) {
      target.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));
    }
    await shown.settle();
    expect(decisions(shown)).toEqual([]);
    expect(shown.find(ids.title)).not.toBeNull();
  });

  it.each([
    [ids.deny, "changed_mind"],
    [ids.notMe, "not_me"],
    [ids.wrongDetails, "wrong_details"],
  ])("denies at once by %s, unread, without PIN", async (testid, reason) => {
    const shown = await show({ world: { requests: [grant] }, hash: `#/request/${grant.id}` });
    await shown.press(testid);
    expect(decisions(shown)).toEqual([{ command: "request_deny", request: { id: grant.id, reason } }]);
    expect(shown.get(ids.result).dataset["state"]).toBe("denied");
  });

  it("offers wrong details only where there are details", async () => {
    const shown = await show(pending);
    expect(shown.find(ids.wrongDetails)).toBeNull();
  });

  it("leaves the request pending when the person goes back, now or later", async () => {
    const shown = await show(pending);
    await shown.type(ids.code, "427905");
    expect(shown.get(ids.later).getAttribute("href")).toBe("#/inbox");
    location.hash = "#/inbox";
    dispatchEvent(new Event("hashchange"));
    await shown.settle();
    expect(shown.get(ids.inboxItem).dataset["state"]).toBe("pending");
    expect(decisions(shown)).toEqual([]);
  });

  it("gives denying and approving the same size and weight", async () => {
    const shown = await show(pending);
    const [deny, approve] = [shown.get(ids.deny), shown.get(ids.approve)];
    expect(deny.parentElement).toBe(approve.parentElement);
    expect([...deny.classList].filter((name) => name !== "ink")).toEqual([...approve.classList]);
  });

  it("reads and waits anew when the question changes under the finger", async () => {
    const shown = await show(pending);
    await readAndWait(shown);
    await shown.type(ids.code, "427905");
    await shown.type(ids.pin, "493817");
    expect(shown.get(ids.approve).dataset["ready"]).toBe("true");
    shown.bridge.change("inbox_changed", (world) => {
      const [request] = world.requests;
      if (request) request.facts.client.name = "Kawabe Clou";
    });
    await shown.settle();
    expect(shown.get(ids.approve).dataset["ready"]).toBe("false");
    expect(shown.get(ids.hint).dataset["missing"]).toBe("reading");
    expect((shown.get(ids.pin) as HTMLInputElement).value).toBe("");
    await shown.press(ids.approve);
    expect(decisions(shown)).toEqual([]);
    ScriptedIntersection.latest.report(true);
    await shown.type(ids.code, "427905");
    await shown.type(ids.pin, "493817");
    await shown.press(ids.approve);
    expect(decisions(shown)).toEqual([]);
    await vi.advanceTimersByTimeAsync(ARMING_MILLISECONDS);
    await shown.press(ids.approve);
    expect(decisions(shown)).toHaveLength(1);
  });

  it("waits anew when the window gets the focus back", async () => {
    const shown = await show(pending);
    await readAndWait(shown);
    await shown.type(ids.code, "427905");
    await shown.type(ids.pin, "493817");
    dispatchEvent(new Event("focus"));
    await shown.press(ids.approve);
    expect(decisions(shown)).toEqual([]);
    expect(shown.get(ids.hint).dataset["missing"]).toBe("arming");
  });

  it("takes a pasted address that carries the code", async () => {
    const shown = await show(pending);
    await shown.type(ids.code, "https://id9.kawabe.example/code#code=427905");
    expect((shown.get(ids.code) as HTMLInputElement).value).toBe("427905");
  });

  it("opens the scanner, which fills the code in and never approves by itself", async () => {
    vi.useRealTimers();
    const shown = await show({ world: { requests: [{ ...signIn, received_at: Date.now() }] }, hash: `#/request/${signIn.id}` });
    await shown.press(ids.scan);
    await vi.waitFor(() => expect(document.querySelector("dialog")).not.toBeNull());
    const answer = new Answer(shown.bridge, () => signIn);
    expect(answer.scanCode("https://id.kawabe.example/#code=427905")).toBe(true);
    expect(answer.code).toBe("427905");
    expect(answer.scanCode("https://id.kawabe.example/pair")).toBe(false);
    expect(answer.refusal).toEqual({ code: "transfer_malformed" });
    expect(answer.code).toBe("427905");
    expect(decisions(shown)).toEqual([]);
  });

  it("says how many tries are left after a wrong PIN, and forgets the PIN", async () => {
    const shown = await show(pending);
    await readAndWait(shown);
    await shown.type(ids.code, "427905");
    await shown.type(ids.pin, "000000");
    await shown.press(ids.approve);
    expect(plain(shown.get(ids.pinError).textContent)).toBe("Wrong PIN. 7 tries left.");
    expect((shown.get(ids.pin) as HTMLInputElement).value).toBe("");
    expect((shown.get(ids.code) as HTMLInputElement).value).toBe("427905");
    expect(document.activeElement).toBe(shown.get(ids.pin));
    await shown.type(ids.pin, "4");
    expect(shown.find(ids.pinError)).toBeNull();
  });

  it("says how many tries are left after a wrong code, and empties both fields", async () => {
    const shown = await show(pending);
    await readAndWait(shown);
    await shown.type(ids.code, "000000");
    await shown.type(ids.pin, "493817");
    await shown.press(ids.approve);
    expect(plain(shown.get(ids.codeError).textContent)).toContain("2 tries left");
    expect((shown.get(ids.code) as HTMLInputElement).value).toBe("");
    expect((shown.get(ids.pin) as HTMLInputElement).value).toBe("");
    expect(document.activeElement).toBe(shown.get(ids.code));
  });

  it("says that nothing was approved when the issuer cannot be reached", async () => {
    const shown = await show(pending);
    shown.bridge.world.failure = { code: "offline" };
    await shown.press(ids.deny);
    expect(plain(shown.get(ids.error).textContent)).toContain("nothing was approved");
    expect(shown.get(ids.error).getAttribute("role")).toBe("alert");
  });

  it("offers no approval where only denying is possible", async () => {
    const shown = await show(SCENARIOS["approval-deny-only"] ?? pending);
    expect(shown.find(ids.approve)).toBeNull();
    expect(shown.find(ids.pin)).toBeNull();
    await shown.press(ids.deny);
    expect(decisions(shown)).toHaveLength(1);
  });

  it("asks for no code where none is needed and sends none", async () => {
    const shown = await show(SCENARIOS["approval-test"] ?? pending);
    expect(shown.find(ids.code)).toBeNull();
    await readAndWait(shown);
    await shown.type(ids.pin, "493817");
    await shown.press(ids.approve);
    expect(decisions(shown)[0]?.request).toMatchObject({ transfer: null });
  });

  it("turns into the expired result by itself when the time is over", async () => {
    const shown = await show(pending);
    await vi.advanceTimersByTimeAsync(signIn.expires_in * 1000);
    await shown.settle();
    expect(shown.get(ids.result).dataset["state"]).toBe("expired");
    expect(shown.find(ids.approve)).toBeNull();
  });

  it("follows what happens to the request elsewhere", async () => {
    const shown = await show(pending);
    await shown.type(ids.code, "427905");
    shown.bridge.change("inbox_changed", (world) => {
      const [request] = world.requests;
      if (request) request.state = { state: "handled", device_name: "Pixel 9", decision: "deny", at: 1 };
    });
    await shown.settle();
    expect(shown.get(ids.result).dataset["state"]).toBe("handled");
    expect(plain(shown.get(ids.result).textContent)).toContain("Pixel 9");
  });

  it("is not replaced, and keeps what was typed, when another request arrives", async () => {
    const shown = await show(pending);
    await shown.type(ids.code, "427");
    shown.bridge.change("inbox_changed", (world) => world.requests.unshift(structuredClone(grant)));
    await shown.settle();
    expect(plain(shown.get(ids.title).textContent)).toBe("Sign in to Kawabe Cloud?");
    expect((shown.get(ids.code) as HTMLInputElement).value).toBe("427");
  });
});
