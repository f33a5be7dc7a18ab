/** What an account is called and how it stands, for lists and the inbox. */
import type { AccountHealth, AccountView } from "../../generated/contract";
import { timeOfDay } from "../../i18n/format";
import { t, type MessageId } from "../../i18n/i18n.svelte";

const HEALTH: Record<Exclude<AccountHealth["state"], "ok">, MessageId> = {
  clock_skew: "health-clock-skew",
  device_revoked: "health-device-revoked",
  device_suspended: "health-device-suspended",
  issuer_changed: "health-issuer-changed",
  key_lost: "health-key-lost",
  keyring_locked: "health-keyring-locked",
  keyring_missing: "health-keyring-missing",
  keyring_timeout: "health-keyring-timeout",
  pin_locked: "health-pin-locked",
};

/** What the person calls the account. */
export function nameOf(account: AccountView): string {
  return account.label ?? account.name;
}

/** How the account stands, in a few words: what is wrong with it, or else its connection. */
export function standing({ health, connection }: AccountView): string {
  if (health.state !== "ok") return t(HEALTH[health.state]);
  switch (connection.state) {
    case "connecting":
      return t("account-connecting");
    case "offline":
      return t("account-offline", { time: timeOfDay(connection.since) });
    case "online":
      return t("account-online");
  }
}
