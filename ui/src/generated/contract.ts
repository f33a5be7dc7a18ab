// Generated from crates/ui-contract by `cargo xtask gen`. Do not edit.

/**
 * A paired account, by an id that this device made up. Not the issuer's account id.
 */
export type AccountId = string;

/**
 * A consent request or a blocked message in the inbox. Never the client's `auth_req_id`.
 */
export type RequestId = string;

/**
 * One line of the history.
 */
export type HistoryEntryId = string;

/**
 * Seconds since 1970-01-01T00:00:00Z.
 */
export type UnixSeconds = number;

/**
 * Milliseconds since 1970-01-01T00:00:00Z by this machine's clock, which is also the clock of the screens.
 * Below 2^53 until far beyond any use, so a JavaScript number holds it exactly.
 */
export type UnixMillis = number;

/**
 * A PIN as typed. `Debug` prints no digit; dropping wipes the memory.
 */
export type PinEntry = string;

/**
 * A transfer code, an invitation code or a pairing link as typed or pasted. `Debug` prints none of it; dropping
 * wipes the memory.
 */
export type CodeEntry = string;

/**
 * An organisation as the person should recognise it.
 */
export type PartyView = {
/**
 * Name from its own signed metadata.
 */
name: string,
/**
 * Host in ASCII (`xn--` where needed), with the port when it is not the default one.
 */
host: string, };

/**
 * One paired account.
 */
export type AccountView = {
/**
 * Handed back in commands.
 */
id: AccountId,
/**
 * The account's name as its issuer told it at pairing.
 */
name: string,
/**
 * Who runs the account.
 */
issuer: PartyView,
/**
 * Thumbprint (RFC 7638, SHA-256, base64url) of the root key pinned at pairing.
 */
root_fingerprint: string,
/**
 * What the issuer calls this device.
 */
device_name: string,
/**
 * When the pairing was confirmed.
 */
paired_at: UnixSeconds,
/**
 * Whether requests can arrive now.
 */
connection: ConnectionView,
/**
 * Whether requests can be answered now.
 */
health: AccountHealth, };

/**
 * The connection to an account's issuer. Being offline is a state and never an error.
 */
export type ConnectionView = { "state": "connecting" } | { "state": "offline",
/**
 * When it was last known to work.
 */
since: UnixSeconds, } | { "state": "online" };

/**
 * Whether an account's keys can be used. None of the bad states means *not paired*.
 */
export type AccountHealth = { "state": "clock_skew",
/**
 * How far, in whole seconds, either way.
 */
seconds: number, } | { "state": "device_revoked" } | { "state": "device_suspended" } | { "state": "issuer_changed" } | { "state": "key_lost" } | { "state": "keyring_locked" } | { "state": "keyring_missing" } | { "state": "keyring_timeout" } | { "state": "ok" } | { "state": "pin_locked" };

/**
 * What is waiting, oldest first. The order never changes while a request stays.
 */
export type InboxView = {
/**
 * Verified requests, oldest first, including those just closed that the person has not left yet.
 */
requests: Array<ConsentRequestView>,
/**
 * Messages that failed verification and were not acknowledged yet, oldest first.
 */
blocked: Array<BlockedRequestView>, };

/**
 * A verified request with its state and its time left.
 */
export type ConsentRequestView = {
/**
 * Handed back in commands.
 */
id: RequestId,
/**
 * What is asked.
 */
facts: RequestFactsView,
/**
 * Whether and how a code from the other screen is asked for.
 */
transfer: TransferView,
/**
 * Whole seconds that were left at `received_at`, as the issuer counted them.
 */
expires_in: number,
/**
 * When `expires_in` was true, by the machine's clock.
 */
received_at: UnixMillis,
/**
 * Whole seconds that the request lives in all, for the countdown's bar. Never 0.
 */
lifetime: number,
/**
 * Set when the request may be denied and nothing else.
 */
deny_only: DenyOnlyReason | null,
/**
 * Where the request stands.
 */
state: RequestStateView, };

/**
 * What a prompt says, complete and unaltered. Also what the history keeps.
 */
