/** The bridge in the app's window. */
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { UiEvent } from "../generated/contract";
import { toCommandError, type Bridge, type CallArguments, type CommandName, type ResponseOf } from "./bridge";

export class TauriBridge implements Bridge {
  async call<C extends CommandName>(command: C, ...[request]: CallArguments<C>): Promise<ResponseOf<C>> {
    try {
      return await invoke<ResponseOf<C>>(command, request === undefined ? {} : { request });
    } catch (thrown) {
      throw toCommandError(thrown);
    }
  }

  listen(event: UiEvent, onEvent: () => void): Promise<() => void> {
    return listen(event, () => onEvent());
  }
}
