/**
 * A bridge over fixtures, for pictures and tests of screens. It answers as the app would for the few inputs that
 * matter to a screen: PIN `000000` is wrong, transfer code `000000` is wrong, PIN `123456` is weak.
 */
import { CommandError, type Bridge, type CallArguments, type CommandName, type ResponseOf } from "../host/bridge";
import type { Commands } from "../generated/commands";
import type {
  AccountView,
  ConsentRequestView,
  DevicesView,
  InboxView,
  RequestId,
  RequestStateView,
  UiEvent,
} from "../generated/contract";
import { historyFound, historyPage } from "./demo-history";
import { pairingBegun, pairingDigits } from "./demo-pairing";
import { DIGITS, signIn } from "./fixtures";
import { invitation, selfTest } from "./kept";
import * as requests from "./requests";
import { newWorld, type DemoStart, type DemoWorld } from "./world";

type Handlers = { [C in CommandName]: (request: Commands[C]["request"]) => Commands[C]["response"] };

/** What can be had while the screens are covered. */
const WHILE_LOCKED: ReadonlySet<CommandName> = new Set([
  "accounts_list",
  "desktop_state",
  "close_answer",
  "lock_now",
  "lock_open",
  "lock_state",
  "settings_get",
  "start",
]);
/** What asking about a device is about. */
const SUBJECTS = {
  device_add: requests.deviceAdd,
  device_grade: requests.deviceGrade,
  device_key: requests.deviceKey,
  device_remove: requests.deviceRemove,
};

export class DemoBridge implements Bridge {
  /** What was called, oldest first, for tests. */
  readonly calls: Array<{ command: CommandName; request: unknown }> = [];
  readonly world: DemoWorld;
  readonly #listeners = new Map<UiEvent, Set<() => void>>();
  readonly #now: () => number;

  constructor(start: DemoStart = {}, now: () => number = Date.now) {
    this.#now = now;
    this.world = newWorld(start);
  }

  async call<C extends CommandName>(command: C, ...[request]: CallArguments<C>): Promise<ResponseOf<C>> {
    this.calls.push({ command, request });
    const failure = this.world.failure ?? this.world.refused?.[command];
    if (failure) throw new CommandError(failure, "set by the demo");
    if (this.world.unanswered?.includes(command)) return new Promise(() => {});
    if (this.world.lock.locked && !WHILE_LOCKED.has(command)) throw new CommandError({ code: "app_locked" }, "covered");
    const handler = this.#handlers[command] as (request: unknown) => ResponseOf<C>;
    return structuredClone(handler(request ?? null));
  }

