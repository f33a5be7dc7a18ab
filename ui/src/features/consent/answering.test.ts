import { describe, expect, it, vi } from "vitest";
import { decisions, holdTimeAndSight, pending, readAndWait } from "../../../tests/approval";
import { plain, show } from "../../../tests/render";
import { grant, signIn } from "../../demo/fixtures";
import { SCENARIOS } from "../../demo/scenarios";
import { Answer } from "./answer.svelte";
import { consentIds as ids } from "./test-ids";

holdTimeAndSight();

describe("answering", () => {
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
