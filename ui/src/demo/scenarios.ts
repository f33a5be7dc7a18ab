/** Every state that a screen can be in, by name. The pictures walk this list, so a new state belongs here. */
import type { AccountHealth, ConsentRequestView, PairingView } from "../generated/contract";
import { pairingIds } from "../features/pairing/test-ids";
import type { DemoStart } from "./demo-bridge";
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

export interface Scenario {
  world: DemoStart;
  /** Where to start. */
  hash: string;
  /** What the person does then, as `steps.ts` reads it. */
  steps?: string[];
}

const ACCOUNTS = [account, secondAccount];

function approval(request: ConsentRequestView): Scenario {
  return { world: { accounts: ACCOUNTS, requests: [request] }, hash: `#/request/${request.id}` };
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

const offline = { state: "offline", since: Math.floor(NOW_MILLIS / 1000) - 610 } as const;

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
  "approval-keyring-locked": {
    world: { accounts: [{ ...account, health: { state: "keyring_locked" } }], requests: [signIn] },
    hash: `#/request/${signIn.id}`,
  },
  "approval-letters": approval({
    ...signIn,
    transfer: { kind: "code", alphabet: `${DIGITS}ABCDEFGHJKMNPQRSTVWXYZ`, length: 8 },
  }),
  ...Object.fromEntries(results),
  "result-sending-offline": {
    world: { accounts: [{ ...account, connection: offline }], requests: [{ ...signIn, state: states.sending }] },
    hash: `#/request/${signIn.id}`,
  },
  "result-handled-denied": approval({
    ...signIn,
    state: { state: "handled", device_name: "Pixel 9", decision: "deny", at: Math.floor(NOW_MILLIS / 1000) },
  }),
  "result-report": { ...approval({ ...signIn, state: states.approved }), hash: `#/report/${signIn.id}` },
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
