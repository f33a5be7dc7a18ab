import { beforeEach, describe, expect, it, vi } from "vitest";
import { plain, show } from "../../../tests/render";
import { NOW_MILLIS, unknownDetails } from "../../demo/fixtures";
import { accountAccess, batch, detail, payment, paymentDetail, several, standingOrder } from "../../demo/requests";
import type { DetailView } from "../../generated/contract";
import { read } from "./details";
import { question } from "./question";
import { consentIds as ids } from "./test-ids";

/** What a reading shows, as lines of text. */
function lines(shown: DetailView): string[] {
  return read(shown).facts.map(({ label, values }) => plain(`${label}: ${values.join(" | ")}`));
}

function paymentWith(changes: Record<string, string | null>): DetailView {
  const members = Object.fromEntries(paymentDetail.leaves.map(({ path, value }) => [path, value]));
  const changed = Object.entries({ ...members, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null);
  return detail("payment_initiation", Object.fromEntries(changed));
}

describe("a payment", () => {
  it("puts amount and payee first and largest", () => {
    expect(lines(paymentDetail)).toEqual([
      "Amount: ¥12,480 JPY",
      "To: Tokyo Books KK",
      "Payee account: JP55 0001 2345 6789 0123 00",
      "From account: Everyday | •••• 4471",
      "Reference: Order 88213",
    ]);
    const [amount, payee, ...others] = read(paymentDetail).facts;
    expect([amount?.large, payee?.large, others.some((one) => one.large)]).toEqual([true, true, false]);
    expect(read(paymentDetail).rest).toEqual([]);
  });

  it("says how often it repeats and that it has no end", () => {
    const [order] = standingOrder.facts.details;
    const shown = lines(order as DetailView);
    expect(shown).toContain("Repeats: Every month");
    expect(shown).toContain("From: 2026-12-01");
    expect(shown).toContain("Until: No end date");
    expect(lines(paymentWith({ "/frequency": "Monthly", "/endDate": "2027-01-01" }))).toContain("Until: 2027-01-01");
  });

  it("adds a batch up and names every payee", () => {
    const shown = lines(batch.facts.details[0] as DetailView);
    expect(shown[0]).toBe("Total: €3,864.50 EUR");
    expect(shown[1]).toContain("Ana Duarte | €1,820.50 EUR | PT50");
    expect(shown[2]).toContain("Jonas Lindqvist | €2,044.00 EUR");
    expect(question(batch.facts)).toMatchObject({ act: "payments", approve: expect.stringContaining("3,864.50") });
  });

  const batchLeaves = () => Object.fromEntries((batch.facts.details[0]?.leaves ?? []).map(({ path, value }) => [path, value]));

  it.each([
    ["a total that is not the sum", { "/instructedAmount/amount": "1.00", "/instructedAmount/currency": "EUR" }],
    ["two currencies", { "/payments/1/instructedAmount/currency": "USD" }],
    ["a payment without amount", { "/payments/2/creditorName": "Nobody" }],
  ])("is not understood as a batch with %s", (_, changes) => {
    const shown = detail("payment_initiation", { ...batchLeaves(), ...changes });
    expect(read(shown)).toMatchObject({ kind: "unknown", facts: [], rest: shown.leaves });
  });

  it.each([
    ["no payee", { "/creditorName": null }],
    ["no currency", { "/instructedAmount/currency": null }],
    ["an amount in words", { "/instructedAmount/amount": "twelve" }],
    ["a float's amount", { "/instructedAmount/amount": "1e9" }],
    ["a negative amount", { "/instructedAmount/amount": "-5" }],
    ["a currency of its own", { "/instructedAmount/currency": "points" }],
    ["an amount without members", { "/instructedAmount/amount": null, "/instructedAmount/currency": null, "/instructedAmount": "12480 JPY" }],
  ])("with %s is listed as it came", (_, changes) => {
    const shown = paymentWith(changes);
    expect(read(shown)).toMatchObject({ kind: "unknown", facts: [], rest: shown.leaves });
  });

  it.each(["constructor", "toString", "__proto__"])("takes the name %s for no word of its own", (name) => {
    expect(read(detail(name, { "/a": "1" })).kind).toBe("unknown");
    expect(read(paymentWith({ "/frequency": name })).rest.map(({ value }) => value)).toEqual([name]);
  });
});

describe("access to accounts", () => {
  it("says in plain verbs what, of which accounts, how often and until when", () => {
    expect(lines(accountAccess.facts.details[0] as DetailView)).toEqual([
      "May: Read balances | Read transactions",
      "Accounts: Everyday •••• 4471 | Savings •••• 9020",
      "Until: 2027-02-21",
      "How often: Again and again, without you | At most 4 a day",
    ]);
  });

  it("tells accounts apart where a verb is about other ones", () => {
    const shown = lines(detail("account_information", { "/access/balances/0/iban": "DE02100100109307118603", "/access/transactions/0/name": "Savings" }));
    expect(shown).toEqual(["Read balances: DE02 1001 0010 9307 1186 03", "Read transactions: Savings"]);
  });

  it("knows verbs by action, and one word for all accounts", () => {
    expect(lines(detail("account_information", { "/actions/0": "read_balances", "/accounts/0": "Everyday" }))).toEqual(["May: Read balances", "Accounts: Everyday"]);
    expect(lines(detail("account_information", { "/access/allPsd2": "allAccounts" }))).toEqual([
      "May: See your accounts | Read balances | Read transactions",
      "Accounts: All your accounts",
    ]);
  });

  it("leaves an action that it does not know to the list beneath, and is unknown without any that it knows", () => {
    const mixed = read(detail("account_information", { "/actions/0": "read_balances", "/actions/1": "close_account" }));
    expect(mixed.rest).toEqual([{ path: "/actions/1", label: null, value: "close_account" }]);
    expect(read(detail("account_information", { "/actions/0": "close_account" })).kind).toBe("unknown");
  });
});

describe("every leaf is accounted for", () => {
  const all = [payment, standingOrder, batch, accountAccess, several, unknownDetails].flatMap(({ facts }) => facts.details);
  const cases = all.flatMap((shown) => shown.leaves.map((leaf) => [shown, leaf.path] as const));

  it.each(cases)("%o: whatever stands at %s instead is shown", (shown, path) => {
    const leaves = shown.leaves.map((leaf) => (leaf.path === path ? { ...leaf, value: "something else" } : leaf));
    const { facts, rest } = read({ ...shown, leaves });
    expect(JSON.stringify([facts, rest])).toContain("something else");
  });

  it.each(cases)("%o: a member beside %s is listed", (shown, path) => {
    const leaves = [...shown.leaves, { path: `${path}Extra`, label: null, value: "something more" }];
    expect(read({ ...shown, leaves }).rest).toContainEqual({ path: `${path}Extra`, label: null, value: "something more" });
  });

  beforeEach(() => {
    vi.useFakeTimers({ now: NOW_MILLIS });
  });

  it("on the screen too, with its path, beneath what is understood", async () => {
    const shown = await show({ world: { requests: [standingOrder] }, hash: `#/request/${standingOrder.id}` });
    const text = plain(shown.get(ids.detail).textContent);
    expect(text.indexOf("/purposeCode")).toBeGreaterThan(text.indexOf("Stadtwerke Lindau"));
    expect(text).toContain("ENRG");
    expect(shown.get(ids.detail).dataset["kind"]).toBe("payment");
  });
});
