/** Which text belongs to which value of the contract. The compiler refuses a value without one. */
import type { PairingFailure, PinWeakness, Remedy } from "../../generated/contract";
import type { MessageId } from "../../i18n/i18n.svelte";

export const FAILURES: Record<PairingFailure, MessageId> = {
  already_paired: "pairing-failed-already-paired",
  browser_not_offered: "pairing-failed-browser-not-offered",
  browser_not_opened: "pairing-failed-browser-not-opened",
  confirmation_failed: "pairing-failed-confirmation",
  internal: "pairing-failed-internal",
  invitation_expired: "pairing-failed-expired",
  invitation_malformed: "pairing-failed-malformed",
  invitation_unknown: "pairing-failed-unknown",
  invitation_used: "pairing-failed-used",
  issuer_untrusted: "pairing-failed-untrusted",
  keyring_locked: "pairing-failed-keyring-locked",
  keyring_missing: "pairing-failed-keyring-missing",
  keyring_timeout: "pairing-failed-keyring-timeout",
  offline: "pairing-failed-offline",
  server_error: "pairing-failed-server",
  version_unsupported: "pairing-failed-version",
};

const REMEDIES: Record<Remedy, MessageId> = {
  ask_operator: "pairing-remedy-ask-operator",
  check_connection: "pairing-remedy-check-connection",
  install_keyring: "pairing-remedy-install-keyring",
  new_invitation: "pairing-remedy-new-invitation",
  nothing: "pairing-remedy-nothing",
  try_again: "pairing-remedy-try-again",
  unlock_keyring: "pairing-remedy-unlock-keyring",
  update_app: "pairing-remedy-update-app",
};

/** What to do about it. Who cannot go on in a browser has the link and the code left, whatever else would help. */
export function remedy(failure: PairingFailure, offered: Remedy): MessageId {
  return failure.startsWith("browser_") ? "pairing-remedy-link-or-code" : REMEDIES[offered];
}

export const WEAKNESSES: Record<PinWeakness, MessageId> = {
  common: "pin-weak-common",
  not_digits: "pin-weak-not-digits",
  too_long: "pin-weak-too-long",
  too_short: "pin-weak-too-short",
};
