/**
 * A bridge over fixtures, for pictures and tests of screens. It answers as the app would for the few inputs that
 * matter to a screen: PIN `000000` is wrong, transfer code `000000` is wrong, PIN `123456` is weak.
 */
import { CommandError, type Bridge, type CallArguments, type CommandName, type Failure, type ResponseOf } from "../host/bridge";
import type { Commands } from "../generated/commands";
import type {
  AccountView,
  BlockedRequestView,
  ConsentRequestView,
  HistoryEntryView,
  PairingInput,
  PairingView,
  RequestId,
  RequestStateView,
  SettingsView,
  UiEvent,
} from "../generated/contract";
import { account } from "./fixtures";

/** Everything that the screens can ask for. */
export interface DemoWorld {
  accounts: AccountView[];
  requests: ConsentRequestView[];
  blocked: BlockedRequestView[];
  history: HistoryEntryView[];
  pairing: PairingView;
  settings: SettingsView;
  /** Every command fails with it while it is set. */
  failure?: Failure;
}

type Handlers = { [C in CommandName]: (request: Commands[C]["request"]) => Commands[C]["response"] };

export class DemoBridge implements Bridge {
  /** What was called, oldest first, for tests. */
  readonly calls: Array<{ command: CommandName; request: unknown }> = [];
  readonly world: DemoWorld;
  readonly #listeners = new Map<UiEvent, Set<() => void>>();
  readonly #now: () => number;

  constructor(world: Partial<DemoWorld> = {}, now: () => number = Date.now) {
    this.#now = now;
    this.world = {
      accounts: [account],
      requests: [],
      blocked: [],
      history: [],
      pairing: { stage: "idle" },
      settings: { locale: "auto", theme: "auto" },
      ...structuredClone(world),
    };
  }

  async call<C extends CommandName>(command: C, ...[request]: CallArguments<C>): Promise<ResponseOf<C>> {
    this.calls.push({ command, request });
    if (this.world.failure) throw new CommandError(this.world.failure, "set by the demo");
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
    app_info: () => ({ version: "0.1.0", system_language: "en" }),
    settings_get: () => this.world.settings,
    settings_set: ({ settings }) => (this.world.settings = settings),
    accounts_list: () => this.world.accounts,
    account_unlock: ({ id }) => this.#mend(id),
    account_retry: ({ id }) => this.#mend(id),
    pairing_state: () => this.world.pairing,
    pairing_start: ({ input }) => this.#startPairing(input),
    pairing_accept: () => (this.world.pairing = { stage: "set_pin" }),
    pairing_set_pin_and_continue: ({ pin }) => {
      if (pin === "123456") throw new CommandError({ code: "pin_weak", why: "common" }, "a common PIN");
      return (this.world.pairing = this.#digits());
    },
    pairing_cancel: () => (this.world.pairing = { stage: "idle" }),
    inbox_list: () => ({ requests: this.world.requests, blocked: this.world.blocked }),
    request_show: ({ id }) => this.#request(id),
    request_approve: ({ id, transfer, pin }) => {
      const request = this.#request(id);
      if (pin === "000000") throw new CommandError({ code: "pin_wrong", tries_left: 7 }, "wrong PIN");
      if (transfer === "000000") throw new CommandError({ code: "transfer_mismatch", tries_left: 2 }, "wrong code");
      return this.#settle(request, { state: "approved", at: this.#seconds() });
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
      return { requests: this.world.requests, blocked: this.world.blocked };
    },
    history_list: () => this.world.history,
  };

  #seconds(): number {
    return Math.floor(this.#now() / 1000);
  }

  #request(id: RequestId): ConsentRequestView {
    const request = this.world.requests.find((one) => one.id === id);
    if (!request) throw new CommandError({ code: "request_unknown" }, "no such request");
    return request;
  }

  #settle(request: ConsentRequestView, state: RequestStateView): ConsentRequestView {
    request.state = state;
    return request;
  }

  #mend(id: string): AccountView {
    const found = this.world.accounts.find((one) => one.id === id);
    if (!found) throw new CommandError({ code: "account_unknown" }, "no such account");
    found.health = { state: "ok" };
    found.connection = { state: "online" };
    return found;
  }

  #startPairing(input: PairingInput): PairingView {
    const typed = input.form === "link" ? input.link : input.code;
    const understood = typed.includes("/pair") || /^[0-9A-Z]{4}(-[0-9A-Z]{4}){2}$/.test(typed);
    this.world.pairing = understood
      ? {
          stage: "confirm",
          issuer: account.issuer,
          account_name: account.name,
          root_fingerprint: account.root_fingerprint,
          // A link names the server's key, a code does not.
          first_use: input.form === "code",
        }
      : { stage: "failed", code: "invitation_malformed", remedy: "new_invitation" };
    return this.world.pairing;
  }

  #digits(): PairingView {
    return {
      stage: "digits",
      digits: "427905",
      device_name: account.device_name,
      expires_in: 271,
      received_at: this.#now(),
    };
  }
}
