/** Every state that a screen can be in, by name. The pictures walk this list, so a new state belongs here. */
import type { Failure } from "../host/bridge";
import type { AccountHealth, ConsentRequestView, PairingView } from "../generated/contract";
import { consentIds } from "../features/consent/test-ids";
import { pairingIds } from "../features/pairing/test-ids";
import { FRAME_SCENARIOS } from "./frame-scenarios";
import { PLACES } from "./places";
import {
  account,
  blocked,
  DIGITS,
  grant,
  NOW_MILLIS,
  secondAccount,
  signIn,
  states,
  test,
  unknownDetails,
  unshowable,
} from "./fixtures";
import * as requests from "./requests";
import type { DemoStart } from "./world";

export interface Scenario {
  world: DemoStart;
  /** Where to start. */
  hash: string;
  /** What the person does then, as `steps.ts` reads it. */
  steps?: string[];
}

const ACCOUNTS = [account, secondAccount];
const NOW = Math.floor(NOW_MILLIS / 1000);

function approval(request: ConsentRequestView, more: Partial<Scenario> = {}): Scenario {
  return { world: { accounts: ACCOUNTS, requests: [request] }, hash: `#/request/${request.id}`, ...more };
}

/** An approval screen of an account in this state, where it can only be denied. */
function unable(state: AccountHealth, deny_only: ConsentRequestView["deny_only"] = "approval_key_unavailable"): Scenario {
  const accounts = [{ ...account, health: state }];
  return { world: { accounts, requests: [{ ...signIn, deny_only }] }, hash: `#/request/${signIn.id}` };
}

function filledIn(code: string, pin: string): string[] {
  return [`${consentIds.code}=${code}`, `${consentIds.pin}=${pin}`];
}

/** An answer that is refused. */
function refused(code: string, pin: string): Scenario {
  return approval(signIn, { steps: [...filledIn(code, pin), consentIds.approve] });
}

function refusal(failure: Failure): Scenario {
  return {
    world: { accounts: ACCOUNTS, requests: [signIn], refused: { request_deny: failure } },
    hash: `#/request/${signIn.id}`,
    steps: [consentIds.deny],
  };
}

function pairing(view: PairingView): Scenario {
  return { world: { accounts: [], pairing: view }, hash: "#/pairing" };
}

function health(name: string, state: AccountHealth): [string, Scenario] {
  return [name, { world: { accounts: [{ ...account, health: state }] }, hash: "#/inbox" }];
}

const results = Object.entries(states).map(([name, state]): [string, Scenario] => [
  `result-${name.replace("_", "-")}`,
  approval({ ...signIn, state }),
]);

const confirm: Extract<PairingView, { stage: "confirm" }> = {
  stage: "confirm",
  issuer: account.issuer,
  account_name: account.name,
  root_fingerprint: account.root_fingerprint,
  first_use: false,
};

const offline = { state: "offline", since: NOW - 610 } as const;

