/** Which text belongs to which value of the contract. The compiler refuses a value without one. */
import type { Accent, AccountIcon } from "../../generated/contract";
import type { Failure } from "../../host/bridge";
import { dateTime } from "../../i18n/format";
import { t, type MessageId } from "../../i18n/i18n.svelte";

export const ACCENTS: Record<Accent, MessageId> = {
  pine: "accent-pine",
  sea: "accent-sea",
  plum: "accent-plum",
  clay: "accent-clay",
  amber: "accent-amber",
  slate: "accent-slate",
};

export const ICONS: Record<AccountIcon, MessageId> = {
  letter: "sign-letter",
  bank: "sign-bank",
  briefcase: "sign-briefcase",
  home: "sign-home",
  school: "sign-school",
  shop: "sign-shop",
};

const REFUSALS: Partial<Record<Failure["code"], MessageId>> = {
  device_revoked: "refused-device-revoked",
  keyring_locked: "refused-keyring",
  keyring_missing: "refused-keyring",
  keyring_timeout: "refused-keyring",
  not_offered: "refused-not-offered",
  offline: "refused-offline",
  server_error: "refused-server",
};

/** What is wrong with a PIN that was asked for; null if the refusal is about something else. */
export function pinText(refusal: Failure): string | null {
  if (refusal.code === "pin_wrong") return t("consent-pin-wrong", { count: refusal.tries_left });
  return refusal.code === "pin_locked" ? t("account-pin-locked") : null;
}

/** A refused change of an account or its devices, in words. Each says that nothing changed. */
export function refusalText(refusal: Failure, issuer: string): string {
  return refusal.code === "not_yet"
    ? t("refused-not-yet", { time: dateTime(refusal.from) })
    : t(REFUSALS[refusal.code] ?? "refused-internal", { issuer });
}
