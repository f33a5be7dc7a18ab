/** Rules for every component that a reader of one component could break unknowingly. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "svelte/compiler";
import { describe, expect, it } from "vitest";
import { walk, type Node } from "./tree";

/** Attributes that a person reads. */
const SPOKEN = new Set(["alt", "aria-label", "aria-description", "placeholder", "title"]);

function files(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path, pattern) : pattern.test(entry.name) ? [path] : [];
  });
}

/** What breaks a rule in one component's source. */
function faults(source: string): string[] {
  const found: string[] = [];
  walk(parse(source, { modern: true }).fragment, (node) => {
    if (node.type === "Attribute") {
      const name = String(node["name"]);
      const parts = Array.isArray(node["value"]) ? (node["value"] as Node[]) : [];
      if (name === "style") found.push("style attribute, which the content security policy refuses");
      if (SPOKEN.has(name) && parts.some((part) => part.type === "Text")) found.push(`untranslated ${name}`);
      // The words of an attribute are not text of the page.
      for (const part of parts) if (part.type === "Text") part["data"] = "";
    }
    if (node.type === "HtmlTag") found.push("{@html}, which would run what others wrote");
    if (node.type === "Text" && String(node["data"]).trim() !== "") found.push(`bare text "${String(node["data"]).trim()}"`);
  });
  return found;
}

describe("components", () => {
  const components = files("src", /\.svelte$/);

  it("are found", () => {
    expect(components.length).toBeGreaterThan(20);
  });

  it.each(components)("%s has no bare text, no inline style and no raw markup", (path) => {
    expect(faults(readFileSync(path, "utf8"))).toEqual([]);
  });

  it("would be caught breaking each rule", () => {
    expect(faults("<p>Hello</p>")).toEqual(['bare text "Hello"']);
    expect(faults('<p style="color: red"></p>')).toEqual(["style attribute, which the content security policy refuses"]);
    expect(faults('<img alt="A hand" />')).toEqual(["untranslated alt"]);
    expect(faults("{@html words}")).toEqual(["{@html}, which would run what others wrote"]);
  });

  it("stay short enough to read", () => {
    for (const path of components) {
      expect(readFileSync(path, "utf8").split("\n").length, path).toBeLessThanOrEqual(300);
    }
  });
});

/** What would not turn round for a language written from right to left, or not grow with the text. */
function physical(css: string): string[] {
  const rules = css.replace(/\/\*[\s\S]*?\*\//g, "").replace(/@media[^{]*/g, "");
  return [
    ...(rules.match(/(?<![\w-])(left|right|top|bottom|width|height|(min|max)-(width|height))\s*:/g) ?? []),
    ...(rules.match(/(margin|padding|border|inset|scroll-\w+)-(left|right|top|bottom)[\w-]*\s*:/g) ?? []),
    ...(rules.match(/(text-align|float|clear)\s*:\s*(left|right)/g) ?? []),
    ...(rules.match(/(font-size|line-height)\s*:\s*[\d.]+px/g) ?? []),
  ];
}

describe("styles", () => {
  const styles = files("src", /\.(svelte|css)$/);

  it.each(styles)("%s turns round and grows", (path) => {
    const source = readFileSync(path, "utf8");
    expect(physical(path.endsWith(".css") ? source : (/<style>([\s\S]*)<\/style>/.exec(source)?.[1] ?? ""))).toEqual([]);
  });

  it("would be caught doing neither", () => {
    expect(physical("a { margin-left: 1rem; width: 2rem; text-align: left; font-size: 12px }")).toHaveLength(4);
    expect(physical("@media (min-width: 3rem) { a { inline-size: 1rem; border-width: 1px; margin-inline: 0 } }")).toEqual([]);
  });
});

describe("modules", () => {
  const modules = files("src", /\.(ts|svelte)$/);

  it("reach the app's window through src/host alone", () => {
    for (const path of modules.filter((one) => !one.startsWith(join("src", "host")))) {
      expect(readFileSync(path, "utf8"), path).not.toContain("@tauri-apps/");
    }
  });

  it("do no network I/O", () => {
    for (const path of modules) {
      expect(readFileSync(path, "utf8"), path).not.toMatch(/\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon/);
    }
  });

  it("start no timer that runs on, but the one clock that stops while nobody looks", () => {
    for (const path of modules.filter((one) => one !== join("src", "app", "clock.svelte.ts"))) {
      expect(readFileSync(path, "utf8"), path).not.toContain("setInterval(");
    }
  });

  it("keep the demo out of what the app loads", () => {
    for (const path of modules.filter((one) => !one.startsWith(join("src", "demo")) && !one.endsWith(".test.ts"))) {
      expect(readFileSync(path, "utf8"), path).not.toMatch(/from "[^"]*\/demo\//);
    }
  });

  it("keep components free of features", () => {
    for (const path of modules.filter((one) => one.startsWith(join("src", "components")))) {
      expect(readFileSync(path, "utf8"), path).not.toMatch(/from "[^"]*\/features\//);
    }
  });
});