export type RequestFactsView = {
/**
 * The account that is asked for.
 */
account: AccountId,
/**
 * The account's name as its issuer told it.
 */
account_name: string,
/**
 * Who runs the account and signed the prompt.
 */
issuer: PartyView,
/**
 * Another provider that asks through the issuer: shown first, and everything else is then its claim.
 */
provider: PartyView | null,
/**
 * The client that asks.
 */
client: ClientView,
/**
 * What kind of question it is.
 */
kind: RequestKind,
/**
 * Permissions that are asked for.
 */
scopes: Array<ScopeView>,
/**
 * Authorization details (RFC 9396), all of them, in document order.
 */
details: Array<DetailView>,
/**
 * Resources (RFC 8707) that the permissions are for.
 */
resources: Array<string>,
/**
 * What the issuer saw itself.
 */
observed: ObservedContextView,
/**
 * What the client says about the other screen.
 */
claimed: ClaimedContextView,
/**
 * The client's own words, unverified. Absent when they serve as the code.
 */
binding_message: string | null,
/**
 * What deserves a second look, in the order to be shown.
 */
cautions: Array<Caution>, };

/**
 * The kinds of question that this version shows.
 */
export type RequestKind = "grant" | "sign_in" | "test";

/**
 * The client that asks, as its registration says.
 */
export type ClientView = {
/**
 * Registered name.
 */
name: string,
/**
 * Whose word the name is.
 */
registered_by: RegisteredBy,
/**
 * When it was registered.
 */
since: UnixSeconds,
/**
 * Host in ASCII, only if the client proved that it controls it.
 */
host: string | null, };

/**
 * Who registered a client, and so whose word its name is.
 */
export type RegisteredBy = "operator" | "self";

/**
 * One permission.
 */
export type ScopeView = {
/**
 * The scope value.
 */
name: string,
/**
 * Plain words for it, from the issuer.
 */
description: string | null, };

/**
 * One authorization detail, reduced to its leaves.
 */
export type DetailView = {
/**
 * Its `type`, verbatim.
 */
kind: string,
/**
 * The issuer's plain words for the type. Decorates, never replaces.
 */
label: string | null,
/**
 * Every leaf in document order, `type` left out.
 */
leaves: Array<LeafView>, };

/**
 * One leaf of an authorization detail.
 */
export type LeafView = {
/**
 * JSON pointer from the detail's root (RFC 6901).
 */
path: string,
/**
 * The issuer's plain words for the member. Decorates, never replaces.
 */
label: string | null,
/**
 * The value as text, complete. `null`, booleans and empty containers as their JSON words.
 */
value: string, };

/**
 * What the issuer saw itself and vouches for.
 */
export type ObservedContextView = {
/**
 * When the client asked.
 */
time: UnixSeconds,
/**
 * Whether this client never asked this account before.
 */
first_request: boolean, };

/**
 * What the client says about the screen in front of the person. Nobody checked it.
 */
export type ClaimedContextView = {
/**
 * Place in words.
 */
place: string | null,
/**
 * Device or browser in words.
 */
device: string | null,
/**
 * Network address.
 */
address: string | null, };

/**
 * Something about a request that deserves a second look.
 */
export type Caution = "first_request" | "mixed_scripts" | "self_registered" | "unknown_detail_type";

/**
 * Whether a code from the other screen is asked for. The expected value is known to the server alone.
 */
export type TransferView = { "kind": "code",
/**
 * Characters that can occur, each once, upper case.
 */
alphabet: string,
/**
 * Exact number of characters.
 */
length: number, } | { "kind": "none" };

/**
 * Why a request can only be denied here.
 */
export type DenyOnlyReason = "approval_key_unavailable" | "assurance_too_low" | "not_supported" | "text_not_showable" | "too_long";

/**
 * Where a request stands. All but the first three are final.
 */
export type RequestStateView = { "state": "pending",
/**
 * An earlier answer was lost with the app that gave it, and the server knows nothing of it.
 */
again: boolean, } | { "state": "sending",
/**
 * The answer.
 */
decision: Decision, } | { "state": "needs_check" } | { "state": "approved",
/**
 * When the server committed it.
 */
at: UnixSeconds, } | { "state": "denied",
/**
 * The reason given.
 */
reason: DenialReason,
/**
 * When the server committed it.
 */
at: UnixSeconds, } | { "state": "reported",
/**
 * When the server committed the report.
 */
at: UnixSeconds, } | { "state": "expired" } | { "state": "handled",
/**
 * The issuer's name for that device.
 */
device_name: string,
/**
 * The answer.
 */
decision: Decision,
/**
 * When the server committed it.
 */
at: UnixSeconds, } | { "state": "moved" } | { "state": "transfer_failed" } | { "state": "withdrawn" };

/**
 * An answer.
 */
export type Decision = "approve" | "deny";

/**
 * Why the person says no.
 */
export type DenialReason = "changed_mind" | "not_me" | "wrong_details";

