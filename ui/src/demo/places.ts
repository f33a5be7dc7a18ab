/** States of accounts, of their devices, and of pairing: where the person keeps what they approve with. */
import { accountIds } from "../features/accounts/test-ids";
import { deviceIds } from "../features/devices/test-ids";
import { pairingIds } from "../features/pairing/test-ids";
import type { AccountView, AddingFailure, AddingView, PairingFailure, Remedy } from "../generated/contract";
import { account, grant, NOW_MILLIS, secondAccount } from "./fixtures";
import { devices, invitation } from "./kept";
import type { Scenario } from "./scenarios";
import type { DemoStart } from "./world";

const NOW = Math.floor(NOW_MILLIS / 1000);
const offline: AccountView = { ...account, connection: { state: "offline", since: NOW - 610 } };
const ACCOUNTS: AccountView[] = [
  account,
  secondAccount,
  { ...offline, id: "acc-3", name: "hanako", accent: "clay", icon: "shop", issuer: { name: "Minato Energy", host: "login.minato.example:8443" } },
  { ...account, id: "acc-4", name: "はなこ", accent: "sea", icon: "letter", connection: { state: "connecting" } },
  { ...account, id: "acc-5", name: "h.sato@school.example", accent: "amber", icon: "school", health: { state: "pin_locked" } },
];

function page(hash: string, world: DemoStart = {}, ...steps: string[]): Scenario {
  const scenario = { world: { accounts: ACCOUNTS, ...world }, hash };
  return steps.length > 0 ? { ...scenario, steps } : scenario;
}

const onAccount = (...steps: string[]) => page("#/account/acc-1", {}, ...steps);
const onDevices = (world: DemoStart, ...steps: string[]) => page("#/devices/acc-1", world, ...steps);
const adding = (view: AddingView, world: DemoStart = {}) => page("#/adding", { adding: view, ...world });
const withNew = devices.map((one) => (one.this_device ? one : { ...one, paired_at: NOW - 600, may_manage_from: NOW + 85_800 }));
const digits = { stage: "digits", device_name: "Pixel 9", tries_left: null, moving: false } as const;
const typed = (old: string, wanted: string, again: string) => [
  accountIds.pin,
  `${accountIds.pinOld}=${old}`,
  `${accountIds.pinNew}=${wanted}`,
  `${accountIds.pinAgain}=${again}`,
  accountIds.save,
];

const PAIRING_FAILURES: Record<PairingFailure, Remedy> = {
  already_paired: "nothing",
  browser_not_offered: "new_invitation",
  browser_not_opened: "new_invitation",
  confirmation_failed: "new_invitation",
  internal: "try_again",
  invitation_expired: "new_invitation",
  invitation_malformed: "new_invitation",
  invitation_unknown: "new_invitation",
  invitation_used: "new_invitation",
  issuer_untrusted: "ask_operator",
  keyring_locked: "unlock_keyring",
  keyring_missing: "install_keyring",
  keyring_timeout: "try_again",
  offline: "check_connection",
  server_error: "ask_operator",
  version_unsupported: "update_app",
};
const ADDING_FAILURES: AddingFailure[] = [
  "confirmation_failed",
  "denied",
  "expired",
  "not_offered",
  "offline",
  "server_error",
];
const named = (name: string) => name.replaceAll("_", "-");
const waitsInBrowser = { stage: "browser", host: account.issuer.host } as const;

