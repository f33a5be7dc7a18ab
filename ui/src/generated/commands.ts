// Generated from crates/ui-contract by `cargo xtask gen`. Do not edit.

import type * as contract from "./contract";

/** Every command with what it takes (`null`: nothing) and what it answers. */
export interface Commands {
  /** All that the first picture needs, in one answer. Also while the screens are covered. */
  start: { request: null; response: contract.StartView };
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
  /** Replaces what the person chose for an account: name, colour, sign. */
  account_customize: { request: contract.AccountCustomizeRequest; response: contract.AccountView };
  /** Ends a pairing: tells the issuer, then forgets keys and history here. */
  account_unpair: { request: contract.AccountUnpairRequest; response: Array<contract.AccountView> };
  /** Changes the PIN of an account's approval key. */
  pin_change: { request: contract.PinChangeRequest; response: contract.AccountView };
  /** Makes a new approval key and asks to put it in the place of the old one, by an approval here with the old key. */
  key_replace: { request: contract.KeyReplaceRequest; response: contract.ApproveView };
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
  /** Asks the issuer how an approved request stands: whether the client has collected the answer. */
  request_check: { request: contract.RequestRequest; response: contract.ConsentRequestView };
  /** The request that the person asked for from outside the window, once; nothing after that. */
  shown_request: { request: null; response: contract.AskedView };
  /** What happened, newest first, a page at a time. */
  history_list: { request: contract.HistoryListRequest; response: contract.HistoryPageView };
  /** Checks an entry's evidence now. */
  history_verify: { request: contract.HistoryEntryRequest; response: contract.VerificationView };
  /** Writes an entry's evidence file, for `tegata verify`, where the person's downloads are. */
  history_export: { request: contract.HistoryEntryRequest; response: contract.ExportView };
  /** Writes evidence of every entry that has one, with a list, where the person's downloads are. */
  history_export_all: { request: contract.HistoryListRequest; response: contract.ExportView };
  /** The devices of an account, asked from its issuer. */
  devices_list: { request: contract.AccountRequest; response: contract.DevicesView };
  /** Renames this device. */
  device_rename: { request: contract.DeviceRenameRequest; response: contract.DevicesView };
  /** Asks for a device to be removed: another one by an approval here, this one at once. */
  device_remove: { request: contract.DeviceRemoveRequest; response: contract.RemovalView };
  /** Asks to let another device count for as much as this one, by an approval here. */
  device_grade: { request: contract.DeviceGradeRequest; response: contract.ApproveView };
  /** Where adding a device stands. */
  adding_state: { request: null; response: contract.AddingView };
  /** Starts adding a device, ending what is under way. */
  adding_start: { request: contract.AddingStartRequest; response: contract.AddingView };
  /** Confirms the other device by its digits: from `digits` to `done`. */
  adding_confirm: { request: contract.AddingConfirmRequest; response: contract.AddingView };
  /** Ends it in any stage and puts it back to `idle`. */
  adding_cancel: { request: null; response: contract.AddingView };
  /** What was granted for an account and is still good, newest first, asked from its issuer. */
  consents_list: { request: contract.AccountRequest; response: Array<contract.ConsentView> };
  /** Takes a grant back. Needs no PIN. */
  consent_revoke: { request: contract.ConsentRevokeRequest; response: Array<contract.ConsentView> };
  /** Where the self-test stands. */
  self_test_state: { request: null; response: contract.SelfTestView };
  /** Begins a self-test, ending one that is under way. */
  self_test_start: { request: null; response: contract.SelfTestView };
  /** What this machine offers, and whether it is asked what closing means. */
  desktop_state: { request: null; response: contract.DesktopView };
  /** The person's answer to what closing means. */
  close_answer: { request: contract.CloseAnswerRequest; response: contract.DesktopView };
  /** Whether the screens are covered. */
  lock_state: { request: null; response: contract.LockView };
  /** Covers the screens now. */
  lock_now: { request: null; response: contract.LockView };
  /** Uncovers them. */
  lock_open: { request: contract.UnlockRequest; response: contract.LockView };
}

/** Every event, none of which carries anything. */
export const EVENTS = [
  "accounts_changed",
  "history_changed",
  "inbox_changed",
  "pairing_changed",
  "devices_changed",
  "desktop_changed",
  "lock_changed",
  "self_test_changed",
  "settings_changed",
  "request_asked",
] as const satisfies readonly contract.UiEvent[];
