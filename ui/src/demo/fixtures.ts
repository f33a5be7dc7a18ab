/** Invented people, banks and requests, for tests and pictures. Nothing here is in the app. */
import type {
  AccountView,
  BlockedRequestView,
  ConsentRequestView,
  RequestFactsView,
  RequestStateView,
} from "../generated/contract";

/** The moment that all fixtures are about: 2026-11-23 15:00:42 in Tokyo. */
export const NOW_MILLIS = Date.UTC(2026, 10, 23, 6, 0, 42);
const NOW = Math.floor(NOW_MILLIS / 1000);
const DAY = 86_400;

export const DIGITS = "0123456789";
export const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

export const account: AccountView = {
  id: "acc-1",
  name: "hanako@kawabe.example",
  issuer: { name: "Kawabe Bank", host: "id.kawabe.example" },
  root_fingerprint: "qFJr0dBVn1sY3lMZb6kX8ZcQ0wUu2mT5yHn4oKe7R1A",
  device_name: "Hanako’s laptop",
  paired_at: NOW - 41 * DAY,
  connection: { state: "online" },
  health: { state: "ok" },
  label: null,
  accent: "pine",
  icon: "bank",
};

export const secondAccount: AccountView = {
  ...account,
  id: "acc-2",
  name: "h.sato",
  issuer: { name: "Orchard Ops", host: "login.orchard.example" },
  root_fingerprint: "5mC2vQ9xTt0aJr7Zk1uYh8Wn3oLe6bPd4sGfXiNcRwE",
  paired_at: NOW - 3 * DAY,
  label: "Work",
  accent: "plum",
  icon: "briefcase",
};

const facts: RequestFactsView = {
  account: account.id,
  account_name: account.name,
  issuer: account.issuer,
  provider: null,
  client: { name: "Kawabe Cloud", registered_by: "operator", since: NOW - 400 * DAY, host: "cloud.kawabe.example" },
  kind: "sign_in",
  scopes: [{ name: "openid", description: null }],
  details: [],
  resources: [],
  observed: { time: NOW - 12, first_request: false },
  claimed: { place: "Osaka, Japan", device: "Firefox on Linux", address: "203.0.113.24" },
  actors: [],
  claims: [],
  access_seconds: 3_600,
  renewable_until: null,
  device: null,
  binding_message: "Desk 4, ticket W7R2",
  cautions: [],
};

export const signIn: ConsentRequestView = {
  id: "req-sign-in",
  facts,
  transfer: { kind: "code", alphabet: DIGITS, length: 6 },
  expires_in: 108,
  received_at: NOW_MILLIS,
  lifetime: 120,
  deny_only: null,
  state: { state: "pending", again: false },
};

export const grant: ConsentRequestView = {
  ...signIn,
  id: "req-grant",
  facts: {
    ...facts,
    client: { name: "Budgetly", registered_by: "operator", since: NOW - 20 * DAY, host: "app.budgetly.example" },
    kind: "grant",
    scopes: [
      { name: "openid", description: null },
      { name: "accounts.balances:read", description: "Read balances" },
      { name: "accounts.transactions:read", description: "Read transactions" },
    ],
    resources: ["https://api.kawabe.example/accounts"],
    claimed: { place: "Tokyo, Japan", device: "Safari on iPhone", address: null },
    binding_message: null,
    cautions: ["first_request"],
  },
  expires_in: 284,
  lifetime: 300,
};

export const unknownDetails: ConsentRequestView = {
  ...signIn,
  id: "req-details",
  facts: {
    ...facts,
    account: secondAccount.id,
    account_name: secondAccount.name,
    issuer: secondAccount.issuer,
    client: { name: "Deploy Agent", registered_by: "self", since: NOW - 2 * DAY, host: null },
    kind: "grant",
    scopes: [],
    details: [
      {
        kind: "urn:orchard:grant-admin",
        label: "Administrator access",
        leaves: [
          { path: "/resource", label: "Cluster", value: "cluster-7" },
          { path: "/role", label: "Role", value: "owner" },
          { path: "/expires/days", label: null, value: "30" },
          { path: "/notify/0", label: null, value: "ops@orchard.example" },
          { path: "/unattended", label: null, value: "true" },
        ],
      },
    ],
    observed: { time: NOW - 4, first_request: true },
    claimed: { place: "Lyon, France", device: "curl", address: "198.51.100.7" },
    binding_message: "Release 4.2 to production",
    cautions: ["unknown_detail_type", "self_registered", "first_request"],
  },
  transfer: { kind: "code", alphabet: CROCKFORD, length: 7 },
  expires_in: 171,
  lifetime: 180,
};

export const test: ConsentRequestView = {
  ...signIn,
  id: "req-test",
  facts: {
    ...facts,
    client: { name: "Kawabe Bank", registered_by: "operator", since: NOW - 400 * DAY, host: "id.kawabe.example" },
    kind: "test",
    scopes: [],
    claimed: { place: null, device: null, address: null },
    binding_message: null,
  },
  transfer: { kind: "none" },
};

export const unshowable: ConsentRequestView = {
  ...signIn,
  id: "req-unshowable",
  facts: { ...facts, binding_message: null, claimed: { place: null, device: null, address: null } },
  transfer: { kind: "none" },
  deny_only: "text_not_showable",
};

export const blocked: BlockedRequestView = {
  id: "blk-1",
  account: account.id,
  account_name: account.name,
  issuer: account.issuer,
  at: NOW - 95,
  reason: "bad_signature",
};

export const states: Record<Exclude<RequestStateView["state"], "pending">, RequestStateView> = {
  sending: { state: "sending", decision: "approve" },
  needs_check: { state: "needs_check" },
  approved: { state: "approved", at: NOW, collected: true },
  denied: { state: "denied", reason: "not_me", at: NOW },
  reported: { state: "reported", at: NOW },
  expired: { state: "expired" },
  handled: { state: "handled", device_name: "Pixel 9", decision: "approve", at: NOW - 5 },
  moved: { state: "moved" },
  transfer_failed: { state: "transfer_failed" },
  withdrawn: { state: "withdrawn" },
};
