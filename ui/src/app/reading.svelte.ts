/** What one screen alone shows: a command's answer, read again whenever an event says that it is stale. */
import type { UiEvent } from "../generated/contract";
import { toCommandError, type CallArguments, type CommandName, type Failure, type ResponseOf } from "../host/bridge";
import { useStore } from "./context";

export interface Reading<T> {
  /** The newest answer; kept while reading again fails. */
  readonly view: T | null;
  /** Why the newest reading failed, if it did. */
  readonly failure: Failure | null;
  /** Reads again now. */
  read(): Promise<void>;
  /** Shows what another command just answered with, which is newer than any reading under way. */
  show(view: T): void;
}

/** Reads `command` for as long as the component lives that is being set up. */
export function useReading<C extends CommandName>(
  event: UiEvent,
  command: C,
  request: () => CallArguments<C>,
): Reading<ResponseOf<C>> {
  const store = useStore();
  let view = $state.raw<ResponseOf<C> | null>(null);
  let failure = $state.raw<Failure | null>(null);
  let latest = 0;

  async function read(): Promise<void> {
    const mine = ++latest;
    try {
      const answer = await store.bridge.call(command, ...request());
      if (mine === latest) show(answer);
    } catch (thrown) {
      if (mine === latest) failure = toCommandError(thrown).failure;
    }
  }

  function show(answer: ResponseOf<C>): void {
    latest += 1;
    view = answer;
    failure = null;
  }

  $effect(() => {
    void store.changes[event];
    void read();
  });
  return {
    get view() {
      return view;
    },
    get failure() {
      return failure;
    },
    read,
    show,
  };
}
