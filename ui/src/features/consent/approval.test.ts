import { describe, expect, it, vi } from "vitest";
import { decisions, holdTimeAndSight, pending, readAndWait } from "../../../tests/approval";
import { plain, ScriptedIntersection, show } from "../../../tests/render";
import { grant, signIn, unknownDetails } from "../../demo/fixtures";
import { CommandError } from "../../host/bridge";
import { ARMING_MILLISECONDS } from "./arming";
import { consentIds as ids } from "./test-ids";

holdTimeAndSight();

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
});
