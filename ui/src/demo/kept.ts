/** What the app keeps or has learned, invented: history, settings, devices, consents, a self-test. */
import encodeQR from "qr";
import type {
  AddingView,
  ConsentView,
  DesktopView,
  DeviceView,
  HistoryEntryView,
  RequestStateView,
  SelfTestView,
  SettingsView,
} from "../generated/contract";
import { account, blocked, grant, NOW_MILLIS, signIn, unknownDetails, states } from "./fixtures";

const NOW = Math.floor(NOW_MILLIS / 1000);
const DAY = 86_400;

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
      facts: { ...signIn.facts, observed: { time: NOW - 1_880, first_request: false } },
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
    client: signIn.facts.client,
    scopes: signIn.facts.scopes,
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
