/**
 * What the Rust side said last. The screens own no state of the device: an event says what became stale, the store
 * asks again, and whatever is shown follows. What every screen may need is kept here; what one screen needs it reads
 * itself, and again whenever `changes` counts an event up.
 */
import { untrack } from "svelte";
import { EVENTS } from "../generated/commands";
import { toCommandError, type Bridge, type CommandError } from "../host/bridge";
import { setLanguage } from "../i18n/i18n.svelte";
import type {
  AccountView,
  AppInfoView,
  DesktopView,
  InboxView,
  LockView,
  PairingView,
  SettingsView,
  UiEvent,
} from "../generated/contract";
import { go } from "./routes.svelte";

/** What is kept here. */
interface Held {
  accounts: AccountView[];
  desktop: DesktopView;
  inbox: InboxView;
  lock: LockView;
  pairing: PairingView;
  settings: SettingsView;
}

/** Which event makes what stale, and which command reads it again. */
const READERS = {
  accounts_changed: ["accounts", "accounts_list"],
  desktop_changed: ["desktop", "desktop_state"],
  inbox_changed: ["inbox", "inbox_list"],
  lock_changed: ["lock", "lock_state"],
  pairing_changed: ["pairing", "pairing_state"],
  settings_changed: ["settings", "settings_get"],
} as const satisfies Partial<Record<UiEvent, readonly [keyof Held, string]>>;
type Reader = keyof typeof READERS;
const readable = (event: UiEvent): event is Reader => event in READERS;

export class Store implements Held {
  accounts = $state.raw<AccountView[]>([]);
  inbox = $state.raw<InboxView>({ requests: [], blocked: [] });
  pairing = $state.raw<PairingView>({ stage: "idle" });
  lock = $state.raw<LockView>({ locked: false });
  info = $state.raw<AppInfoView>({ version: "", system_language: "en" });
  settings = $state.raw<SettingsView>({
    locale: null,
    theme: "auto",
    notifications: true,
    sound: false,
    quiet_hours: null,
    lock_after_minutes: 0,
    unknown_clients: "caution",
    start_at_login: false,
    on_close: "ask",
    protect_content: false,
  });
  desktop = $state.raw<DesktopView>({
    tray: false,
    autostart: false,
    notifications: false,
    content_protection: false,
    camera: false,
    close_asked: false,
  });
  /** False until the first picture can be drawn. */
  ready = $state(false);
  /** Why the first reading failed, if it did. */
  failure = $state.raw<CommandError | null>(null);
  /** How often each event was heard. Reading one in an effect runs the effect again with the next. */
  readonly changes = $state(Object.fromEntries(EVENTS.map((event) => [event, 0])) as Record<UiEvent, number>);

  #latest: Partial<Record<keyof Held, number>> = {};
  #stops: Array<() => void> = [];

  constructor(readonly bridge: Bridge) {}

  /**
   * Reads all that the first picture needs in one call; listens, and reads the rest, once that is shown: `draw` is called
   * as soon as it can be drawn, or its failure, and waited for.
   */
  async start(draw: () => Promise<void> = async () => {}): Promise<void> {
    this.failure = null;
    this.stop();
    // Loads while the app answers, and is the right one for most.
    const guessed = setLanguage(navigator.language);
    try {
      const { info, settings, ...held } = await this.bridge.call("start");
      this.info = info;
      await this.#apply("settings", settings);
      this.show(held);
      this.ready = true;
    } catch (thrown) {
      await guessed;
      this.failure = toCommandError(thrown);
      await draw();
      return;
    }
    await draw();
    this.#stops = await Promise.all(
      EVENTS.map((event) => this.bridge.listen(event, () => void this.refresh(event))),
    );
    // Whatever changed before the listening began.
    await Promise.all(EVENTS.map((event) => this.refresh(event)));
  }

  /** Ends listening. */
  stop(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }

  /** Reads again what `event` made stale. A failure leaves what was known: the next event asks again. */
  async refresh(event: UiEvent): Promise<void> {
    // Counting up reads as well, which must not tie whoever asks to the count.
    untrack(() => (this.changes[event] += 1));
    if (this.lock.locked && (event === "inbox_changed" || event === "pairing_changed" || event === "request_asked")) return;
    try {
      if (readable(event)) {
        const [field, command] = READERS[event];
        const mine = this.#outdate(field);
        const answer = await this.bridge.call(command);
        // Two readings may overlap; only the one that was asked for last may be shown.
        if (this.#latest[field] === mine) await this.#apply(field, answer);
      } else if (event === "request_asked") {
        const { request: id } = await this.bridge.call("shown_request");
        if (id !== null) go({ name: this.inbox.blocked.some((one) => one.id === id) ? "blocked" : "request", id });
      }
    } catch (thrown) {
      console.warn("refresh failed", event, toCommandError(thrown).failure.code);
    }
  }

  /** Shows what a command just answered with. */
  show(views: Partial<Held>): void {
    for (const [field, view] of Object.entries(views) as Array<[keyof Held, Held[keyof Held]]>) {
      this.#outdate(field);
      void this.#apply(field, view);
    }
  }

  #outdate(field: keyof Held): number {
    const next = (this.#latest[field] ?? 0) + 1;
    this.#latest[field] = next;
    return next;
  }

  async #apply(field: keyof Held, view: Held[keyof Held]): Promise<void> {
    const covered = this.lock.locked;
    Object.assign(this, { [field]: view });
    if (field === "settings") {
      const root = document.documentElement;
      if (this.settings.theme === "auto") delete root.dataset["theme"];
      else root.dataset["theme"] = this.settings.theme;
      await setLanguage(this.settings.locale ?? this.info.system_language);
    } else if (covered && !this.lock.locked) {
      await Promise.all(EVENTS.map((event) => this.refresh(event)));
    }
  }
}