export const SCENARIOS: Record<string, Scenario> = {
  welcome: { world: { accounts: [] }, hash: "#/inbox" },
  "start-failed": { world: { failure: { code: "internal" } }, hash: "#/inbox" },
  "pair-enter": { world: { accounts: [] }, hash: "#/pairing" },
  "pair-scan": { world: { accounts: [] }, hash: "#/pairing", steps: [pairingIds.scan] },
  "pair-code": pairing({ stage: "code", host: account.issuer.host }),
  "pair-checking": pairing({ stage: "checking" }),
  "pair-confirm": pairing(confirm),
  "pair-confirm-first-use": pairing({ ...confirm, first_use: true }),
  "pair-pin": pairing({ stage: "set_pin" }),
  "pair-working": pairing({ stage: "working", step: "registering" }),
  "pair-digits": pairing({
    stage: "digits",
    digits: "427905",
    device_name: account.device_name,
    expires_in: 271,
    received_at: NOW_MILLIS,
  }),
  "pair-done": pairing({
    stage: "done",
    account: account.id,
    account_name: account.name,
    issuer: account.issuer,
  }),
  "inbox-empty": { world: { accounts: ACCOUNTS }, hash: "#/inbox" },
  "inbox-several": {
    world: {
      accounts: ACCOUNTS,
      requests: [signIn, unknownDetails, grant, { ...test, state: states.handled }],
      blocked: [blocked],
    },
    hash: "#/inbox",
  },
  "inbox-deny-all": {
    world: { accounts: ACCOUNTS, requests: [signIn, grant, unknownDetails] },
    hash: "#/inbox",
    steps: [consentIds.denyAll],
  },
  "inbox-offline": { world: { accounts: [{ ...account, connection: offline }] }, hash: "#/inbox" },
  "approval-sign-in": approval(signIn),
  "approval-grant": approval(grant),
  "approval-details": approval(unknownDetails),
  "approval-test": approval(test),
  "approval-provider": approval({
    ...grant,
    id: "req-provider",
    facts: { ...grant.facts, provider: { name: "Minato Energy", host: "login.minato.example" } },
  }),
  "approval-deny-only": approval(unshowable),
  "approval-mixed-scripts": approval({
    ...signIn,
    facts: {
      ...signIn.facts,
      client: { ...signIn.facts.client, name: "Kаwabe Cloud", host: "xn--kwabe-3ve.example" },
      cautions: ["mixed_scripts", "first_request"],
    },
  }),
  "approval-again": approval({ ...signIn, state: { state: "pending", again: true } }),
  "approval-urgent": approval({ ...signIn, expires_in: 24 }),
  "approval-offline": {
    world: { accounts: [{ ...account, connection: offline }], requests: [signIn] },
    hash: `#/request/${signIn.id}`,
  },
  "request-loading": { world: { requests: [signIn], unanswered: ["request_show"] }, hash: `#/request/${signIn.id}` },
  "approval-payment": approval(requests.payment),
  "approval-standing-order": approval(requests.standingOrder),
  "approval-batch": approval(requests.batch),
  "approval-accounts": approval(requests.accountAccess),
  "approval-agent": approval(requests.agent),
  "approval-several-details": approval(requests.several),
  "approval-device-add": approval(requests.deviceAdd),
  "approval-device-move": approval(requests.deviceMove),
  "approval-device-remove": approval(requests.deviceRemove),
  "approval-device-lost": approval(requests.deviceLost),
  "approval-device-grade": approval(requests.deviceGrade),
  "approval-device-key": approval(requests.deviceKey),
  "approval-hidden-text": approval(requests.hiddenText),
  "approval-look-alike": approval(requests.lookAlike),
  "approval-long": approval(requests.long),
  "approval-unknown-client": approval(requests.unknownClient),
  "approval-queue": {
    world: { accounts: ACCOUNTS, requests: [signIn, requests.payment, requests.accountAccess] },
    hash: `#/request/${requests.payment.id}`,
  },
  "approval-ready": approval(signIn, { steps: [...filledIn("427905", "493817"), `${consentIds.approve}?`] }),
  "approval-code-wrong": refused("000000", "493817"),
  "approval-pin-wrong": refused("427905", "000000"),
  "approval-refused-server": refusal({ code: "server_error" }),
  "approval-refused-offline": refusal({ code: "offline" }),
  "approval-refused-clock": refusal({ code: "clock_skew" }),
  "approval-refused-keyring": refusal({ code: "keyring_locked" }),
  "approval-keyring-locked": unable({ state: "keyring_locked" }, null),
  "approval-clock-skew": unable({ state: "clock_skew", seconds: 412 }, null),
  "approval-pin-locked": unable({ state: "pin_locked" }),
  "approval-key-lost": unable({ state: "key_lost" }),
  "approval-device-revoked": unable({ state: "device_revoked" }),
  "approval-letters": approval(
    { ...signIn, transfer: { kind: "code", alphabet: `${DIGITS}ABCDEFGHJKMNPQRSTVWXYZ`, length: 8 } },
    { steps: [...filledIn("7K3M9QTX", "493817"), `${consentIds.approve}?`] },
  ),
  ...Object.fromEntries(results),
  "result-sending-offline": {
    world: { accounts: [{ ...account, connection: offline }], requests: [{ ...signIn, state: states.sending }] },
    hash: `#/request/${signIn.id}`,
  },
  "result-handled-denied": approval({
    ...signIn,
    state: { state: "handled", device_name: "Pixel 9", decision: "deny", at: NOW },
  }),
  "result-report": { ...approval({ ...signIn, state: states.approved }), hash: `#/report/${signIn.id}` },
  "result-not-collected": approval({ ...signIn, state: { state: "approved", at: NOW, collected: false } }),
  "result-approved-payment": approval({ ...requests.payment, state: states.approved }),
  "result-next": {
    world: { accounts: ACCOUNTS, requests: [{ ...signIn, state: states.denied }, grant] },
    hash: `#/request/${signIn.id}`,
  },
  "result-gone": { world: {}, hash: "#/request/req-gone" },
  "result-blocked": { world: { blocked: [blocked] }, hash: `#/blocked/${blocked.id}` },
  ...Object.fromEntries([
    health("inbox-keyring-locked", { state: "keyring_locked" }),
    health("inbox-keyring-missing", { state: "keyring_missing" }),
    health("inbox-keyring-timeout", { state: "keyring_timeout" }),
    health("inbox-key-lost", { state: "key_lost" }),
    health("inbox-pin-locked", { state: "pin_locked" }),
    health("inbox-device-revoked", { state: "device_revoked" }),
    health("inbox-device-suspended", { state: "device_suspended" }),
    health("inbox-issuer-changed", { state: "issuer_changed" }),
    health("inbox-clock-skew", { state: "clock_skew", seconds: 412 }),
  ]),
  ...FRAME_SCENARIOS,
  ...PLACES,
};
