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
health: AccountHealth,
/**
 * The person's own name for it, which never leaves this device; absent: none was given.
 */
label: string | null,
/**
 * The person's own colour for it.
 */
accent: Accent,
/**
 * The person's own sign for it.
 */
icon: AccountIcon, };

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
 * Who acts for the person, from the person outward; empty when nobody stands between.
 */
actors: Array<ActorView>,
/**
 * What the client will learn about the person, by the names of claims.
 */
claims: Array<string>,
/**
 * Whole seconds that one access lasts.
 */
access_seconds: number,
/**
 * Until when access can be renewed without asking again; absent: it cannot.
 */
renewable_until: UnixSeconds | null,
/**
 * The device that a question about devices is about; there if and only if `kind` is such a question.
 */
device: SubjectDeviceView | null,
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
export type RequestKind = "device_add" | "device_grade" | "device_key" | "device_remove" | "grant" | "sign_in" | "test";

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
export type DenyOnlyReason = "approval_key_unavailable" | "assurance_too_low" | "not_supported" | "unknown_client" | "text_not_showable" | "too_long";

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
at: UnixSeconds,
/**
 * Whether the client has collected it; absent: not known. `request_check` asks.
 */
collected: boolean | null, } | { "state": "denied",
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
code: CodeEntry, } | { "form": "browser",
/**
 * Host, with port when needed, as typed; or the host of the stage `code`, whose root is then kept to.
 */
server: string, } | { "form": "link",
/**
 * The link as it came.
 */
link: CodeEntry, };

/**
 * The stage that a pairing is in. There is at most one pairing at a time.
 */
export type PairingView = { "stage": "idle" } | { "stage": "checking" } | { "stage": "code",
/**
 * Host in ASCII, with the port when it is not the default one.
 */
host: string, } | { "stage": "browser",
/**
 * Host in ASCII, with the port when it is not the default one.
 */
host: string, } | { "stage": "confirm",
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
export type PairingFailure = "already_paired" | "confirmation_failed" | "browser_not_offered" | "browser_not_opened" | "internal" | "invitation_expired" | "invitation_malformed" | "invitation_unknown" | "invitation_used" | "issuer_untrusted" | "keyring_locked" | "keyring_missing" | "keyring_timeout" | "offline" | "server_error" | "version_unsupported";

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
issuer: PartyView, } | { "event": "device",
/**
 * Which.
 */
notice: DeviceNotice,
/**
 * The device's name, as the issuer tells it.
 */
device_name: string,
/**
 * The account's name.
 */
account_name: string,
/**
 * Who runs it.
 */
issuer: PartyView, } | { "event": "request",
/**
 * The request, for reporting an approval that was not the person's own.
 */
request: RequestId,
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
 * Language of the screens and of the text that issuers send; absent: the operating system's.
 */
locale: Language | null,
/**
 * Light or dark.
 */
theme: ThemeChoice,
/**
 * Whether a notification without any detail is shown when something arrives.
 */
notifications: boolean,
/**
 * Whether it comes with a sound.
 */
sound: boolean,
/**
 * When notifications stay silent and unseen; requests still arrive.
 */
quiet_hours: QuietHours | null,
/**
 * Minutes without use after which the screens are covered; 0: never. At most 1440.
 */
lock_after_minutes: number,
/**
 * What to do with clients that registered themselves.
 */
unknown_clients: UnknownClients,
/**
 * Whether the app starts when the person logs in.
 */
start_at_login: boolean,
/**
 * What closing the window means.
 */
on_close: CloseChoice,
/**
 * Whether the window is kept out of screen recordings while a request or a PIN is open.
 */
protect_content: boolean, };

/**
 * A language by its BCP 47 tag. Which ones the screens exist in is known to the screens alone: they choose the nearest.
 */
