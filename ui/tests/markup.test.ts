/** Rules for every component that a reader of one component could break unknowingly. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "svelte/compiler";
import { describe, expect, it } from "vitest";

/** Attributes that a person reads. */
const SPOKEN = new Set(["alt", "aria-label", "aria-description", "placeholder", "title"]);

interface Node {
  type: string;
  [key: string]: unknown;
}

function files(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path, pattern) : pattern.test(entry.name) ? [path] : [];
  });
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const one of value) walk(one, visit);
  else if (typeof value === "object" && value !== null) {
    if ("type" in value && typeof value.type === "string") visit(value as Node);
    for (const [key, child] of Object.entries(value)) if (key !== "metadata") walk(child, visit);
  }
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
