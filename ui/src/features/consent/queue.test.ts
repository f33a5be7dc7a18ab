/** Several requests: read one by one, denied together if the person wants, never approved together. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { plain, show, type Shown } from "../../../tests/render";
import { grant, NOW_MILLIS, signIn, states, unknownDetails } from "../../demo/fixtures";
import { CommandError } from "../../host/bridge";
import { placeOf, waitingRequests } from "./queue";
import { consentIds as ids } from "./test-ids";

const three = { world: { requests: [signIn, grant, unknownDetails] } };
const decisions = (shown: Shown) => shown.bridge.calls.filter(({ command }) => /approve|deny/.test(command));

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MILLIS });
});

describe("the queue", () => {
  it("holds what can still be answered, oldest first", () => {
    const over = { ...grant, id: "over", expires_in: 10 };
    const inbox = { requests: [signIn, over, { ...grant, state: states.denied }, unknownDetails], blocked: [] };
    expect(waitingRequests(inbox, NOW_MILLIS + 20_000).map(({ id }) => id)).toEqual([signIn.id, unknownDetails.id]);
  });

  it("knows the place of each, and begins anew after the last", () => {
    const waiting = [signIn, grant, unknownDetails];
    expect(placeOf(grant.id, waiting)).toEqual({ position: 2, count: 3, next: unknownDetails.id });
    expect(placeOf(unknownDetails.id, waiting)).toEqual({ position: 3, count: 3, next: signIn.id });
    expect(placeOf("gone", waiting)).toEqual({ position: 0, count: 3, next: signIn.id });
    expect(placeOf(signIn.id, [signIn])).toEqual({ position: 1, count: 1, next: null });
    expect(placeOf("gone", [])).toEqual({ position: 0, count: 0, next: null });
  });

  it("is told on the screen, with a way to the next that decides nothing", async () => {
    const shown = await show({ ...three, hash: `#/request/${grant.id}` });
    expect(plain(shown.get(ids.place).textContent)).toBe("Request 2 of 3 Next request");
    expect(shown.get(ids.next).getAttribute("href")).toBe(`#/request/${unknownDetails.id}`);
    expect(decisions(shown)).toEqual([]);
    const alone = await show({ world: { requests: [signIn] }, hash: `#/request/${signIn.id}` });
    expect(alone.find(ids.place)).toBeNull();
  });

  it("goes on to the next after an answer", async () => {
    const shown = await show({ ...three, hash: `#/request/${signIn.id}` });
    await shown.press(ids.deny);
    shown.bridge.change("inbox_changed", () => {});
    await shown.settle();
    await shown.press(ids.resultNext);
    expect(location.hash).toBe(`#/request/${grant.id}`);
    expect(plain(shown.get(ids.title).textContent)).toBe("Give Budgetly access?");
  });
});

describe("denying all", () => {
  it("is there for several only, and approving all is nowhere", async () => {
    const shown = await show(three);
    expect(shown.find(ids.denyAll)).not.toBeNull();
    expect(document.body.textContent).not.toMatch(/approve all/i);
    const alone = await show({ world: { requests: [signIn] } });
    expect(alone.find(ids.denyAll)).toBeNull();
  });

  it("asks once, then denies what was listed, one after another, as a change of mind", async () => {
    const shown = await show(three);
    await shown.press(ids.denyAll);
    expect(decisions(shown)).toEqual([]);
    await shown.press(ids.denyAllConfirm);
    expect(decisions(shown)).toEqual(
      [signIn, grant, unknownDetails].map(({ id }) => ({ command: "request_deny", request: { id, reason: "changed_mind" } })),
    );
    expect(plain(shown.get(ids.denyAllStatus).textContent)).toBe("3 requests denied. Nothing was approved.");
    expect(shown.get(ids.denyAllStatus).getAttribute("role")).toBe("status");
  });

  it("leaves what arrives after the question", async () => {
    const shown = await show(three);
    await shown.press(ids.denyAll);
    shown.bridge.change("inbox_changed", (world) => world.requests.push({ ...structuredClone(signIn), id: "later" }));
    await shown.settle();
    await shown.press(ids.denyAllConfirm);
    expect(decisions(shown)).toHaveLength(3);
    expect(shown.bridge.world.requests.at(-1)?.state.state).toBe("pending");
  });

  it("denies nothing when the person says no", async () => {
    const shown = await show(three);
    await shown.press(ids.denyAll);
    await shown.press(ids.denyAllBack);
    expect(shown.find(ids.denyAllConfirm)).toBeNull();
    expect(decisions(shown)).toEqual([]);
  });

  it("goes on after one that fails and says how many did", async () => {
    const shown = await show(three);
    const call = shown.bridge.call.bind(shown.bridge);
    vi.spyOn(shown.bridge, "call").mockImplementation((command, ...given) => {
      if (command === "request_deny" && JSON.stringify(given).includes(grant.id))
        return Promise.reject(new CommandError({ code: "offline" }, "refused by the test"));
      return call(command, ...given);
    });
    await shown.press(ids.denyAll);
    await shown.press(ids.denyAllConfirm);
    expect(plain(shown.get(ids.denyAllStatus).textContent)).toContain("1 request could not be denied.");
    expect(shown.bridge.world.requests.map(({ state }) => state.state)).toEqual(["denied", "pending", "denied"]);
  });

  it("tells the progress while it lasts", async () => {
    const shown = await show(three);
    await shown.press(ids.denyAll);
    shown.bridge.world.unanswered = ["request_deny"];
    await shown.press(ids.denyAllConfirm);
    expect(plain(shown.get(ids.denyAllStatus).textContent)).toBe("0 of 3 denied…");
  });
});