/**
 * A message for an account that failed verification. Its content is not known and must not be guessed at.
 */
export type BlockedRequestView = {
/**
 * Handed back in commands.
 */
id: RequestId,
/**
 * The account it arrived for.
 */
account: AccountId,
/**
 * The account's name.
 */
account_name: string,
/**
 * The issuer that the account is paired with, which need not be who sent it.
 */
issuer: PartyView,
/**
 * When it arrived.
 */
at: UnixSeconds,
/**
 * What did not verify.
 */
reason: BlockReason, };

/**
 * What did not verify about a blocked message.
 */
export type BlockReason = "bad_signature" | "not_for_this_device" | "out_of_time" | "malformed" | "replayed";

/**
 * What the person brought to start with.
 */
export type PairingInput = { "form": "code",
/**
 * Host, with port when needed, as typed.
 */
server: string,
/**
 * `XXXX-XXXX-XXXX`, as typed.
 */
code: CodeEntry, } | { "form": "link",
/**
 * The link as it came.
 */
link: CodeEntry, };

/**
 * The stage that a pairing is in. There is at most one pairing at a time.
 */
export type PairingView = { "stage": "idle" } | { "stage": "checking" } | { "stage": "confirm",
/**
 * Who invites, host in ASCII.
 */
issuer: PartyView,
/**
 * The account to be added.
 */
account_name: string,
/**
 * Thumbprint of the root key about to be pinned.
 */
root_fingerprint: string,
/**
 * Set when the invitation did not name the root, so that nothing but the person's comparison tells that the
 * key is the issuer's.
 */
first_use: boolean, } | { "stage": "set_pin" } | { "stage": "working",
/**
 * The step under way.
 */
step: PairingStep, } | { "stage": "digits",
/**
 * Six ASCII digits.
 */
digits: string,
/**
 * What the issuer calls this device, which the other page shows.
 */
device_name: string,
/**
 * Whole seconds that were left at `received_at`.
 */
expires_in: number,
/**
 * When `expires_in` was true, by the machine's clock.
 */
received_at: UnixMillis, } | { "stage": "done",
/**
 * The new account.
 */
account: AccountId,
/**
 * Its name.
 */
account_name: string,
/**
 * Who runs it.
 */
issuer: PartyView, } | { "stage": "failed",
/**
 * What went wrong.
 */
code: PairingFailure,
/**
 * What the person can do.
 */
remedy: Remedy, };

/**
 * Steps of the working stage, in order.
 */
export type PairingStep = "making_keys" | "registering";

/**
 * Why a pairing ended without an account.
 */
export type PairingFailure = "already_paired" | "confirmation_failed" | "internal" | "invitation_expired" | "invitation_malformed" | "invitation_unknown" | "invitation_used" | "issuer_untrusted" | "keyring_locked" | "keyring_missing" | "keyring_timeout" | "offline" | "server_error" | "version_unsupported";

/**
 * What a person can do about a failed pairing.
 */
export type Remedy = "ask_operator" | "check_connection" | "install_keyring" | "new_invitation" | "nothing" | "try_again" | "unlock_keyring" | "update_app";

/**
 * One line of the history, complete: there is no second command for its detail.
 */
export type HistoryEntryView = {
/**
 * Stable for the life of the entry.
 */
id: HistoryEntryId,
/**
 * When it happened.
 */
at: UnixSeconds,
/**
 * What happened.
 */
event: HistoryEventView, };

/**
 * What a history entry is about.
 */
export type HistoryEventView = { "event": "blocked",
/**
 * What is known about it.
 */
blocked: BlockedRequestView, } | { "event": "paired",
/**
 * The account's name.
 */
account_name: string,
/**
 * Who runs it.
 */
issuer: PartyView, } | { "event": "request",
/**
 * What was asked, as it was shown.
 */
facts: RequestFactsView,
/**
 * How it ended.
 */
outcome: RequestStateView,
/**
 * The issuer's signed receipt, if this device decided.
 */
receipt: ReceiptView | null, };

/**
 * A verified receipt for a decision made here. The file itself stays on the Rust side.
 */
export type ReceiptView = {
/**
 * SHA-256 of the receipt, base64url: the name under which evidence can be found again.
 */
sha256: string,
/**
 * When the issuer committed the decision.
 */
committed_at: UnixSeconds, };

/**
 * What the person can choose.
 */
export type SettingsView = {
/**
 * Language of the screens and of the text that issuers send.
 */
locale: LocaleChoice,
/**
 * Light or dark.
 */
theme: ThemeChoice, };