  async listen(event: UiEvent, onEvent: () => void): Promise<() => void> {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(onEvent));
    return () => void listeners.delete(onEvent);
  }

  /** Changes the world and says what became stale, as the app would. */
  change(event: UiEvent, change: (world: DemoWorld) => void): void {
    change(this.world);
    for (const listener of this.#listeners.get(event) ?? []) listener();
  }

  readonly #handlers: Handlers = {
    start: () => ({
      info: { version: "0.1.0", system_language: "en" },
      settings: this.world.settings,
      accounts: this.world.accounts,
      inbox: this.world.lock.locked ? { requests: [], blocked: [] } : this.#inbox(),
      lock: this.world.lock,
    }),
    settings_get: () => this.world.settings,
    settings_set: ({ settings }) => (this.world.settings = settings),
    accounts_list: () => this.world.accounts,
    account_unlock: ({ id }) => this.#mend(id),
    account_retry: ({ id }) => this.#mend(id),
    account_customize: ({ id, label, accent, icon }) => Object.assign(this.#account(id), { label, accent, icon }),
    account_unpair: ({ id, only_here }) => {
      if (this.#account(id).connection.state !== "online" && !only_here) throw new CommandError({ code: "offline" }, "offline");
      return (this.world.accounts = this.world.accounts.filter((one) => one.id !== id));
    },
    pin_change: ({ id, old, new: wanted }) => {
      this.#checkPin(old);
      this.#checkNewPin(wanted);
      return this.#account(id);
    },
    pairing_state: () => this.world.pairing,
    pairing_start: ({ input }) => (this.world.pairing = pairingBegun(input)),
    pairing_accept: () => (this.world.pairing = { stage: "set_pin" }),
    pairing_set_pin_and_continue: ({ pin }) => {
      this.#checkNewPin(pin);
      return (this.world.pairing = pairingDigits(this.#now()));
    },
    pairing_cancel: () => (this.world.pairing = { stage: "idle" }),
    inbox_list: () => this.#inbox(),
    request_show: ({ id }) => this.#request(id),
    request_approve: ({ id, transfer, pin }) => {
      const request = this.#request(id);
      this.#checkPin(pin);
      if (transfer === "000000") throw new CommandError({ code: "transfer_mismatch", tries_left: 2 }, "wrong code");
      const { adding } = this.world;
      if (adding.stage === "approve" && adding.request === id)
        this.change("devices_changed", (world) => (world.adding = { ...invitation, moving: adding.moving }));
      return this.#settle(request, { state: "approved", at: this.#seconds(), collected: false });
    },
    request_deny: ({ id, reason }) => {
      const request = this.#request(id);
      const { state } = request;
      const approved = state.state === "approved" || (state.state === "handled" && state.decision === "approve");
      const at = this.#seconds();
      return this.#settle(request, approved ? { state: "reported", at } : { state: "denied", reason, at });
    },
    request_dismiss: ({ id }) => {
      this.world.requests = this.world.requests.filter((request) => request.id !== id);
      this.world.blocked = this.world.blocked.filter((event) => event.id !== id);
      return this.#inbox();
    },
    request_check: ({ id }) => {
      const request = this.#request(id);
      if (request.state.state === "approved") request.state.collected = true;
      if (request.state.state === "needs_check") request.state = { state: "pending", again: true };
      return request;
    },
    shown_request: () => {
      const request = this.world.asked;
      this.world.asked = null;
      return { request };
    },
    history_list: (wanted) => historyPage(this.world, wanted),
    history_verify: () => this.world.verification,
    history_export: ({ id }) => ({ path: `/home/hanako/Downloads/tegata-${id}.json`, entries: 1 }),
    history_export_all: (wanted) => ({
      path: "/home/hanako/Downloads/tegata-history",
      entries: historyFound(this.world, wanted).filter(({ event }) => event.event === "request" && event.receipt !== null).length,
    }),
    devices_list: (of) => this.#devices(of.id),
    device_rename: ({ account: of, name }) => {
      for (const device of this.world.devices) if (device.this_device) device.name = name;
      return this.#devices(of);
    },
    device_remove: ({ account: of, device }) => {
      const found = this.world.devices.find((one) => one.id === device);
      if (!found) throw new CommandError({ code: "not_offered" }, "no such device");
      if (!found.this_device) return { state: "approve", request: this.#ask(of, "device_remove") };
      this.world.accounts = this.world.accounts.filter((one) => one.id !== of);
      return { state: "done" };
    },
    device_grade: ({ account: of, device }) => {
      if (!this.world.devices.some(({ id, may_manage_from }) => id === device && may_manage_from !== null))
        throw new CommandError({ code: "not_offered" }, "no such device");
      return { request: this.#ask(of, "device_grade") };
    },
    key_replace: ({ id, pin }) => {
      this.#checkPin(pin);
      return { request: this.#ask(id, "device_key") };
    },
    adding_state: () => this.world.adding,
    adding_start: ({ account: of, moving }) =>
      (this.world.adding = { stage: "approve", account: of, request: this.#ask(of, "device_add", moving), moving }),
    adding_confirm: ({ digits }) => {
      const { adding } = this.world;
      if (adding.stage !== "digits") throw new CommandError({ code: "pairing_stage" }, "not at the digits");
      const { device_name, moving } = adding;
      if (digits.length !== 6 || [...digits].some((one) => !DIGITS.includes(one)))
        throw new CommandError({ code: "transfer_malformed" }, "not six digits");
      this.world.adding =
        digits === "000000"
          ? { ...adding, tries_left: (adding.tries_left ?? 3) - 1 }
          : { stage: "done", device_name, moved: moving };
      return this.world.adding;
    },
    adding_cancel: () => (this.world.adding = { stage: "idle" }),
    consents_list: ({ id }) => {
      if (this.#account(id).connection.state !== "online") throw new CommandError({ code: "offline" }, "offline");
      return this.world.consents.filter((one) => one.account === id);
    },
    consent_revoke: ({ account: of, consent }) => {
      this.world.consents = this.world.consents.filter((one) => one.id !== consent);
      return this.world.consents.filter((one) => one.account === of);
    },
    self_test_state: () => this.world.selfTest,
    self_test_start: () => (this.world.selfTest = selfTest),
    desktop_state: () => this.world.desktop,
    close_answer: ({ choice, remember }) => {
      this.world.desktop.close_asked = false;
      if (remember && choice !== null) this.world.settings.on_close = choice;
      return this.world.desktop;
    },
    lock_state: () => this.world.lock,
    lock_now: () => (this.world.lock = { locked: true }),
    lock_open: ({ pin }) => {
      this.#checkPin(pin);
      return (this.world.lock = { locked: false });
    },
  };

  #checkPin(pin: string): void {
    if (pin === "000000") throw new CommandError({ code: "pin_wrong", tries_left: 7 }, "wrong PIN");
  }

  #checkNewPin(pin: string): void {
    if (pin === "123456") throw new CommandError({ code: "pin_weak", why: "common" }, "a common PIN");
  }

  #inbox(): InboxView {
    return { requests: this.world.requests, blocked: this.world.blocked };
  }

  #account(id: string): AccountView {
    const found = this.world.accounts.find((one) => one.id === id);
    if (!found) throw new CommandError({ code: "account_unknown" }, "no such account");
    return found;
  }

  #devices(id: string): DevicesView {
    if (this.#account(id).connection.state !== "online") throw new CommandError({ code: "offline" }, "offline");
    return { account: id, devices: this.world.devices, may_manage_from: this.world.mayManageFrom };
  }

  /** Puts a question about a device into the inbox, as the issuer would. */
  #ask(of: string, kind: keyof typeof SUBJECTS, moving = false): RequestId {
    if (this.world.mayManageFrom !== null && kind !== "device_key")
      throw new CommandError({ code: "not_yet", from: this.world.mayManageFrom }, "too new");
    const asked = this.#account(of);
    const { issuer, name } = asked;
    const request = structuredClone(signIn);
    request.id = `req-${kind}`;
    request.received_at = this.#now();
    request.transfer = { kind: "none" };
    Object.assign(request.facts, { account: of, account_name: name, issuer, kind, scopes: [], binding_message: null });
    request.facts.client = { ...request.facts.client, name: issuer.name, host: issuer.host };
    request.facts.device = structuredClone(SUBJECTS[kind].facts.device);
    if (request.facts.device) request.facts.device.moving = moving;
    this.world.requests = [...this.world.requests.filter((one) => one.id !== request.id), request];
    return request.id;
  }

  #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  #request(id: RequestId): ConsentRequestView {
    const request = this.world.requests.find((one) => one.id === id) ?? this.#requestOfHistory(id);
    if (!request) throw new CommandError({ code: "request_unknown" }, "no such request");
    return request;
  }

  /** One that ended long ago, as it can still be shown; back in the list, so that it keeps what becomes of it. */
  #requestOfHistory(id: RequestId): ConsentRequestView | undefined {
    for (const { event } of this.world.history) {
      if (event.event !== "request" || event.request !== id) continue;
      const request = { ...structuredClone(signIn), id, facts: event.facts, state: event.outcome };
      this.world.requests.push(request);
      return request;
    }
    return undefined;
  }

  #settle(request: ConsentRequestView, state: RequestStateView): ConsentRequestView {
    request.state = state;
    return request;
  }

  #mend(id: string): AccountView {
    const found = this.#account(id);
    found.health = { state: "ok" };
    found.connection = { state: "online" };
    return found;
  }
}
