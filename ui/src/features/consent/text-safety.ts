/**
 * Text of others, looked at once more where it is shown: by the rules of `docs/protocol.md` section 7.4, which the
 * device has applied already, with the same vectors.
 */
import type { Caution, ConsentRequestView, RequestFactsView } from "../../generated/contract";
import { read } from "./details";

const LINE_BREAK = /[\n\r\u0085\u2028\u2029]/;
// The last group shows nothing although its category says that it does.
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/u;
const STACKED = /[\p{Mn}\p{Me}]{4}/u;
const ALIKE = [/\p{sc=Latin}/u, /\p{sc=Greek}/u, /\p{sc=Cyrillic}/u, /\p{sc=Armenian}/u, /\p{sc=Cherokee}/u];

/** Why text cannot be shown whole and unaltered, or null. */
export function defect(text: string): "invisible_character" | "line_break" | "stacked_marks" | null {
  if (LINE_BREAK.test(text)) return "line_break";
  if (INVISIBLE.test(text)) return "invisible_character";
  return STACKED.test(text) ? "stacked_marks" : null;
}

/** Whether one word has letters of alphabets that look alike. */
export function mixesAlphabets(text: string): boolean {
  return text
    .split(/[^\p{Alphabetic}\p{N}]+/u)
    .some((word) => ALIKE.filter((alphabet) => alphabet.test(word)).length > 1);
}

/** Every piece of text in the facts that somebody else wrote. */
function texts(facts: RequestFactsView): string[] {
  const { client, provider, claimed, device, details, scopes, actors } = facts;
  const leaves = details.flatMap((detail) => [
    detail.kind,
    detail.label,
    ...detail.leaves.flatMap((leaf) => [leaf.path, leaf.label, leaf.value]),
  ]);
  return [
    ...[client.name, client.host, facts.binding_message, ...Object.values(claimed), ...facts.resources, ...facts.claims],
    ...[provider?.name, provider?.host, device?.name, device?.platform, device?.old_key, device?.new_key, ...leaves],
    ...scopes.flatMap((scope) => [scope.name, scope.description]),
    ...actors.flatMap((actor) => [actor.name, actor.vouched_by]),
  ].filter((text) => typeof text === "string");
}

/**
 * The request as it may be shown: only to be denied if a text of it cannot be shown as it is, with a caution for letters
 * of several alphabets, and with one for details without a view of their own, of which these screens alone know.
 */
export function reviewed(request: ConsentRequestView): ConsentRequestView {
  const { facts } = request;
  const shown = texts(facts);
  const cautions: Caution[] = facts.cautions.filter((caution) => caution !== "unknown_detail_type");
  if (shown.some(mixesAlphabets) && !cautions.includes("mixed_scripts")) cautions.unshift("mixed_scripts");
  if (facts.details.some((detail) => read(detail).kind === "unknown")) cautions.unshift("unknown_detail_type");
  const unsafe = shown.some((text) => defect(text) !== null);
  return { ...request, facts: { ...facts, cautions }, deny_only: request.deny_only ?? (unsafe ? "text_not_showable" : null) };
}
