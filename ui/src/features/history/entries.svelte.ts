/** The part of the history that was looked for, kept while the person reads one entry and comes back. */
import type { Store } from "../../app/store.svelte";
import type { AccountId, HistoryEntryId, HistoryEntryView, HistoryFilter, HistoryListRequest } from "../../generated/contract";
import { toCommandError, type CommandError } from "../../host/bridge";

const kept = new WeakMap<Store, Entries>();

/** The one search of this window. */
export function entriesOf(store: Store): Entries {
  const known = kept.get(store) ?? new Entries(store);
  kept.set(store, known);
  return known;
}

export class Entries {
  text = $state("");
  account = $state<AccountId | null>(null);
  outcome = $state<HistoryFilter | null>(null);
  entries = $state.raw<HistoryEntryView[]>([]);
  more = $state(false);
  /** False until something was read. */
  ready = $state(false);
  failure = $state.raw<CommandError | null>(null);
  #latest = 0;

  constructor(private readonly store: Store) {}

  /** What is looked for. */
  wanted(after: HistoryEntryId | null = null): HistoryListRequest {
    return { text: this.text.trim(), account: this.account, outcome: this.outcome, after };
  }

  /** Reads from the newest, or what comes after all that is shown. */
  async read(after: HistoryEntryId | null = null): Promise<void> {
    const mine = ++this.#latest;
    try {
      const page = await this.store.bridge.call("history_list", this.wanted(after));
      if (mine !== this.#latest) return;
      this.entries = after === null ? page.entries : [...this.entries, ...page.entries];
      this.more = page.more;
      this.failure = null;
      this.ready = true;
    } catch (thrown) {
      if (mine === this.#latest) this.failure = toCommandError(thrown);
    }
  }

  /** Reads on until `id` is among what was read. */
  async seek(id: HistoryEntryId): Promise<void> {
    if (!this.ready) await this.read();
    while (this.failure === null && this.more && !this.entries.some((entry) => entry.id === id))
      await this.read(this.entries.at(-1)?.id);
  }
}
