// Generated from crates/ui-contract by `cargo xtask gen`. Do not edit.

import type * as contract from "./contract";

/** Every command with what it takes (`null`: nothing) and what it answers. */
export interface Commands {
  /** Facts about the app. */
  app_info: { request: null; response: contract.AppInfoView };
  /** The preferences. */
  settings_get: { request: null; response: contract.SettingsView };
  /** Replaces the preferences and answers with what holds now. */
  settings_set: { request: contract.SettingsSetRequest; response: contract.SettingsView };
  /** Paired accounts in the order they were added. */
  accounts_list: { request: null; response: Array<contract.AccountView> };
  /** Asks the credential store to unlock itself, which may open a window of the operating system. */
  account_unlock: { request: contract.AccountRequest; response: contract.AccountView };
  /** Tries again at once to open the account's keys and to connect. */
  account_retry: { request: contract.AccountRequest; response: contract.AccountView };
  /** The stage of the pairing. */
  pairing_state: { request: null; response: contract.PairingView };
  /** Starts a pairing. Bad input is a `failed` stage, never an error. */
  pairing_start: { request: contract.PairingStartRequest; response: contract.PairingView };
  /** The person recognised issuer and account: from `confirm` to `set_pin`. */
  pairing_accept: { request: null; response: contract.PairingView };
  /** Sets the PIN and goes on: from `set_pin` to `working`. A weak PIN is an error and leaves the stage. */
  pairing_set_pin_and_continue: { request: contract.PinRequest; response: contract.PairingView };
  /** Ends the pairing in any stage and puts it back to `idle`. */
  pairing_cancel: { request: null; response: contract.PairingView };
  /** What is waiting, oldest first. */
  inbox_list: { request: null; response: contract.InboxView };
  /** One request as it stands now; also after it closed, until it leaves the history. */
  request_show: { request: contract.RequestRequest; response: contract.ConsentRequestView };
  /** Approves. Answers once the server has confirmed, or with state `sending`. */
  request_approve: { request: contract.RequestApproveRequest; response: contract.ConsentRequestView };
  /** Denies. Answers once the server has confirmed, or with state `sending`. */
  request_deny: { request: contract.RequestDenyRequest; response: contract.ConsentRequestView };
  /** Takes a closed request or a blocked message off the inbox; the history keeps it. */
  request_dismiss: { request: contract.RequestRequest; response: contract.InboxView };
  /** What happened, newest first, at most 200 entries. */
  history_list: { request: null; response: Array<contract.HistoryEntryView> };
}

/** Every event, none of which carries anything. */
export const EVENTS = [
  "accounts_changed",
  "history_changed",
  "inbox_changed",
  "pairing_changed",
  "settings_changed",
] as const satisfies readonly contract.UiEvent[];
