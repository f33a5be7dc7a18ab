/** Screens are loaded when they are first needed; only the inbox comes with the start. */
import type { Component } from "svelte";
import Inbox from "../features/consent/Inbox.svelte";
import { loadAllTexts } from "../i18n/i18n.svelte";
import type { Route } from "./routes.svelte";

// A screen takes members of its route and nothing else.
type Screen = Component<{ id: string; reporting: boolean }>;
type Loader = () => Promise<{ default: unknown }>;
/** What a route shows, and what covers it. */
type ScreenName = Route["name"] | "close_dialog" | "keyboard_sheet" | "lock";

const request: Loader = () => import("../features/consent/RequestScreen.svelte");
const LOADERS: Record<Exclude<ScreenName, "inbox">, Loader> = {
  account: () => import("../features/accounts/Account.svelte"),
  accounts: () => import("../features/accounts/Accounts.svelte"),
  adding: () => import("../features/devices/Adding.svelte"),
  blocked: () => import("../features/consent/BlockedScreen.svelte"),
  close_dialog: () => import("./CloseDialog.svelte"),
  consents: () => import("../features/consents/Consents.svelte"),
  devices: () => import("../features/devices/Devices.svelte"),
  history: () => import("../features/history/HistoryList.svelte"),
  history_entry: () => import("../features/history/HistoryEntry.svelte"),
  keyboard_sheet: () => import("./KeyboardSheet.svelte"),
  lock: () => import("./Lock.svelte"),
  pairing: () => import("../features/pairing/Pairing.svelte"),
  report: request,
  request,
  self_test: () => import("../features/self-test/SelfTest.svelte"),
  settings: () => import("../features/settings/Settings.svelte"),
};

/** Screens whose texts came with the start. A test looks whether they did. */
const WORDED_AT_START: ReadonlySet<ScreenName> = new Set(["blocked", "lock", "report", "request"]);

let loaded = $state.raw<Partial<Record<ScreenName, Screen>>>({ inbox: Inbox as unknown as Screen });

/** The component, once it is loaded. Reading it in a template follows that. */
export function screen(name: ScreenName): Screen | undefined {
  return loaded[name];
}

/** Loads a screen, unless it is there. */
export async function loadScreen(name: ScreenName): Promise<void> {
  if (name === "inbox" || loaded[name]) return;
  const [component] = await Promise.all([LOADERS[name](), WORDED_AT_START.has(name) || loadAllTexts()]);
  loaded = { ...loaded, [name]: component.default as Screen };
}

/** Loads every screen, for tests of what is on them. */
export async function loadAllScreens(): Promise<void> {
  await Promise.all((Object.keys(LOADERS) as ScreenName[]).map(loadScreen));
}