export const PLACES: Record<string, Scenario> = {
  "pair-by-code": { world: { accounts: [] }, hash: "#/pairing", steps: [pairingIds.byCode] },
  "pair-by-browser": { world: { accounts: [] }, hash: "#/pairing", steps: [pairingIds.byBrowser] },
  "pair-browser": { world: { accounts: [], pairing: waitsInBrowser }, hash: "#/pairing" },
  "pair-browser-typing": { world: { accounts: [], pairing: waitsInBrowser }, hash: "#/pairing", steps: [pairingIds.typeCode] },
  "pair-working-keys": {
    world: { accounts: [], pairing: { stage: "working", step: "making_keys" } },
    hash: "#/pairing",
  },
  ...Object.fromEntries(
    Object.entries(PAIRING_FAILURES).map(([code, remedy]): [string, Scenario] => [
      `pair-failed-${named(code)}`,
      { world: { accounts: [], pairing: { stage: "failed", code: code as PairingFailure, remedy } }, hash: "#/pairing" },
    ]),
  ),
  accounts: page("#/accounts"),
  "accounts-empty": { world: { accounts: [] }, hash: "#/accounts" },
  account: onAccount(),
  "account-labelled": page("#/account/acc-2"),
  "account-offline": page("#/account/acc-3"),
  "account-trouble": page("#/account/acc-5"),
  "account-gone": page("#/account/acc-gone"),
  "account-look": onAccount(accountIds.look),
  "account-look-refused": page(
    "#/account/acc-1",
    { refused: { account_customize: { code: "internal" } } },
    accountIds.look,
    accountIds.save,
  ),
  "account-pin": onAccount(accountIds.pin),
  "account-pin-wrong": onAccount(...typed("000000", "493817", "493817")),
  "account-pin-weak": onAccount(...typed("271828", "123456", "123456")),
  "account-pin-different": onAccount(...typed("271828", "493817", "493871")),
  "account-pin-locked": page(
    "#/account/acc-1",
    { refused: { pin_change: { code: "pin_locked" } } },
    ...typed("000000", "493817", "493817"),
  ),
  "account-pin-done": onAccount(...typed("271828", "493817", "493817")),
  "account-key": onAccount(accountIds.key),
  "account-key-wrong": onAccount(accountIds.key, `${accountIds.keyPin}=000000`, accountIds.save),
  "account-key-refused": page(
    "#/account/acc-1",
    { refused: { key_replace: { code: "not_offered" } } },
    accountIds.key,
    `${accountIds.keyPin}=493817`,
    accountIds.save,
  ),
  "account-unpair": onAccount(accountIds.unpair),
  "account-unpair-offline": page("#/account/acc-3", {}, accountIds.unpair),
  "account-unpair-refused": page(
    "#/account/acc-1",
    { refused: { account_unpair: { code: "server_error" } } },
    accountIds.unpair,
    accountIds.unpairYes,
  ),
  devices: onDevices({}),
  "devices-loading": onDevices({ unanswered: ["devices_list"] }),
  "devices-offline": page("#/devices/acc-3"),
  "devices-not-offered": onDevices({ refused: { devices_list: { code: "not_offered" } } }),
  "devices-not-yet": onDevices({ mayManageFrom: NOW + 86_400 }),
  "devices-rename": onDevices({}, deviceIds.rename),
  "devices-rename-refused": onDevices(
    { refused: { device_rename: { code: "offline" } } },
    deviceIds.rename,
    deviceIds.renameSave,
  ),
  "devices-remove": onDevices({}, deviceIds.remove),
  "devices-remove-refused": onDevices(
    { refused: { device_remove: { code: "not_yet", from: NOW + 86_400 } } },
    deviceIds.remove,
    deviceIds.askYes,
  ),
  "devices-lost": onDevices({}, deviceIds.lost),
  "devices-new-other": onDevices({ devices: withNew }),
  "devices-new-both": onDevices({ devices: withNew, mayManageFrom: NOW + 86_400 }),
  "devices-grade": onDevices({ devices: withNew }, deviceIds.grade),
  "devices-grade-refused": onDevices(
    { devices: withNew, refused: { device_grade: { code: "not_offered" } } },
    deviceIds.grade,
    deviceIds.askYes,
  ),
  "devices-opening": onDevices({}, deviceIds.lost, deviceIds.askYes),
  "adding-start": onDevices({}, deviceIds.add),
  "adding-start-refused": onDevices(
    { refused: { adding_start: { code: "not_offered" } } },
    deviceIds.add,
    deviceIds.start,
  ),
  "adding-start-move": onAccount(accountIds.move),
  "adding-under-way": page("#/accounts", { adding: digits }),
  "adding-opening": adding({ stage: "approve", account: account.id, request: "req-late", moving: false }),
  "adding-approve": onDevices({}, deviceIds.add, deviceIds.start),
  "adding-denied": adding(
    { stage: "approve", account: account.id, request: grant.id, moving: false },
    { requests: [{ ...grant, state: { state: "denied", reason: "changed_mind", at: NOW } }] },
  ),
  "adding-making": adding({ stage: "making", moving: false }),
  "adding-invitation": adding(invitation),
  "adding-digits": adding(digits),
  "adding-digits-wrong": {
    ...adding({ ...digits, tries_left: 2 }),
    steps: [`${deviceIds.digits}=000000`, deviceIds.confirm],
  },
  "adding-digits-move": adding({ ...digits, moving: true }),
  "adding-done": adding({ stage: "done", device_name: "Pixel 9", moved: false }),
  "adding-moved": adding({ stage: "done", device_name: "Pixel 9", moved: true }),
  ...Object.fromEntries(
    ADDING_FAILURES.map((why): [string, Scenario] => [`adding-failed-${named(why)}`, adding({ stage: "failed", why })]),
  ),
};
