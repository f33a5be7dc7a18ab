import { beforeEach, describe, expect, it, vi } from "vitest";
import { plain, show } from "../../../tests/render";
import { NOW_MILLIS, signIn } from "../../demo/fixtures";
import { devices, invitation } from "../../demo/kept";
import { SCENARIOS } from "../../demo/scenarios";
import type { AddingView } from "../../generated/contract";
import { accountIds } from "../accounts/test-ids";
import { consentIds } from "../consent/test-ids";
import { deviceIds as ids } from "./test-ids";

function scenario(name: string) {
  const found = SCENARIOS[name];
  if (!found) throw new Error(`no scenario ${name}`);
  return found;
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MILLIS });
});

type Shown = Awaited<ReturnType<typeof show>>;
const sent = (shown: Shown, command: string) =>
  shown.bridge.calls.filter((call) => call.command === command).map(({ request }) => request);

async function change(shown: Shown, adding: AddingView) {
  shown.bridge.change("devices_changed", (world) => (world.adding = adding));
  await shown.settle();
}

describe("the devices of an account", () => {
  it("are listed with this one first, which can be renamed and not removed", async () => {
    const shown = await show(scenario("devices"));
    const items = [...document.querySelectorAll<HTMLElement>(`[data-testid="${ids.item}"]`)];
    expect(items.map((item) => item.dataset["deviceId"])).toEqual(["dev-1", "dev-2"]);
    expect(plain(items[0]?.textContent)).toContain("This device");
    expect(items[0]?.querySelector(`[data-testid="${ids.remove}"]`)).toBeNull();
    expect(items[1]?.querySelector(`[data-testid="${ids.rename}"]`)).toBeNull();
    expect(shown.find(ids.notYet)).toBeNull();
  });

  it("are read again when something about them changed", async () => {
    const shown = await show(scenario("devices"));
    shown.bridge.change("devices_changed", (world) => (world.devices = devices.slice(0, 1)));
    await shown.settle();
    expect(document.querySelectorAll(`[data-testid="${ids.item}"]`)).toHaveLength(1);
  });

  it("stay on the screen while the issuer cannot be reached, and can be asked for again", async () => {
    const shown = await show(scenario("devices"));
    shown.bridge.change("devices_changed", (world) => (world.refused = { devices_list: { code: "offline" } }));
    await shown.settle();
    expect(document.querySelectorAll(`[data-testid="${ids.item}"]`)).toHaveLength(2);
    delete shown.bridge.world.refused;
    await shown.press(ids.reload);
    expect(shown.find(ids.reload)).toBeNull();
  });

  it("cannot be added or removed by a device that is too new, which says from when it may", async () => {
    const shown = await show(scenario("devices-not-yet"));
    expect(plain(shown.get(ids.notYet).textContent)).toMatch(/From Nov 24, 2026.* it can add and remove others/);
    for (const id of [ids.add, ids.move, ids.remove, ids.lost]) expect(shown.find(id), id).toBeNull();
    expect(shown.get(ids.rename)).toBeDefined();
  });

  it("takes a new name for this one, and none that is empty", async () => {
    const shown = await show(scenario("devices-rename"));
    await shown.type(ids.renameField, "   ");
    await shown.press(ids.renameSave);
    expect(sent(shown, "device_rename")).toEqual([]);
    await shown.type(ids.renameField, " Desk ");
    await shown.press(ids.renameSave);
    expect(sent(shown, "device_rename")).toEqual([{ account: "acc-1", name: "Desk" }]);
    expect(plain(shown.get(ids.item).textContent)).toContain("Desk");
  });

  it("keep their name when the new one is refused", async () => {
    const shown = await show(scenario("devices-rename-refused"));
    expect(shown.get(accountIds.refusal).dataset["code"]).toBe("offline");
    expect(shown.get(ids.renameField)).toBeDefined();
  });
});

