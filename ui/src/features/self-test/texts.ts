/** Which text belongs to which value of the self-test. The compiler refuses a value without one. */
import type { IconName } from "../../components/Icon.svelte";
import type { SelfTestCheck, SelfTestOutcome, SelfTestTrouble } from "../../generated/contract";
import { t, type MessageId } from "../../i18n/i18n.svelte";

export const CHECKS: Record<SelfTestCheck, MessageId> = {
  clock: "self-test-check-clock",
  connection: "self-test-check-connection",
  delivery: "self-test-check-delivery",
  key: "self-test-check-key",
  keyring: "self-test-check-keyring",
  notifications: "self-test-check-notifications",
};

/** Each says what is wrong and what helps. */
const TROUBLES: Record<SelfTestTrouble, MessageId> = {
  clock_apart: "self-test-clock-apart",
  device_revoked: "self-test-device-revoked",
  device_suspended: "self-test-device-suspended",
  issuer_changed: "self-test-issuer-changed",
  key_lost: "self-test-key-lost",
  keyring_locked: "self-test-keyring-locked",
  keyring_missing: "self-test-keyring-missing",
  keyring_timeout: "self-test-keyring-timeout",
  not_offered: "self-test-not-offered",
  notifications_missing: "self-test-notifications-missing",
  notifications_off: "self-test-notifications-off",
  offline: "self-test-offline",
  pin_locked: "self-test-pin-locked",
  server_error: "self-test-server-error",
  test_not_answered: "self-test-not-answered",
  test_not_arrived: "self-test-not-arrived",
};

export interface Line {
  /** None while it is under way. */
  icon: IconName | null;
  tone: "accent" | "danger" | "plain" | "warn";
  /** How it went, in a word. */
  state: string;
  /** What was found, or what helps. */
  text: string;
}

export function describe(outcome: SelfTestOutcome): Line {
  switch (outcome.outcome) {
    case "answer":
      return { icon: "inbox", tone: "warn", state: t("self-test-answer"), text: t("self-test-answer-body") };
    case "bad":
      return { icon: "cross", tone: "danger", state: t("self-test-bad"), text: t(TROUBLES[outcome.trouble]) };
    case "good":
      return { icon: "check", tone: "accent", state: t("self-test-good"), text: found(outcome.detail) };
    case "running":
      return { icon: null, tone: "plain", state: t("self-test-running"), text: "" };
    case "waiting":
      return { icon: "clock", tone: "plain", state: t("self-test-waiting"), text: "" };
    case "warning":
      return { icon: "alert", tone: "warn", state: t("self-test-warning"), text: t(TROUBLES[outcome.trouble]) };
  }
}

function found(detail: Extract<SelfTestOutcome, { outcome: "good" }>["detail"]): string {
  switch (detail.kind) {
    case "apart":
      return t("self-test-apart", { count: detail.seconds });
    case "hardware_key":
      return t("self-test-hardware-key");
    case "nothing":
      return "";
    case "software_key":
      return t("self-test-software-key");
    case "took":
      return t("self-test-took", { millis: detail.millis });
  }
}
