/** What each kind of question says: title, consequence, the act on the button, and what the PIN is about to do. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { plain, show } from "../../../tests/render";
import { grant, NOW_MILLIS, signIn, test as testRequest, unknownDetails } from "../../demo/fixtures";
import * as requests from "../../demo/requests";
import type { ConsentRequestView } from "../../generated/contract";
import { question } from "./question";
import { consentIds as ids } from "./test-ids";

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MILLIS });
});

const open = (request: ConsentRequestView) => show({ world: { requests: [request] }, hash: `#/request/${request.id}` });

describe("the question", () => {
  const cases: Array<[ConsentRequestView, title: string, approve: string]> = [
    [signIn, "Sign in to Kawabe Cloud?", "Approve"],
    [testRequest, "Test request from Kawabe Bank", "Approve"],
    [grant, "Give Budgetly access?", "Give access"],
    [requests.payment, "Pay Tokyo Books KK?", "Pay ¥12,480 JPY"],
    [requests.batch, "Make 2 payments?", "Pay €3,864.50 EUR"],
    [requests.accountAccess, "Give Budgetly access to your accounts?", "Give access"],
    [requests.agent, "Give Trip Planner access?", "Give access"],
    [requests.several, "Allow Tokyo Books several things?", "Approve all of it"],
    [unknownDetails, "Approve a request from Deploy Agent?", "Approve unknown request"],
    [requests.deviceAdd, "Add another device?", "Add device"],
    [requests.deviceMove, "Move to another device?", "Move"],
    [requests.deviceRemove, "Remove a device?", "Remove device"],
    [requests.deviceLost, "Remove a lost device?", "Remove device"],
    [requests.deviceKey, "Replace the key of this device?", "Replace key"],
    [requests.deviceGrade, "Let a device manage your devices?", "Approve"],
  ];

  it.each(cases)("%# is asked in words of its own, on the heading and on the button", async (request, title, approve) => {
    const shown = await open(request);
    expect(plain(shown.get(ids.title).textContent)).toBe(title);
    expect(plain(shown.get(ids.approve).textContent)).toBe(approve);
    expect(document.querySelectorAll("h1")).toHaveLength(1);
    expect(plain(document.body.textContent)).toContain(plain(question(request.facts).when));
    expect(plain(document.body.textContent)).toContain(plain(question(request.facts).pin));
  });

  it("never names anything of a request that is not understood on the heading or the button", () => {
    const odd = requests.detail("payment_initiation", { "/creditorName": "Good Cause" });
    const { title, approve } = question({ ...requests.payment.facts, details: [odd] });
    expect(`${title} ${approve}`).not.toContain("Good Cause");
    expect(plain(title)).toBe("Approve a request from Tokyo Books?");
  });

  it("does not call it a sign-in when something else is granted with it", () => {
    expect(question({ ...signIn.facts, details: [requests.paymentDetail] }).act).toBe("payment");
  });

  it("says amount and payee again beside the PIN", () => {
    expect(plain(question(requests.payment.facts).pin)).toBe("Your PIN pays ¥12,480 JPY to Tokyo Books KK.");
  });
});

describe("what is granted", () => {
  it("names who acts, through whom, and who vouches for each", async () => {
    const shown = await open(requests.agent);
    expect(plain(shown.get(ids.actors).textContent)).toBe("Trip Planner acts for you, through Kawabe Assistant.");
    const facts = plain(shown.get(ids.facts).textContent);
    expect(facts).toContain("Kawabe Assistant – Kawabe Bank vouches for the name");
    expect(facts).toContain("Trip Planner – Kawabe Assistant vouches for the name");
  });

  it("says in plain words what is learned, for what, how long, and until when it is renewed", async () => {
    const granted = plain((await open(requests.agent)).get(ids.granted).textContent);
    for (const words of ["Your name", "Your email address", "loyalty_number", "https://api.trips.example", "15 minutes at a time", "2026"])
      expect(granted).toContain(words);
    expect(granted).not.toContain("phone");
  });

  it("shows how long a sign-in lasts without making much of it", async () => {
    const shown = await open(signIn);
    expect(shown.find(ids.granted)).toBeNull();
    expect(plain(shown.get(ids.facts).textContent)).toContain("1 hour, then it has to ask again");
  });

  it("shows the device and both keys", async () => {
    const shown = plain((await open(requests.deviceKey)).get(ids.granted).textContent);
    for (const words of ["Hanako’s laptop", "Linux", "qFJr 0dBV n1sY 3lMZ b6kX 8ZcQ 0wUu 2mT5 yHn4 oKe7 R1A", "5mC2 vQ9x Tt0a Jr7Z k1uY h8Wn 3oLe 6bPd 4sGf XiNc RwE"])
      expect(shown).toContain(words);
  });

  it("numbers several details and shows them all", async () => {
    await open(requests.several);
    const details = [...document.querySelectorAll<HTMLElement>(`[data-testid="${ids.detail}"]`)];
    expect(details.map(({ dataset }) => dataset["kind"])).toEqual(["payment", "unknown"]);
    expect(details.map(({ textContent }) => plain(textContent).slice(0, 8))).toEqual(["Detail 1", "Detail 2"]);
  });

  it("comes before where and when, as the server saw it and apart from what the client says, and then the client's words", async () => {
    const shown = await open(requests.payment);
    const order = [ids.title, ids.cautions, ids.granted, ids.facts, ids.claims, ids.message, ids.code, ids.pin, ids.deny, ids.approve, ids.notMe, ids.wrongDetails, ids.later];
    const places = order.map((testid) => shown.get(testid));
    places.forEach((place, index) => {
      const next = places[index + 1];
      if (next) expect(place.compareDocumentPosition(next) & Node.DOCUMENT_POSITION_FOLLOWING, order[index]).toBeTruthy();
    });
    expect(shown.get(ids.facts).textContent).not.toContain("Sapporo");
    expect(plain(document.querySelector("figure")?.textContent)).toBe("Message from Tokyo Books Order 88213");
  });
});
