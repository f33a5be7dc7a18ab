/** The answer that is being given on one approval screen: what was typed, what is missing, what was refused. */
import { toCommandError, type Bridge, type Failure } from "../../host/bridge";
import type { ConsentRequestView, DenialReason } from "../../generated/contract";
import { canonicalCode, codeIn } from "./transfer-code";

/** The fewest digits that a PIN can have. */
export const PIN_MIN_LENGTH = 6;

/** What approving still waits for, in the order in which it is asked for. */
export type Missing = "arming" | "code" | "pin" | "reading";

export class Answer {
  code = $state("");
  pin = $state("");
  /** The end of the question was on the screen. */
  seen = $state(false);
  /** The screen has been there for a moment. */
  armed = $state(false);
  /** A command is under way. */
  busy = $state(false);
  /** Why the last command was refused. Cleared by typing. */
  refusal = $state<Failure | null>(null);
  /** Whether the last command was an approval. */
  approving = $state(false);
  /** How often the question was another one. Reading it and waiting a moment begin anew each time. */
  revision = $state(0);

  readonly #bridge: Bridge;
  readonly #request: () => ConsentRequestView | null;

  constructor(bridge: Bridge, request: () => ConsentRequestView | null) {
    this.#bridge = bridge;
    this.#request = request;
  }

  /** What is asked is not what was asked before: nothing that was done for the other question counts. */
  restart(): void {
    this.code = "";
    this.pin = "";
    this.seen = false;
    this.armed = false;
    this.refusal = null;
    this.revision += 1;
  }

  /** Takes what is in the code field, pasted or typed, and keeps what can be part of a code. */
  typeCode(typed: string): void {
    const transfer = this.#request()?.transfer;
    if (transfer?.kind !== "code") return;
    const { alphabet, length } = transfer;
    this.code = codeIn(typed, alphabet, length) ?? canonicalCode(typed, alphabet, length);
    if (this.refusal?.code.startsWith("transfer_")) this.refusal = null;
  }

  /** Takes what a QR code held. Answers whether that was a code; it is never sent by that alone. */
  scanCode(found: string): boolean {
    const transfer = this.#request()?.transfer;
    const code = transfer?.kind === "code" ? codeIn(found, transfer.alphabet, transfer.length) : null;
    if (code === null) this.refusal = { code: "transfer_malformed" };
    else this.typeCode(code);
    return code !== null;
  }

  /** Takes what is in the PIN field; a full-width keyboard's digits count as digits. */
  typePin(typed: string): void {
    this.pin = typed.normalize("NFKC");
    if (this.refusal?.code.startsWith("pin_")) this.refusal = null;
  }

  /** The first thing that approving still waits for. */
  get missing(): Missing | null {
    const transfer = this.#request()?.transfer;
    if (!this.seen) return "reading";
    if (transfer?.kind === "code" && this.code.length < transfer.length) return "code";
    if (this.pin.length < PIN_MIN_LENGTH) return "pin";
    if (!this.armed) return "arming";
    return null;
  }

  /** Whether pressing Approve would approve. */
  get ready(): boolean {
    return this.missing === null && !this.busy && this.#request()?.deny_only === null;
  }

  /** Approves, if ready. Answers with the request as it then stands, or null when refused. */
  async approve(): Promise<ConsentRequestView | null> {
    const request = this.#request();
    if (!this.ready || request === null) return null;
    const { id, transfer } = request;
    const code = transfer.kind === "code" ? this.code : null;
    this.approving = true;
    return this.#send(() => this.#bridge.call("request_approve", { id, transfer: code, pin: this.pin }));
  }

  /** Denies at once: no PIN, no code, no waiting. Answers as {@link approve} does. */
  async deny(reason: DenialReason): Promise<ConsentRequestView | null> {
    const request = this.#request();
    if (this.busy || request === null) return null;
    const { id } = request;
    this.approving = false;
    return this.#send(() => this.#bridge.call("request_deny", { id, reason }));
  }

  async #send(command: () => Promise<ConsentRequestView>): Promise<ConsentRequestView | null> {
    this.busy = true;
    this.refusal = null;
    try {
      return await command();
    } catch (thrown) {
      this.refusal = toCommandError(thrown).failure;
      if (this.refusal.code === "transfer_mismatch") this.code = "";
      return null;
    } finally {
      this.pin = "";
      this.busy = false;
    }
  }
}