export type Language = string;

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
 * The operating system's.
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
export type UiEvent = "accounts_changed" | "history_changed" | "inbox_changed" | "pairing_changed" | "devices_changed" | "desktop_changed" | "lock_changed" | "self_test_changed" | "settings_changed" | "request_asked";

/**
 * Why a command was not carried out. Nothing was approved, denied or kept, unless the code says so.
 */
export type UiError = {
/**
 * English, one sentence, without secrets or text from outside.
 */
message: string, } & ({ "code": "account_unknown" } | { "code": "app_locked" } | { "code": "busy" } | { "code": "clock_skew" } | { "code": "device_revoked" } | { "code": "internal" } | { "code": "key_lost" } | { "code": "keyring_locked" } | { "code": "keyring_missing" } | { "code": "keyring_timeout" } | { "code": "not_yet",
/**
 * From when it does.
 */
from: UnixSeconds, } | { "code": "not_offered" } | { "code": "offline" } | { "code": "pairing_stage" } | { "code": "pin_locked" } | { "code": "pin_weak",
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
export type ErrorCode = { "code": "account_unknown" } | { "code": "app_locked" } | { "code": "busy" } | { "code": "clock_skew" } | { "code": "device_revoked" } | { "code": "internal" } | { "code": "key_lost" } | { "code": "keyring_locked" } | { "code": "keyring_missing" } | { "code": "keyring_timeout" } | { "code": "not_yet",
/**
 * From when it does.
 */
from: UnixSeconds, } | { "code": "not_offered" } | { "code": "offline" } | { "code": "pairing_stage" } | { "code": "pin_locked" } | { "code": "pin_weak",
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

/**
 * Colours that tell accounts apart. Never the only sign of anything.
 */
export type Accent = "pine" | "sea" | "plum" | "clay" | "amber" | "slate";

/**
 * Replaces what the person chose for an account. Stays on this device.
 */
export type AccountCustomizeRequest = {
/**
 * The account.
 */
id: AccountId,
/**
 * At most 64 characters; absent: the issuer's name for it stands.
 */
label: string | null,
/**
 * Colour.
 */
accent: Accent,
/**
 * Sign.
 */
icon: AccountIcon, };

/**
 * Signs that tell accounts apart.
 */
export type AccountIcon = "letter" | "bank" | "briefcase" | "home" | "school" | "shop";

/**
 * Ends a pairing.
 */
export type AccountUnpairRequest = {
/**
 * The account.
 */
id: AccountId,
/**
 * Forget it here although the issuer cannot be told, and would go on asking this device.
 */
only_here: boolean, };

/**
 * One link of the chain between the person and who acts.
 */
export type ActorView = {
/**
 * Its name.
 */
name: string,
/**
 * Whose word the name is.
 */
vouched_by: string, };

/**
 * Carries digits that the other device shows.
 */
export type AddingConfirmRequest = {
/**
 * As typed.
 */
digits: CodeEntry, };

/**
 * Why adding a device ended without one.
 */
export type AddingFailure = "confirmation_failed" | "denied" | "expired" | "not_offered" | "offline" | "server_error";

/**
 * Starts adding another device.
 */
export type AddingStartRequest = {
/**
 * The account that the other device is to get.
 */
account: AccountId,
/**
 * Whether this device is removed when the other one is confirmed.
 */
moving: boolean, };

/**
 * Adding another device from this one, or moving to it. There is at most one at a time.
 */
export type AddingView = { "stage": "idle" } | { "stage": "approve",
/**
 * The account that the other device is to get.
 */
account: AccountId,
/**
 * The request to open.
 */
request: RequestId,
/**
 * Whether this device is removed when the other one is confirmed.
 */
moving: boolean, } | { "stage": "making",
/**
 * Whether this device is removed when the other one is confirmed.
 */
moving: boolean, } | { "stage": "invitation",
/**
 * Drawn by the screen: one path in a square of `qr_size` units, dark on light.
 */
qr_path: string,
/**
 * Units on each side of `qr_path`, the quiet zone included.
 */
qr_size: number,
/**
 * `XXXX-XXXX-XXXX`, for typing.
 */
code: string,
/**
 * Host of the server, to be typed with it.
 */
server: string,
/**
 * Whole seconds that were left at `received_at`.
 */
expires_in: number,
/**
 * When `expires_in` was true, by the machine's clock.
 */
received_at: UnixMillis,
/**
 * Whether this device is removed when the other one is confirmed.
 */
moving: boolean, } | { "stage": "digits",
/**
 * What the other device calls itself.
 */
device_name: string,
/**
 * Tries left; absent before the first.
 */
tries_left: number | null,
/**
 * Whether this device is removed when the other one is confirmed.
 */
moving: boolean, } | { "stage": "done",
/**
 * What the other device calls itself.
 */
device_name: string,
/**
 * Whether this device was removed with it.
 */
moved: boolean, } | { "stage": "failed",
/**
 * Why.
 */
why: AddingFailure, };

/**
 * A request that now waits for an approval here, like any other.
 */
export type ApproveView = {
/**
 * The request to open. It may take a moment to arrive.
 */
request: RequestId, };

/**
 * The request that the person asked for from outside the window.
 */
export type AskedView = {
/**
 * Absent when nothing was asked for.
 */
request: RequestId | null, };

/**
 * What the first picture is made of.
 */
export type StartView = {
/**
 * Facts about the app.
 */
info: AppInfoView,
/**
 * `settings_get`.
 */
settings: SettingsView,
/**
 * `accounts_list`.
 */
accounts: Array<AccountView>,
/**
 * `inbox_list`; empty while the screens are covered.
 */
inbox: InboxView,
/**
 * `lock_state`.
 */
lock: LockView, };

/**
 * The person's answer to `close_asked`.
 */
export type CloseAnswerRequest = {
/**
 * Absent: stay open.
 */
choice: CloseChoice | null,
/**
 * Keep it as a preference.
 */
remember: boolean, };

/**
 * What closing the window means.
 */
export type CloseChoice = "ask" | "hide" | "quit";

/**
 * A grant, by the issuer's id for it.
 */
export type ConsentId = string;

/**
 * Takes a grant back: its tokens end at the issuer.
 */
export type ConsentRevokeRequest = {
/**
 * The account.
 */
account: AccountId,
/**
 * The grant.
 */
consent: ConsentId, };

/**
 * Something granted to a client that is still good.
 */
export type ConsentView = {
/**
 * Handed back in commands.
 */
id: ConsentId,
/**
 * The account that it was granted for.
 */
account: AccountId,
/**
 * Who has it.
 */
client: ClientView,
/**
 * The permissions.
 */
scopes: Array<ScopeView>,
/**
 * Authorization details (RFC 9396), all of them.
 */
details: Array<DetailView>,
/**
 * When it was granted.
 */
granted_at: UnixSeconds,
/**
 * When it ends by itself.
 */
expires_at: UnixSeconds,
/**
 * Whether the client can renew its access until then without asking again.
 */
renewable: boolean, };

/**
 * What this machine offers, and what waits for the person.
 */
export type DesktopView = {
/**
 * Whether an icon of the app is shown that can bring a hidden window back.
 */
tray: boolean,
/**
 * Whether the app can start itself at login.
 */
autostart: boolean,
/**
 * Whether notifications can be shown.
 */
notifications: boolean,
/**
 * Whether the window can be kept out of screen recordings.
 */
content_protection: boolean,
/**
 * Whether pictures of a camera can be asked for.
 */
camera: boolean,
/**
 * The person closed the window, and no choice of theirs says what that means.
 */
close_asked: boolean, };

/**
 * A device of an account, by the issuer's id for it.
 */
export type DeviceId = string;

/**
 * Asks to let another device count for as much as this one.
 */
export type DeviceGradeRequest = {
/**
 * The account.
 */
account: AccountId,
/**
 * The other device.
 */
device: DeviceId, };

/**
 * What an issuer told about the account's other devices.
 */
export type DeviceNotice = "added" | "removed" | "graded" | "key_replaced" | "reported";

/**
 * Asks for a device to be removed.
 */
export type DeviceRemoveRequest = {
/**
 * The account.
 */
account: AccountId,
/**
 * The device.
 */
device: DeviceId,
/**
 * Why.
 */
reason: RemovalReason, };

/**
 * Renames this device at one account's issuer.
 */
export type DeviceRenameRequest = {
/**
 * The account.
 */
account: AccountId,
/**
 * 1 to 64 characters.
 */
name: string, };

/**
 * One device, as its issuer tells it.
 */
export type DeviceView = {
/**
 * Handed back in commands.
 */
id: DeviceId,
/**
 * The device's own words at pairing, or what it was renamed to.
 */
name: string,
/**
 * Operating system and app in the device's own words.
 */
platform: string,
/**
 * When its pairing was confirmed.
 */
paired_at: UnixSeconds,
/**
 * When the issuer last heard from it; absent when never.
 */
last_seen: UnixSeconds | null,
/**
 * Whether it is this one.
 */
this_device: boolean,
/**
 * Of another device: from when it may manage devices too; absent when it may already. Meanwhile `device_grade` lets it.
 */
may_manage_from: UnixSeconds | null, };

/**
 * The devices of one account.
 */
export type DevicesView = {
/**
 * The account.
 */
account: AccountId,
/**
 * This device first, then in the order of their pairing.
 */
devices: Array<DeviceView>,
/**
 * From when this device may add, remove or grade others; absent when it may already.
 */
may_manage_from: UnixSeconds | null, };

/**
 * Where an export went.
 */
export type ExportView = {
/**
 * Path of the new file or folder, as text.
 */
path: string,
/**
 * How many entries it holds.
 */
entries: number, };

/**
 * Names an entry.
 */
export type HistoryEntryRequest = {
/**
 * The entry.
 */
id: HistoryEntryId, };

/**
 * Kinds of outcome to look for.
 */
export type HistoryFilter = "approved" | "denied" | "ended" | "security";

/**
 * Looks through the history, newest first.
 */
export type HistoryListRequest = {
/**
 * Words that an entry must contain somewhere in what is shown of it; empty: all. At most 200 characters.
 */
text: string,
/**
 * One account; absent: all.
 */
account: AccountId | null,
/**
 * One kind of outcome; absent: all.
 */
outcome: HistoryFilter | null,
/**
 * Only entries that come after this one in the list; absent: from the newest.
 */
after: HistoryEntryId | null, };

/**
 * Part of the history.
 */
export type HistoryPageView = {
/**
 * At most 50.
 */
entries: Array<HistoryEntryView>,
/**
 * Whether more come after them.
 */
more: boolean, };

/**
 * Asks to replace the approval key of an account's pairing.
 */
export type KeyReplaceRequest = {
/**
 * The account.
 */
id: AccountId,
/**
 * The PIN; it protects the new key as well.
 */
pin: PinEntry, };

/**
 * Whether the screens are covered.
 */
export type LockView = {
/**
 * While covered, nothing but this view, preferences and the accounts' names can be had; `app_locked` otherwise.
 */
locked: boolean, };

/**
 * Changes the PIN that protects an account's approval key.
 */
export type PinChangeRequest = {
/**
 * The account.
 */
id: AccountId,
/**
 * The PIN until now. A wrong one counts as it does in an approval.
 */
old: PinEntry,
/**
 * The PIN from now on.
 */
new: PinEntry, };

/**
 * A time of day by this machine's clock, from one minute of the day to another, over midnight if need be.
 */
export type QuietHours = {
/**
 * Minutes since midnight, below 1440.
 */
from: number,
/**
 * Minutes since midnight, below 1440.
 */
to: number, };

/**
 * Why a device is removed.
 */
export type RemovalReason = "lost" | "not_used";

/**
 * What became of asking for a removal.
 */
export type RemovalView = { "state": "approve",
/**
 * The request to open. It may take a moment to arrive.
 */
request: RequestId, } | { "state": "done" };

/**
 * What a self-test looks at, in the order of its lines.
 */
export type SelfTestCheck = "keyring" | "notifications" | "connection" | "clock" | "key" | "delivery";

/**
 * What a good line found.
 */
export type SelfTestDetail = { "kind": "nothing" } | { "kind": "took",
/**
 * Milliseconds.
 */
millis: number, } | { "kind": "apart",
/**
 * Whole seconds, either way.
 */
seconds: number, } | { "kind": "software_key" } | { "kind": "hardware_key" };

/**
 * One line of the self-test.
 */
export type SelfTestLine = {
/**
 * What is tested.
 */
check: SelfTestCheck,
/**
 * The account that it is about; absent for what concerns the whole app.
 */
account: AccountId | null,
/**
 * The account's name.
 */
account_name: string | null,
/**
 * How it went.
 */
outcome: SelfTestOutcome, };

/**
 * How one line went.
 */
export type SelfTestOutcome = { "outcome": "waiting" } | { "outcome": "running" } | { "outcome": "answer",
/**
 * The request to open.
 */
request: RequestId, } | { "outcome": "good",
/**
 * A measured time, a clock's difference or the like, when there is one.
 */
detail: SelfTestDetail, } | { "outcome": "warning",
/**
 * What it is.
 */
trouble: SelfTestTrouble, } | { "outcome": "bad",
/**
 * What it is.
 */
trouble: SelfTestTrouble, };

/**
 * What is wrong. The screens have words and a remedy for each.
 */
export type SelfTestTrouble = "clock_apart" | "device_revoked" | "device_suspended" | "issuer_changed" | "key_lost" | "keyring_locked" | "keyring_missing" | "keyring_timeout" | "notifications_off" | "notifications_missing" | "not_offered" | "offline" | "pin_locked" | "server_error" | "test_not_arrived" | "test_not_answered";

/**
 * The self-test as it stands. Lines never change their order.
 */
export type SelfTestView = {
/**
 * Whether one is under way.
 */
running: boolean,
/**
 * Empty before the first.
 */
lines: Array<SelfTestLine>,
/**
 * Plain English text of all of it for a message to whoever helps: no secret, no name, no host. Empty while running.
 */
report: string, };

/**
 * The device that a question about devices is about.
 */
export type SubjectDeviceView = {
/**
 * Its name as the issuer tells it; absent for one that is yet to come.
 */
name: string | null,
/**
 * Operating system and app in its own words.
 */
platform: string | null,
/**
 * When it was paired.
 */
paired_at: UnixSeconds | null,
/**
 * Whether this device is removed when the other one is confirmed.
 */
moving: boolean,
/**
 * Whether it is said to be lost.
 */
lost: boolean,
/**
 * Thumbprint of the key that is replaced.
 */
old_key: string | null,
/**
 * Thumbprint of the key that replaces it.
 */
new_key: string | null, };

/**
 * What to do with requests of clients whose name is their own words.
 */
export type UnknownClients = "caution" | "deny_only";

/**
 * Uncovers the screens.
 */
export type UnlockRequest = {
/**
 * The account whose PIN it is. Wrong tries count as they do in an approval.
 */
account: AccountId,
/**
 * As typed.
 */
pin: PinEntry, };

/**
 * What a check of an entry's evidence found, made now from what is kept, without the network.
 */
export type VerificationView = {
/**
 * The question was signed by the issuer whose root is pinned.
 */
prompt: boolean,
/**
 * The answer was signed by this device's key, over exactly that question.
 */
decision: boolean,
/**
 * The issuer's receipt belongs to both.
 */
receipt: boolean, };
