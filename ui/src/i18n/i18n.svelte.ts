/**
 * Text by id, in the one language that is loaded. To add a language, add its folder under `locales/`; nothing else
 * names languages.
 */
import languages from "virtual:languages";
import type { MessageId } from "./message-ids";
import { Filler, type Pattern, type Values } from "./pattern";

export type { MessageId } from "./message-ids";

interface Loaded {
  tag: string;
  texts: Record<string, Pattern>;
  /** Of the two parts of its texts. */
  parts: 1 | 2;
  filler: Filler;
}

const loaded = new Map<string, Loaded>();
let current = $state.raw<Loaded>();
let wanted = "en";
let parts: Loaded["parts"] = 1;

/** Every language there is, by its own name. */
export const LANGUAGES = Object.entries(languages).map(([tag, { name }]) => ({ tag, name }));

/** The language that is shown; empty before the first is loaded. Reading it in a template follows later changes. */
export function language(): string {
  return current?.tag ?? "";
}

/** Shows every screen in the language nearest to `asked` and tells assistive technology. */
export async function setLanguage(asked: string): Promise<void> {
  wanted = [asked, asked.split(/[-_]/)[0] ?? ""].find((one) => one in languages) ?? "en";
  await show(wanted);
}

/** Loads the texts that a start and a request do without. */
export async function loadAllTexts(): Promise<void> {
  parts = 2;
  await show(wanted);
}

async function show(tag: string): Promise<void> {
  const entry = languages[tag];
  if (!entry) throw new Error("there is no English");
  let next = loaded.get(tag);
  if (!next || next.parts < parts) {
    const count = parts;
    const texts = await Promise.all(entry.load.slice(0, count).map((load) => load()));
    next = { tag, texts: Object.assign({}, ...texts.map((part) => part.default)), parts: count, filler: new Filler(tag) };
    loaded.set(tag, next);
  }
  // Whatever loads last, the one that was asked for last is shown.
  if (wanted !== tag || next.parts < parts) return;
  current = next;
  document.documentElement.lang = tag;
  document.documentElement.dir = entry.direction;
}

/** The text for `id`. A missing id or variable is a bug and throws; a test walks all of them. */
export function t(id: MessageId, values: Values = {}): string {
  const pattern = current?.texts[id];
  if (!current || pattern === undefined) throw new Error(`no text for ${id} in ${language()}`);
  return current.filler.fill(pattern, values);
}