describe("removing a device", () => {
  it.each([
    [ids.remove, "not_used"],
    [ids.lost, "lost"],
  ])("%s asks once, and opens the question to approve as soon as it is there", async (button, reason) => {
    const shown = await show(scenario("devices"));
    await shown.press(button);
    expect(shown.get(ids.ask).dataset["fate"]).toBe(reason);
    expect(sent(shown, "device_remove")).toEqual([]);
    await shown.press(ids.askYes);
    expect(sent(shown, "device_remove")).toEqual([{ account: "acc-1", device: "dev-2", reason }]);
    expect(shown.get(ids.opening)).toBeDefined();
    expect(location.hash).toBe("#/devices/acc-1");
    shown.bridge.change("inbox_changed", () => {});
    await shown.settle();
    expect(location.hash).toBe("#/request/req-device_remove");
  });

  it("keeps it when the person thinks better of it", async () => {
    const shown = await show(scenario("devices-lost"));
    await shown.press(ids.askNo);
    expect(shown.get(ids.screen)).toBeDefined();
    expect(sent(shown, "device_remove")).toEqual([]);
  });

  it("can be left while the question has not arrived", async () => {
    const shown = await show(scenario("devices-opening"));
    await shown.press(ids.openingLeave);
    expect(shown.get(ids.screen)).toBeDefined();
  });

  it("says from when this device may", async () => {
    const shown = await show(scenario("devices-remove-refused"));
    expect(plain(shown.get(accountIds.refusal).textContent)).toMatch(/from Nov 24, 2026.*Nothing was changed/);
  });
});

describe("letting a device count as much as this one", () => {
  const may = (shown: Shown) => shown.find(ids.grade) !== null;

  it("is offered for one that may not manage others yet, with the time until when", async () => {
    const shown = await show(scenario("devices-new-other"));
    expect(plain(shown.get(ids.gradeFrom).textContent)).toMatch(/^It cannot add or remove other devices until Nov 24, 2026, .*\.$/);
    expect(may(shown)).toBe(true);
    expect(may(await show(scenario("devices")))).toBe(false);
    const both = await show(scenario("devices-new-both"));
    expect(both.get(ids.gradeFrom)).toBeDefined();
    expect(may(both)).toBe(false);
  });

  it("names the risk, and opens the question to approve as soon as it is there", async () => {
    const shown = await show(scenario("devices-grade"));
    expect(shown.get(ids.ask).dataset["fate"]).toBe("grade");
    expect(plain(shown.get(ids.ask).textContent)).toMatch(/this one too.*in your hands/);
    expect(sent(shown, "device_grade")).toEqual([]);
    await shown.press(ids.askYes);
    expect(sent(shown, "device_grade")).toEqual([{ account: "acc-1", device: "dev-2" }]);
    shown.bridge.change("inbox_changed", () => {});
    await shown.settle();
    expect(location.hash).toBe("#/request/req-device_grade");
  });

  it("changes nothing when the person thinks better of it, or the server refuses", async () => {
    const kept = await show(scenario("devices-grade"));
    await kept.press(ids.askNo);
    expect(kept.get(ids.screen)).toBeDefined();
    expect(sent(kept, "device_grade")).toEqual([]);
    const refused = await show(scenario("devices-grade-refused"));
    expect(plain(refused.get(accountIds.refusal).textContent)).toContain("Nothing was changed");
  });
});

