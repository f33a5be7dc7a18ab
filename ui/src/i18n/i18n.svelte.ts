/**
 * Text by id. Both languages are built in, so switching needs no I/O. Inserted values stay wrapped in bidi isolates
 * (Fluent's default): a client's name cannot reorder our sentence.
 *
 * To add a language: add its folder under `locales/`, a line in `SOURCES`, the variant in the contract's
 * `LocaleChoice` and `Language`, and its entry in the settings.
 */
import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";
import type { Language } from "../generated/contract";
import enApp from "../../locales/en/app.ftl?raw";
import enConsent from "../../locales/en/consent.ftl?raw";
import enHistory from "../../locales/en/history.ftl?raw";
import enPairing from "../../locales/en/pairing.ftl?raw";
import enScan from "../../locales/en/scan.ftl?raw";
import enSettings from "../../locales/en/settings.ftl?raw";
import jaApp from "../../locales/ja/app.ftl?raw";
import jaConsent from "../../locales/ja/consent.ftl?raw";
import jaHistory from "../../locales/ja/history.ftl?raw";
import jaPairing from "../../locales/ja/pairing.ftl?raw";
import jaScan from "../../locales/ja/scan.ftl?raw";
import jaSettings from "../../locales/ja/settings.ftl?raw";
import type { MessageId } from "./message-ids";

export type { MessageId } from "./message-ids";
export type MessageArguments = Record<string, FluentVariable>;

const SOURCES: Record<Language, string[]> = {
  en: [enApp, enConsent, enHistory, enPairing, enScan, enSettings],
  ja: [jaApp, jaConsent, jaHistory, jaPairing, jaScan, jaSettings],
};

const bundles = new Map<Language, FluentBundle>();
let current = $state<Language>("en");

/** The language that is shown. Reading it in a template follows later changes. */
export function language(): Language {
  return current;
}

/** Shows every screen in `next` and tells assistive technology. */
export function setLanguage(next: Language): void {
  current = next;
  document.documentElement.lang = next;
}

/** The text for `id`. A missing id or variable is a bug and throws; a test walks all of them. */
export function t(id: MessageId, values: MessageArguments = {}): string {
  const bundle = bundleFor(current);
  const pattern = bundle.getMessage(id)?.value;
  if (!pattern) throw new Error(`no text for ${id} in ${current}`);
  const errors: Error[] = [];
  const text = bundle.formatPattern(pattern, values, errors);
  if (errors[0]) throw errors[0];
  return text;
}

function bundleFor(wanted: Language): FluentBundle {
  const known = bundles.get(wanted);
  if (known) return known;
  const bundle = new FluentBundle(wanted);
  for (const source of SOURCES[wanted]) {
    const [error] = bundle.addResource(new FluentResource(source));
    if (error) throw error;
  }
  bundles.set(wanted, bundle);
  return bundle;
}
