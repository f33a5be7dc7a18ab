/**
 * What the Rust side said last. The screens own no state of the device: an event says what became stale, the store
 * asks again, and whatever is shown follows.
 */
import { toCommandError, type Bridge, type CommandError } from "../host/bridge";
import { setLanguage } from "../i18n/i18n.svelte";
import type {
  AccountView,
  AppInfoView,
  HistoryEntryView,
  InboxView,
  PairingView,
  SettingsView,
  UiEvent,
} from "../generated/contract";

export class Store {
  accounts = $state<AccountView[]>([]);
  inbox = $state<InboxView>({ requests: [], blocked: [] });
  history = $state<HistoryEntryView[]>([]);
  pairing = $state<PairingView>({ stage: "idle" });
  settings = $state<SettingsView>({ locale: "auto", theme: "auto" });
  info = $state<AppInfoView>({ version: "", system_language: "en" });
  /** False until everything was read once. */
  ready = $state(false);
  /** Why the first reading failed, if it did. */
  failure = $state<CommandError | null>(null);
  /** Counts changes of the inbox, so that a screen can follow one request through them. */
  inboxRevision = $state(0);

  readonly #bridge: Bridge;
  #latest: Partial<Record<UiEvent, number>> = {};
  #stops: Array<() => void> = [];

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  get bridge(): Bridge {
    return this.#bridge;
  }

  /** Listens first and reads then, so that no change falls between the two. */
  async start(): Promise<void> {
    this.failure = null;
    // Until the app answers, the web view's own language is the best guess.
    setLanguage(navigator.language.startsWith("ja") ? "ja" : "en");
    try {
      const events = Object.keys(this.#readers) as UiEvent[];
      this.stop();
      // What never changes need not wait for the listening.
      [this.#stops, this.info] = await Promise.all([
        Promise.all(events.map((event) => this.#bridge.listen(event, () => void this.refresh(event)))),
        this.#bridge.call("app_info"),
      ]);
      await Promise.all(events.map((event) => this.#read(event)));
      this.ready = true;
    } catch (thrown) {
      this.failure = toCommandError(thrown);
    }
  }

  /** Ends listening. */
  stop(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }

  /** Reads again what `event` made stale. A failure leaves what was known: the next event asks again. */
  async refresh(event: UiEvent): Promise<void> {
    try {
      await this.#read(event);
    } catch (thrown) {
      console.warn("refresh failed", event, toCommandError(thrown).failure.code);
    }
  }

  /** Shows what a command just answered with. */
  show(view: { inbox: InboxView } | { pairing: PairingView } | { settings: SettingsView }): void {
    if ("inbox" in view) {
      this.#outdate("inbox_changed");
      this.inbox = view.inbox;
    } else if ("pairing" in view) {
      this.#outdate("pairing_changed");
      this.pairing = view.pairing;
    } else {
      this.#outdate("settings_changed");
      this.#applySettings(view.settings);
    }
  }

  readonly #readers: Record<UiEvent, () => Promise<() => void>> = {
    accounts_changed: async () => {
      const answer = await this.#bridge.call("accounts_list");
      return () => (this.accounts = answer);
    },
    history_changed: async () => {
      const answer = await this.#bridge.call("history_list");
      return () => (this.history = answer);
    },
    inbox_changed: async () => {
      const answer = await this.#bridge.call("inbox_list");
      return () => {
        this.inbox = answer;
        this.inboxRevision += 1;
      };
    },
    pairing_changed: async () => {
      const answer = await this.#bridge.call("pairing_state");
      return () => (this.pairing = answer);
    },
    settings_changed: async () => {
      const answer = await this.#bridge.call("settings_get");
      return () => this.#applySettings(answer);
    },
  };

  /** Two readings may overlap; only the one that was asked for last may be shown. */
  async #read(event: UiEvent): Promise<void> {
    const mine = this.#outdate(event);
    const apply = await this.#readers[event]();
    if (this.#latest[event] === mine) apply();
  }

  #outdate(event: UiEvent): number {
    const next = (this.#latest[event] ?? 0) + 1;
    this.#latest[event] = next;
    return next;
  }

  #applySettings(settings: SettingsView): void {
    this.settings = settings;
    setLanguage(settings.locale === "auto" ? this.info.system_language : settings.locale);
    const root = document.documentElement;
    if (settings.theme === "auto") delete root.dataset["theme"];
    else root.dataset["theme"] = settings.theme;
  }
}
