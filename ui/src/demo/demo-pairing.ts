/** A pairing as the app goes through it. */
import type { PairingInput, PairingView } from "../generated/contract";
import { account } from "./fixtures";

/** What a person meets who brings `input`: an address and a code are told by their form alone. */
export function pairingBegun(input: PairingInput): PairingView {
  if (input.form === "browser") return { stage: "browser", host: input.server };
  const typed = input.form === "link" ? input.link : input.code;
  const understood = typed.includes("/pair") || /^[0-9A-Z]{4}(-[0-9A-Z]{4}){2}$/.test(typed);
  if (!understood) return { stage: "failed", code: "invitation_malformed", remedy: "new_invitation" };
  return {
    stage: "confirm",
    issuer: account.issuer,
    account_name: account.name,
    root_fingerprint: account.root_fingerprint,
    // A link names the server's key, a code does not.
    first_use: input.form === "code",
  };
}

/** The digits that are to be typed elsewhere, shown at `now`. */
export function pairingDigits(now: number): PairingView {
  return { stage: "digits", digits: "427905", device_name: account.device_name, expires_in: 271, received_at: now };
}
