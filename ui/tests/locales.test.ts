/** The texts as a whole: both languages say the same things, and every one of them is used. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, Visitor, type Message, type VariableReference } from "@fluent/syntax";
import { describe, expect, it } from "vitest";
import { setLanguage, t, type MessageId } from "../src/i18n/i18n.svelte";

const LOCALES = ["en", "ja"] as const;

function messages(locale: string): Map<string, { file: string; variables: Set<string>; source: string }> {
  const found = new Map();
  for (const file of readdirSync(`locales/${locale}`)) {
    const source = readFileSync(`locales/${locale}/${file}`, "utf8");
    for (const entry of parse(source, {}).body) {
      if (entry.type === "Junk") throw new Error(`${locale}/${file}: ${entry.content}`);
      if (entry.type !== "Message") continue;
      const message = entry as Message;
      if (found.has(message.id.name)) throw new Error(`${message.id.name} is there twice in ${locale}`);
      const text = source.slice(message.span?.start ?? 0, message.span?.end ?? 0);
      found.set(message.id.name, { file, variables: variablesOf(message), source: text });
    }
  }
  return found;
}

function variablesOf(message: Message): Set<string> {
  const names = new Set<string>();
  class Collector extends Visitor {
    override visitVariableReference(node: VariableReference): void {
      names.add(node.id.name);
    }
  }
  new Collector().visit(message);
  return names;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "generated" ? [] : sources(path);
    return /\.(ts|svelte)$/.test(entry.name) && !/\.test\.ts$|message-ids\.ts$/.test(entry.name) ? [path] : [];
  });
}

const en = messages("en");
const ja = messages("ja");

describe("locales", () => {
  it("have the same messages in the same files", () => {
    const place = (all: typeof en) => [...all].map(([id, { file }]) => `${file} ${id}`).sort();
    expect(place(ja)).toEqual(place(en));
  });

  it("use the same variables, or fewer where a language leaves one out of a plural", () => {
    for (const [id, { variables }] of en) {
      expect([...(ja.get(id)?.variables ?? [])].sort(), id).toEqual([...variables].sort());
    }
  });

  it("have no message that nothing shows", () => {
    const code = sources("src").map((path) => readFileSync(path, "utf8")).join("\n");
    const unused = [...en.keys()].filter((id) => !code.includes(`"${id}"`));
    expect(unused).toEqual([]);
  });

  it("are what the list of ids was generated from", () => {
    const listed = readFileSync("src/i18n/message-ids.ts", "utf8").matchAll(/\| "([^"]+)"/g);
    expect([...listed].map(([, id]) => id)).toEqual([...en.keys()].sort());
  });

  it("format every message with its variables", () => {
    for (const locale of LOCALES) {
      setLanguage(locale);
      for (const [id, { variables }] of en) {
        for (const count of [0, 1, 3]) {
          const values = Object.fromEntries([...variables].map((name) => [name, count]));
          expect(t(id as MessageId, values), `${id} in ${locale}`).not.toBe("");
        }
      }
    }
  });

  it("follow the rules of writing", () => {
    for (const [id, { source }] of [...en, ...ja]) {
      expect(source, `${id} has three dots instead of an ellipsis`).not.toContain("...");
      expect(source, `${id} has two spaces in a row`).not.toMatch(/\S {2,}\S/);
      expect(source, `${id} uses a word that only engineers know`).not.toMatch(/\b(CIBA|RAR|token|JWS|authenticat)/i);
    }
  });
});
