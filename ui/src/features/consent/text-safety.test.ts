import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { plain, show } from "../../../tests/render";
import { NOW_MILLIS, signIn } from "../../demo/fixtures";
import { hiddenText, lookAlike, payment } from "../../demo/requests";
import type { ConsentRequestView } from "../../generated/contract";
import { consentIds as ids } from "./test-ids";
import { defect, mixesAlphabets, reviewed } from "./text-safety";

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MILLIS });
});

/** The vectors that the protocol crate is tested with. */
const VECTORS = join("..", "tests", "vectors", "text");

describe("text of others", () => {
  const vectors = readdirSync(VECTORS).map((name): [name: string, expected: string, text: string] => {
    const vector = JSON.parse(readFileSync(join(VECTORS, name), "utf8"));
    return [name, vector.expect, vector.input.text];
  });

  it("has vectors of every class", () => {
    const classes = new Set(vectors.map(([, expected]) => expected));
    expect([...classes].sort()).toEqual([
      "caution_looks_like_address", "caution_mixed_alphabets", "defect_invisible_character", "defect_line_break", "defect_stacked_marks", "valid",
    ]);
  });

  it.each(vectors)("%s is %s here as it is in Rust", (_, expected, text) => {
    expect(defect(text)).toBe(expected.startsWith("defect_") ? expected.slice("defect_".length) : null);
    expect(mixesAlphabets(text)).toBe(expected === "caution_mixed_alphabets");
  });
});

describe("the second look", () => {
  const hidden = "a\u202eb";
  const { facts } = payment;
  const places: Array<[string, Partial<ConsentRequestView["facts"]>]> = [
    ["the client's name", { client: { ...facts.client, name: hidden } }],
    ["the client's host", { client: { ...facts.client, host: hidden } }],
    ["the provider", { provider: { name: hidden, host: "a.example" } }],
    ["a scope", { scopes: [{ name: "a", description: hidden }] }],
    ["a resource", { resources: [hidden] }],
    ["a claim", { claims: [hidden] }],
    ["the place", { claimed: { ...facts.claimed, place: hidden } }],
    ["the other screen", { claimed: { ...facts.claimed, device: hidden } }],
    ["the address", { claimed: { ...facts.claimed, address: hidden } }],
    ["the message", { binding_message: hidden }],
    ["an actor", { actors: [{ name: hidden, vouched_by: "b" }] }],
    ["who vouches for one", { actors: [{ name: "b", vouched_by: hidden }] }],
    ["a detail's type", { details: [{ kind: hidden, label: null, leaves: [] }] }],
    ["a leaf", { details: [{ kind: "a", label: null, leaves: [{ path: "/a", label: null, value: hidden }] }] }],
    ["a leaf's path", { details: [{ kind: "a", label: null, leaves: [{ path: `/${hidden}`, label: null, value: "b" }] }] }],
    ["a label", { details: [{ kind: "a", label: null, leaves: [{ path: "/a", label: hidden, value: "b" }] }] }],
  ];

  it.each(places)("finds what cannot be shown in %s, which can then only be denied", (_, change) => {
    expect(reviewed(payment).deny_only).toBeNull();
    expect(reviewed({ ...payment, facts: { ...facts, ...change } }).deny_only).toBe("text_not_showable");
  });

  it("leaves another reason for denying alone", () => {
    expect(reviewed({ ...hiddenText, deny_only: "too_long" }).deny_only).toBe("too_long");
  });

  it("cautions against letters of several alphabets once", () => {
    expect(reviewed(lookAlike).facts.cautions).toEqual(["mixed_scripts"]);
    expect(reviewed(reviewed(lookAlike)).facts.cautions).toEqual(["mixed_scripts"]);
    expect(reviewed(signIn).facts.cautions).toEqual([]);
  });

  it("cautions against details without a view of their own, and against no others", () => {
    expect(reviewed({ ...payment, facts: { ...facts, cautions: ["unknown_detail_type"] } }).facts.cautions).toEqual([]);
    const odd = [{ kind: "payment_initiation", label: null, leaves: [] }];
    expect(reviewed({ ...payment, facts: { ...facts, details: odd } }).facts.cautions).toContain("unknown_detail_type");
  });

  it("is taken before the screen opens", async () => {
    const shown = await show({ world: { requests: [hiddenText] }, hash: `#/request/${hiddenText.id}` });
    expect(plain(shown.get(ids.denyOnly).textContent)).toContain("cannot be shown safely");
    expect(shown.find(ids.approve)).toBeNull();
  });

  it("is shown in an isolate of its own direction, whole, and breaks where it must", async () => {
    const message = "א".repeat(140);
    const shown = await show({ world: { requests: [{ ...signIn, facts: { ...signIn.facts, binding_message: message } }] }, hash: `#/request/${signIn.id}` });
    const text = shown.get(ids.message).querySelector("bdi");
    expect(text?.getAttribute("dir")).toBe("auto");
    expect(text?.textContent).toBe(message);
  });
});
