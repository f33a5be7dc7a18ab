/** The question as a whole: what it asks, when to say yes, and what the button and the PIN are about to do. */
import type { RequestFactsView, RequestKind, ScopeView } from "../../generated/contract";
import { t, type MessageId } from "../../i18n/i18n.svelte";
import { read } from "./details";

/** What an approval would do. */
export type Act = RequestKind | "accounts" | "device_lost" | "device_move" | "payment" | "payments" | "several" | "unknown";

/** Permissions that say more than *who you are*. */
export function permissions(facts: RequestFactsView): ScopeView[] {
  return facts.scopes.filter((scope) => scope.name !== "openid" || scope.description !== null);
}

interface Asked {
  act: Act;
  values: { amount: string; client: string; count: number; payee: string };
}

function asked(facts: RequestFactsView): Asked {
  const { kind, device, details } = facts;
  const readings = details.map(read);
  const [only] = readings;
  const values = {
    amount: only?.total ?? "",
    client: facts.client.name,
    count: only?.payees.length ?? 0,
    payee: only?.payees[0] ?? "",
  };
  const act = ((): Act => {
    if (kind === "device_add" && device?.moving) return "device_move";
    if (kind === "device_remove" && device?.lost) return "device_lost";
    if (only === undefined || (kind !== "grant" && kind !== "sign_in")) return kind;
    if (readings.length > 1 || permissions(facts).length > 0) return "several";
    return only.kind === "payment" && values.count > 1 ? "payments" : only.kind;
  })();
  return { act, values };
}

// Neither title nor button has words of the requester but its registered name and the payee's.
const WORDS: Record<Act, [title: MessageId, when: MessageId, approve: MessageId, pin: MessageId]> = {
  accounts: ["consent-title-accounts", "consent-when-grant", "consent-approve-grant", "consent-pin-purpose-grant"],
  device_add: ["consent-title-device-add", "consent-when-device-add", "consent-approve-device-add", "consent-pin-purpose-device-add"],
  device_grade: ["consent-title-device-grade", "consent-when-device-grade", "consent-approve", "consent-pin-purpose-device-grade"],
  device_key: ["consent-title-device-key", "consent-when-device-key", "consent-approve-device-key", "consent-pin-purpose-device-key"],
  device_lost: ["consent-title-device-lost", "consent-when-device-remove", "consent-approve-device-remove", "consent-pin-purpose-device-remove"],
  device_move: ["consent-title-device-move", "consent-when-device-move", "consent-approve-device-move", "consent-pin-purpose-device-move"],
  device_remove: ["consent-title-device-remove", "consent-when-device-remove", "consent-approve-device-remove", "consent-pin-purpose-device-remove"],
  grant: ["consent-title-grant", "consent-when-grant", "consent-approve-grant", "consent-pin-purpose-grant"],
  payment: ["consent-title-payment", "consent-when-payment", "consent-approve-payment", "consent-pin-purpose-payment"],
  payments: ["consent-title-payments", "consent-when-payment", "consent-approve-payment", "consent-pin-purpose-payments"],
  several: ["consent-title-several", "consent-when-grant", "consent-approve-several", "consent-pin-purpose-several"],
  sign_in: ["consent-title-sign-in", "consent-when-sign-in", "consent-approve", "consent-pin-purpose-sign-in"],
  test: ["consent-title-test", "consent-when-test", "consent-approve", "consent-pin-purpose-test"],
  unknown: ["consent-title-unknown", "consent-when-grant", "consent-approve-unknown", "consent-pin-purpose-several"],
};

/** What an approval would do, and the four sentences that say so. */
export function question(facts: RequestFactsView): { act: Act; title: string; when: string; approve: string; pin: string } {
  const { act, values } = asked(facts);
  const [title, when, approve, pin] = WORDS[act].map((id) => t(id, values)) as [string, string, string, string];
  return { act, title, when, approve, pin };
}

/** The question in a line. */
export function title(facts: RequestFactsView): string {
  return question(facts).title;
}