describe("adding a device", () => {
  it("says what will happen before it starts, and that moving gives this device up", async () => {
    const adding = await show(scenario("adding-start"));
    expect(sent(adding, "adding_start")).toEqual([]);
    expect(plain(adding.get(ids.startAsk).textContent)).not.toContain("no longer approve");
    const moving = await show(scenario("adding-start-move"));
    expect(plain(moving.get(ids.startAsk).textContent)).toContain("this device can no longer approve");
    await moving.press(ids.start);
    expect(sent(moving, "adding_start")).toEqual([{ account: "acc-1", moving: true }]);
  });

  it("shows why it cannot start", async () => {
    const shown = await show(scenario("adding-start-refused"));
    expect(shown.get(accountIds.refusal).dataset["code"]).toBe("not_offered");
    expect(location.hash).toBe("#/devices/acc-1");
  });

  it("waits for the question, shows it, and goes on by itself once it is approved", async () => {
    const shown = await show(scenario("adding-opening"));
    expect(shown.get(ids.opening)).toBeDefined();
    const approving = await show(scenario("adding-approve"));
    expect(approving.get(consentIds.approve)).toBeDefined();
    await change(approving, { stage: "making", moving: false });
    expect(approving.get(ids.adding).dataset["stage"]).toBe("making");
    await change(approving, invitation);
    expect(approving.get(ids.qr)).toBeDefined();
  });

  it("goes on from the request where that was approved instead", async () => {
    const request = {
      ...signIn,
      facts: { ...signIn.facts, kind: "device_add" as const },
      state: { state: "approved" as const, at: Math.floor(NOW_MILLIS / 1000), collected: null },
    };
    const shown = await show({ world: { requests: [request], adding: invitation }, hash: `#/request/${request.id}` });
    await shown.press(consentIds.resultDone);
    expect(shown.get(ids.qr)).toBeDefined();
  });

  it("draws the invitation as one path on a light square, beside what can be typed instead", async () => {
    const shown = await show(scenario("adding-invitation"));
    const drawn = shown.get(ids.qr);
    expect(drawn.getAttribute("viewBox")).toBe(`0 0 ${invitation.qr_size} ${invitation.qr_size}`);
    expect(drawn.querySelectorAll("path")).toHaveLength(1);
    expect(drawn.querySelector("path")?.getAttribute("d")).toBe(invitation.qr_path);
    expect(drawn.querySelector("rect")?.getAttribute("width")).toBe(String(invitation.qr_size));
    expect(shown.get(ids.server).textContent).toBe("id.kawabe.example");
    expect(shown.get(ids.code).textContent).toBe("7K3M-9QTX-V2HC");
    expect(shown.get(ids.timeLeft).dataset["seconds"]).toBe("271");
  });

  it("carries the digits of the other device, in any width and with spaces", async () => {
    const shown = await show(scenario("adding-digits"));
    expect((shown.get(ids.confirm) as HTMLButtonElement).disabled).toBe(true);
    await shown.type(ids.digits, "４27 905");
    await shown.press(ids.confirm);
    expect(sent(shown, "adding_confirm")).toEqual([{ digits: "427905" }]);
    expect(shown.get(ids.ended).dataset["state"]).toBe("done");
    await shown.press(ids.leave);
    expect(sent(shown, "adding_cancel")).toHaveLength(1);
    expect(location.hash).toBe("#/accounts");
  });

  it("says how many tries are left, and forgets what was wrong", async () => {
    const shown = await show(scenario("adding-digits"));
    await shown.type(ids.digits, "000000");
    await shown.press(ids.confirm);
    expect(plain(shown.get(ids.digitsError).textContent)).toContain("2 tries left");
    expect((shown.get(ids.digits) as HTMLInputElement).value).toBe("");
    await shown.type(ids.digits, "abcdef");
    await shown.press(ids.confirm);
    expect(plain(shown.get(ids.digitsError).textContent)).toBe("The number has six digits.");
  });

  it("says that this device is given up where moving is confirmed, and that it was", async () => {
    const shown = await show(scenario("adding-digits-move"));
    expect(plain(shown.get(ids.adding).textContent)).toContain("this device can no longer approve");
    expect(plain(shown.get(ids.confirm).textContent)).toBe("Move to Pixel 9");
    await shown.type(ids.digits, "427905");
    await shown.press(ids.confirm);
    expect(shown.get(ids.ended).dataset["state"]).toBe("moved");
  });

  it("can be left while the question has not arrived", async () => {
    const shown = await show(scenario("adding-opening"));
    await shown.press(ids.openingLeave);
    expect(sent(shown, "adding_cancel")).toHaveLength(1);
    expect(location.hash).toBe("#/accounts");
  });

  it.each(["making", "invitation", "digits"])("can be cancelled at %s", async (stage) => {
    const shown = await show(scenario(`adding-${stage}`));
    await shown.press(ids.cancel);
    expect(sent(shown, "adding_cancel")).toHaveLength(1);
    expect(location.hash).toBe("#/accounts");
  });

  it("can be found again from the list of accounts", async () => {
    const shown = await show(scenario("adding-under-way"));
    await shown.press(ids.continue);
    dispatchEvent(new Event("hashchange"));
    await shown.settle();
    expect(shown.get(ids.digits)).toBeDefined();
  });

  it("leads away when nothing is under way", async () => {
    await show({ world: {}, hash: "#/adding" });
    expect(location.hash).toBe("#/accounts");
  });

  it("has own words for each way in which it can fail", async () => {
    const words = new Set<string>();
    const failures = Object.keys(SCENARIOS).filter((name) => name.startsWith("adding-failed-"));
    for (const name of failures) {
      const shown = await show(scenario(name));
      const text = plain(shown.get(ids.ended).textContent);
      expect(text).toContain("Nothing was changed");
      words.add(text);
    }
    expect(words.size).toBe(6);
  });
});
