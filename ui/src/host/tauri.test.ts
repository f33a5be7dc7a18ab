import { clearMocks, mockIPC } from "@tauri-apps/api/mocks";
import { afterEach, describe, expect, it } from "vitest";
import { CommandError, toCommandError } from "./bridge";
import { TauriBridge } from "./tauri";

describe("the bridge of the app's window", () => {
  afterEach(() => {
    clearMocks();
  });

  it("passes a command's one argument under its name", async () => {
    const seen: unknown[] = [];
    mockIPC((command, payload) => {
      seen.push([command, payload]);
      return [];
    });
    const bridge = new TauriBridge();
    await bridge.call("accounts_list");
    await bridge.call("request_deny", { id: "r1", reason: "not_me" });
    expect(seen).toEqual([
      ["accounts_list", {}],
      ["request_deny", { request: { id: "r1", reason: "not_me" } }],
    ]);
  });

  it("rejects with the code of a refusal and what it carries", async () => {
    mockIPC(() => {
      throw { code: "pin_wrong", tries_left: 3, message: "the PIN is wrong" };
    });
    const refused = await new TauriBridge().call("pairing_accept").catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CommandError);
    expect((refused as CommandError).failure).toEqual({ code: "pin_wrong", tries_left: 3 });
  });

  it("hears events until it is told to stop", async () => {
    mockIPC(() => undefined, { shouldMockEvents: true });
    const { emit } = await import("@tauri-apps/api/event");
    let heard = 0;
    const stop = await new TauriBridge().listen("inbox_changed", () => (heard += 1));
    await emit("inbox_changed");
    expect(heard).toBe(1);
    stop();
    await emit("inbox_changed");
    expect(heard).toBe(1);
  });
});

describe("what was thrown", () => {
  it.each(["plain text", new Error("boom"), null, { code: 7 }])("%j is an internal error unless it has a code", (thrown) => {
    expect(toCommandError(thrown).failure).toEqual({ code: "internal" });
  });
});