/**
 * Choice of language.
 */
export type LocaleChoice = "auto" | "en" | "ja";

/**
 * A language that the screens exist in.
 */
export type Language = "en" | "ja";

/**
 * Choice of appearance.
 */
export type ThemeChoice = "auto" | "dark" | "light";

/**
 * Facts about the app and its machine.
 */
export type AppInfoView = {
/**
 * Version of the app.
 */
version: string,
/**
 * What [`LocaleChoice::Auto`] comes to on this machine.
 */
system_language: Language, };

/**
 * Starts a pairing, ending one that is under way.
 */
export type PairingStartRequest = {
/**
 * What the person brought.
 */
input: PairingInput, };

/**
 * Carries a PIN and nothing else.
 */
export type PinRequest = {
/**
 * As typed.
 */
pin: PinEntry, };

/**
 * Names an account.
 */
export type AccountRequest = {
/**
 * The account.
 */
id: AccountId, };

/**
 * Names a consent request or a blocked message.
 */
export type RequestRequest = {
/**
 * The request.
 */
id: RequestId, };

/**
 * Approves one request, by this person, now.
 */
export type RequestApproveRequest = {
/**
 * The request.
 */
id: RequestId,
/**
 * The code from the other screen, if and only if the request asks for one.
 */
transfer: CodeEntry | null,
/**
 * What unlocks the approval key for this one signature.
 */
pin: PinEntry, };

/**
 * Denies one request. Never asks for verification.
 */
export type RequestDenyRequest = {
/**
 * The request.
 */
id: RequestId,
/**
 * Why.
 */
reason: DenialReason, };

/**
 * Replaces the preferences.
 */
export type SettingsSetRequest = {
/**
 * All of them.
 */
settings: SettingsView, };

/**
 * Says which views have become stale; carries nothing else. The event's name is the wire form.
 */
export type UiEvent = "accounts_changed" | "history_changed" | "inbox_changed" | "pairing_changed" | "settings_changed";

/**
 * Why a command was not carried out. Nothing was approved, denied or kept, unless the code says so.
 */
export type UiError = {
/**
 * English, one sentence, without secrets or text from outside.
 */
message: string, } & ({ "code": "account_unknown" } | { "code": "busy" } | { "code": "clock_skew" } | { "code": "device_revoked" } | { "code": "internal" } | { "code": "key_lost" } | { "code": "keyring_locked" } | { "code": "keyring_missing" } | { "code": "keyring_timeout" } | { "code": "offline" } | { "code": "pairing_stage" } | { "code": "pin_locked" } | { "code": "pin_weak",
/**
 * What is weak about it.
 */
why: PinWeakness, } | { "code": "pin_wrong",
/**
 * Tries left before the approval key is destroyed.
 */
tries_left: number, } | { "code": "request_closed",
/**
 * How it ended.
 */
how: CloseReason, } | { "code": "request_deny_only" } | { "code": "request_unknown" } | { "code": "server_error" } | { "code": "transfer_malformed" } | { "code": "transfer_mismatch",
/**
 * Tries left before the request ends, over all devices.
 */
tries_left: number, });

/**
 * The closed list of what screens can act on. Add one only together with the screen that acts on it.
 */
export type ErrorCode = { "code": "account_unknown" } | { "code": "busy" } | { "code": "clock_skew" } | { "code": "device_revoked" } | { "code": "internal" } | { "code": "key_lost" } | { "code": "keyring_locked" } | { "code": "keyring_missing" } | { "code": "keyring_timeout" } | { "code": "offline" } | { "code": "pairing_stage" } | { "code": "pin_locked" } | { "code": "pin_weak",
/**
 * What is weak about it.
 */
why: PinWeakness, } | { "code": "pin_wrong",
/**
 * Tries left before the approval key is destroyed.
 */
tries_left: number, } | { "code": "request_closed",
/**
 * How it ended.
 */
how: CloseReason, } | { "code": "request_deny_only" } | { "code": "request_unknown" } | { "code": "server_error" } | { "code": "transfer_malformed" } | { "code": "transfer_mismatch",
/**
 * Tries left before the request ends, over all devices.
 */
tries_left: number, };

/**
 * How a request ended while it was being answered.
 */
export type CloseReason = "expired" | "handled" | "moved" | "transfer_failed" | "withdrawn";

/**
 * What is weak about a new PIN.
 */
export type PinWeakness = "common" | "not_digits" | "too_short" | "too_long";
