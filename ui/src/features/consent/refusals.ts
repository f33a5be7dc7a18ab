/** Refusals that belong to no field, in words. Each says what did not happen. */
import type { Failure } from "../../host/bridge";
import { t, type MessageId } from "../../i18n/i18n.svelte";

const TEXTS = {
  busy: "refusal-busy",
  clock_skew: "refusal-clock-skew",
  device_revoked: "refusal-device-revoked",
  key_lost: "refusal-key-lost",
  keyring_locked: "refusal-keyring",
  keyring_missing: "refusal-keyring",
  keyring_timeout: "refusal-keyring",
  offline: "refusal-offline",
  request_deny_only: "refusal-deny-only",
  server_error: "refusal-server",
} as const satisfies Partial<Record<Failure["code"], MessageId>>;

/** Shown beside a field instead, or by the screen that replaces this one. */
const ELSEWHERE: ReadonlySet<Failure["code"]> = new Set([
  "pin_locked",
  "pin_wrong",
  "request_closed",
  "transfer_malformed",
  "transfer_mismatch",
]);

/** What to say about a refusal, or null if it is said elsewhere. */
export function refusalText(refusal: Failure | null, issuer: string): string | null {
  if (refusal === null || ELSEWHERE.has(refusal.code)) return null;
  const known = TEXTS[refusal.code as keyof typeof TEXTS] as MessageId | undefined;
  return t(known ?? "refusal-internal", { issuer });
}
