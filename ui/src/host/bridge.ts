/**
 * The only door out of the screens. Commands ask, events say what became stale; both are typed by the generated
 * contract, so a call site cannot choose its own types. `tauri.ts` implements it in the app's window.
 */
import type { Commands } from "../generated/commands";
import type { ErrorCode, UiError, UiEvent } from "../generated/contract";

export type CommandName = keyof Commands;
export type RequestOf<C extends CommandName> = Commands[C]["request"];
export type ResponseOf<C extends CommandName> = Commands[C]["response"];
/** Commands that take nothing are called with their name alone. */
export type CallArguments<C extends CommandName> = RequestOf<C> extends null ? [] : [request: RequestOf<C>];

export interface Bridge {
  /** Carries out a command. Rejects with a {@link CommandError} and nothing else. */
  call<C extends CommandName>(command: C, ...request: CallArguments<C>): Promise<ResponseOf<C>>;
  /** Calls `onEvent` until the returned function is called. */
  listen(event: UiEvent, onEvent: () => void): Promise<() => void>;
}

/** What went wrong, with what its code carries. */
export type Failure = ErrorCode;

/** A refused command. `failure.code` is what screens act on; the message is for diagnostics only. */
export class CommandError extends Error {
  constructor(
    readonly failure: Failure,
    message: string,
  ) {
    super(message);
    this.name = "CommandError";
  }
}

/** Makes one shape of whatever was thrown, so that screens switch on one thing. */
export function toCommandError(thrown: unknown): CommandError {
  if (thrown instanceof CommandError) return thrown;
  if (isUiError(thrown)) {
    const { message, ...failure } = thrown;
    return new CommandError(failure as Failure, message);
  }
  return new CommandError({ code: "internal" }, thrown instanceof Error ? thrown.message : String(thrown));
}

function isUiError(value: unknown): value is UiError {
  return (
    typeof value === "object" &&
    value !== null &&
    "code" in value &&
    typeof value.code === "string" &&
    "message" in value &&
    typeof value.message === "string"
  );
}
