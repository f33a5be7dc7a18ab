/** Invented people, banks and requests, for tests and pictures. Nothing here is in the app. */
import encodeQR from "qr";
import type {
  AccountView,
  AddingView,
  BlockedRequestView,
  ConsentRequestView,
  ConsentView,
  DesktopView,
  DeviceView,
  HistoryEntryView,
  RequestFactsView,
  RequestStateView,
  SelfTestView,
  SettingsView,
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

export const history: HistoryEntryView[] = [
  {
    id: "his-8",
    at: NOW - 20,
    event: { event: "device", notice: "key_replaced", device_name: "Pixel 9", account_name: account.name, issuer: account.issuer },
  },
  {
    id: "his-7",
    at: NOW - 30,
    event: { event: "device", notice: "graded", device_name: "Pixel 9", account_name: account.name, issuer: account.issuer },
  },
  {
    id: "his-6",
    at: NOW - 40,
    event: { event: "device", notice: "added", device_name: "Pixel 9", account_name: account.name, issuer: account.issuer },
  },
  {
    id: "his-5",
    at: NOW - 95,
    event: { event: "blocked", blocked },
  },
  {
    id: "his-4",
    at: NOW - 1_860,
    event: {
      event: "request",
      request: "req-his-4",
      facts: { ...facts, observed: { time: NOW - 1_880, first_request: false } },
      outcome: { state: "approved", at: NOW - 1_860, collected: true },
      receipt: { sha256: "Zk3vY1o9H4bqT0cXrWm8uJ2sLfNa6dPe7QiG5hRtKxE", committed_at: NOW - 1_860 },
    },
  },
  {
    id: "his-3",
    at: NOW - 9_400,
    event: { event: "request", request: "req-his-3", facts: unknownDetails.facts, outcome: { state: "denied", reason: "not_me", at: NOW - 9_400 }, receipt: { sha256: "3u8tQvWc1YbHn5oRk0xJm2sZf7aLd9PeGi4hTqKrXyE", committed_at: NOW - 9_400 } },
  },
  {
    id: "his-2",
    at: NOW - DAY - 300,
    event: { event: "request", request: "req-his-2", facts: grant.facts, outcome: { ...states.handled, at: NOW - DAY - 300 } as RequestStateView, receipt: null },
  },
  {
    id: "his-1",
    at: NOW - 41 * DAY,
    event: { event: "paired", account_name: account.name, issuer: account.issuer },
  },
];

export const settings: SettingsView = {
  locale: null,
  theme: "auto",
  notifications: true,
  sound: false,
  quiet_hours: null,
  lock_after_minutes: 5,
  unknown_clients: "caution",
  start_at_login: false,
  on_close: "ask",
  protect_content: true,
};

export const desktop: DesktopView = {
  tray: true,
  autostart: true,
  notifications: true,
  content_protection: true,
  camera: true,
  close_asked: false,
};

/** The devices of every account here; the first one is this device. */
export const devices: DeviceView[] = [
  {
    id: "dev-1",
    name: account.device_name,
    platform: "Linux, Tegata 0.1.0",
    paired_at: account.paired_at,
    last_seen: NOW - 2,
    this_device: true,
    may_manage_from: null,
  },
  {
    id: "dev-2",
    name: "Pixel 9",
    platform: "Android 16, Tegata 0.1.0",
    paired_at: NOW - 12 * DAY,
    last_seen: NOW - 3_700,
    this_device: false,
    may_manage_from: null,
  },
];

export const consents: ConsentView[] = [
  {
    id: "con-2",
    account: account.id,
    client: grant.facts.client,
    scopes: grant.facts.scopes,
    details: [],
    granted_at: NOW - DAY - 300,
    expires_at: NOW + 89 * DAY,
    renewable: true,
  },
  {
    id: "con-1",
    account: account.id,
    client: facts.client,
    scopes: facts.scopes,
    details: [],
    granted_at: NOW - 1_860,
    expires_at: NOW + 1_740,
    renewable: false,
  },
];

/** As an app draws it: one path, four units of quiet around it. */
function codePath(text: string): { qr_path: string; qr_size: number } {
  const modules = encodeQR(text, "raw", { border: 4 });
  const path = modules.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")));
  return { qr_path: path.join(""), qr_size: modules.length };
}

export const invitation: Extract<AddingView, { stage: "invitation" }> = {
  stage: "invitation",
  ...codePath(
    `https://id.kawabe.example/pair#v=1&i=https%3A%2F%2Fid.kawabe.example&c=7K3M9QTXV2HC&k=${account.root_fingerprint}`,
  ),
  code: "7K3M-9QTX-V2HC",
  server: account.issuer.host,
  expires_in: 271,
  received_at: NOW_MILLIS,
  moving: false,
};

/** A self-test that has ended, with a good line, a warning and a bad one. */
export const selfTest: SelfTestView = {
  running: false,
  lines: [
    { check: "keyring", account: null, account_name: null, outcome: { outcome: "good", detail: { kind: "nothing" } } },
    {
      check: "notifications",
      account: null,
      account_name: null,
      outcome: { outcome: "warning", trouble: "notifications_off" },
    },
    {
      check: "connection",
      account: account.id,
      account_name: account.name,
      outcome: { outcome: "good", detail: { kind: "took", millis: 84 } },
    },
    {
      check: "clock",
      account: account.id,
      account_name: account.name,
      outcome: { outcome: "good", detail: { kind: "apart", seconds: 1 } },
    },
    {
      check: "key",
      account: account.id,
      account_name: account.name,
      outcome: { outcome: "good", detail: { kind: "software_key" } },
    },
    {
      check: "delivery",
      account: account.id,
      account_name: account.name,
      outcome: { outcome: "bad", trouble: "test_not_arrived" },
    },
  ],
  report: "keyring: good\nnotifications: warning, notifications_off\nconnection: good, 84 ms\nclock: good, 1 s apart\nkey: good, software key\ndelivery: bad, test_not_arrived\n",
};
