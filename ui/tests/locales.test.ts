/** The texts as a whole: all languages say the same things, every one of them is used, and all of them fit. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { FluentBundle, FluentResource } from "@fluent/bundle";
import { parse, Visitor, type Message, type VariableReference } from "@fluent/syntax";
import { parse as parseComponent } from "svelte/compiler";
import { describe, expect, it } from "vitest";
import { AT_START, compile, languages, OUTSIDE, pseudo } from "../scripts/languages.ts";
import { PLACES } from "../src/app/places";
import { LANGUAGES, setLanguage, t, type MessageId } from "../src/i18n/i18n.svelte";
import { Filler } from "../src/i18n/pattern";
import { walk } from "./tree";

const LOCALES = readdirSync("locales");
/** What a language says about itself; no screen asks for it by id. */
const ABOUT = new Set(["language-name", "language-direction"]);
/** Whether a screen can ask for it. */
const onScreens = ([id, { file }]: [string, Source]) => !ABOUT.has(id) && file !== OUTSIDE;

interface Source {
  file: string;
  variables: Set<string>;
  source: string;
}

function messages(locale: string): Map<string, Source> {
  const found = new Map<string, Source>();
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

/** Ids of texts inside buttons and links that look like them. */
function buttonLabels(): Set<string> {
  const ids = new Set<string>();
  for (const path of sources("src").filter((one) => one.endsWith(".svelte"))) {
    walk(parseComponent(readFileSync(path, "utf8"), { modern: true }).fragment, (node) => {
      const text = JSON.stringify(node["attributes"] ?? null);
      if (node["name"] !== "button" && !(node["name"] === "a" && /"button/.test(text))) return;
      walk(node["fragment"], (inner) => {
        const id = String(inner["value"]);
        if (inner.type === "Literal" && en.has(id)) ids.add(id);
      });
    });
  }
  return ids;
}

/** Roughly, in ems of a bold system font: what is as wide as it is high counts 1. */
function width(text: string): number {
  return [...text].reduce((sum, one) => sum + (one.codePointAt(0)! > 0x2e7f ? 1 : 0.56), 0);
}

const en = messages("en");
const all = new Map(LOCALES.map((locale) => [locale, messages(locale)]));

describe.each(LOCALES)("the language %s", (locale) => {
  const own = all.get(locale) ?? new Map<string, Source>();

  it("has the same messages in the same files as English", () => {
    const place = (texts: typeof en) => [...texts].map(([id, { file }]) => `${file} ${id}`).sort();
    expect(place(own)).toEqual(place(en));
  });

  it("uses the same variables", () => {
    for (const [id, { variables }] of en) {
      expect([...(own.get(id)?.variables ?? [])].sort(), id).toEqual([...variables].sort());
    }
  });

  it("says every message as Fluent itself would", async () => {
    await setLanguage(locale);
    const bundle = new FluentBundle(locale);
    for (const file of readdirSync(`locales/${locale}`))
      bundle.addResource(new FluentResource(readFileSync(`locales/${locale}/${file}`, "utf8")));
    for (const [id, texts] of en) {
      const { variables } = texts;
      if (!onScreens([id, texts])) continue;
      for (const value of [0, 1, 3, 1_234_567, "name", "1"]) {
        const values = Object.fromEntries([...variables].map((name) => [name, value]));
        const expected = bundle.formatPattern(bundle.getMessage(id)?.value ?? "", values);
        expect(t(id as MessageId, values), id).toBe(expected);
        expect(expected, id).not.toBe("");
      }
    }
  });

  it("follows the rules of writing", () => {
    for (const [id, { source }] of own) {
      expect(source, `${id} has three dots instead of an ellipsis`).not.toContain("...");
      expect(source, `${id} has two spaces in a row`).not.toMatch(/\S {2,}\S/);
      expect(source, `${id} has a straight quotation mark`).not.toMatch(/['"]/);
      expect(source, `${id} uses a word that only engineers know`).not.toMatch(/\b(CIBA|RAR|token|JWS|authenticat)/i);
    }
  });

  it("is short where there is little room", () => {
    const texts = compile(`locales/${locale}`);
    const label = (id: string) => JSON.stringify(texts[id]).replace(/\[?"|"\]?|\[\[?/g, "");
    // A phone of 320 pixels: the places share its width, and a button has 15 em of it for each of two lines.
    for (const { label: id } of PLACES) expect(width(label(id)) * 14, id).toBeLessThanOrEqual(320 / PLACES.length);
    const labels = buttonLabels();
    expect(labels.size).toBeGreaterThan(30);
    for (const id of labels) {
      expect(width(label(id)), id).toBeLessThanOrEqual(30);
      for (const word of label(id).split(/\s/)) if (!/[\u2e80-\uffff]/.test(word)) expect(width(word), id).toBeLessThanOrEqual(15);
    }
  });
});

describe("the texts", () => {
  it("are all used", () => {
    const code = sources("src").map((path) => readFileSync(path, "utf8")).join("\n");
    const unused = [...en].filter(onScreens).flatMap(([id]) => (code.includes(`"${id}"`) ? [] : [id]));
    expect(unused).toEqual([]);
  });

  it("are what the list of ids was generated from", () => {
    const listed = readFileSync("src/i18n/message-ids.ts", "utf8").matchAll(/\| "([^"]+)"/g);
    expect([...listed].map(([, id]) => id)).toEqual([...en].filter(onScreens).map(([id]) => id).sort());
  });

  it("come in every language that has a folder, under its own name, and fall back to English", async () => {
    expect(LANGUAGES.map(({ tag }) => tag)).toEqual([...LOCALES].sort());
    for (const { tag, name } of LANGUAGES) expect(all.get(tag)?.get("language-name")?.source).toContain(name);
    for (const [asked, shown] of [["ja-JP", "ja"], ["ja_JP", "ja"], ["en-GB", "en"], ["tlh", "en"], ["", "en"]] as const) {
      await setLanguage(asked);
      expect(document.documentElement.lang, asked).toBe(shown);
    }
  });

  it("that a start and a request show come with the start", () => {
    const seen = new Set<string>();
    const follow = (path: string) => {
      if (seen.has(path)) return;
      seen.add(path);
      // Types are gone by then, and what `import()` loads brings its texts along.
      for (const [, to] of readFileSync(path, "utf8").matchAll(/^\s*(?:import|export) (?!type\b)[^;]*?"(\.[^"]+)";/gm)) {
        const at = join(dirname(path), to ?? "");
        const file = [at, `${at}.ts`, join(at, "index.ts")].find((one) => /\.(ts|svelte)$/.test(one) && existsSync(one));
        if (file) follow(file);
      }
    };
    for (const name of ["RequestScreen", "BlockedScreen"]) follow(`src/features/consent/${name}.svelte`);
    for (const name of ["start.ts", "Lock.svelte"]) follow(`src/app/${name}`);
    expect(seen.size).toBeGreaterThan(40);
    const late = [...en].filter(([, { file }]) => !AT_START.includes(file) && file !== OUTSIDE).map(([id]) => id);
    const code = [...seen].filter((path) => !path.endsWith("message-ids.ts")).map((path) => readFileSync(path, "utf8")).join("\n");
    expect(late.filter((id) => code.includes(`"${id}"`))).toEqual([]);
  });

  it("are stretched in the demo alone", () => {
    const list = (demo: boolean) => {
      const { load } = languages("locales", demo);
      if (typeof load !== "function") throw new Error("the plugin loads nothing");
      return String(load.call({} as never, "\0virtual:languages"));
    };
    expect(list(true)).toContain("ar-XB");
    expect(list(false)).not.toMatch(/ar-XB|Pseudo/);
    expect(LANGUAGES.map(({ tag }) => tag)).not.toContain("ar-XB");
  });

  it("stay whole when they are stretched for a look at long ones", () => {
    const stretched = pseudo(compile("locales/en"));
    const filler = new Filler("ar-XB");
    expect(filler.fill(stretched["nav-waiting"] ?? "", { count: 1 })).toContain("waa\u0301ii\u0301tii\u0301ng");
    expect(stretched["language-direction"]).toBe("rtl");
  });

  it("refuse to be shown without their values", () => {
    expect(() => t("nav-waiting")).toThrow("no value for count");
  });
});
