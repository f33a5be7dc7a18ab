// The browser, and pages that complain: shared by the scripts that open pages.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** The browser that CHROMIUM names, or else the first `chromium` on PATH, with `more` arguments. */
export function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? onPath("chromium"),
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...more,
    ],
  });
}

function onPath(name) {
  const found = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)).find(existsSync);
  if (!found) throw new Error(`no ${name} on PATH; set CHROMIUM`);
  return found;
}

/** Runs axe over the page that is open and answers its violations, a line each. `rules` switches rules. */
export async function accessibility(page, rules = {}) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  const violations = await page.evaluate(
    async ({ runOnly, rules }) => (await window.axe.run(document, { runOnly, rules, resultTypes: ["violations"] })).violations,
    { runOnly: RULES, rules },
  );
  return violations.map((violation) => {
    const where = violation.nodes.map((node) => `${node.target.join(" ")} ${node.any[0]?.message ?? ""}`.trim());
    return `${violation.id}: ${violation.help}: ${where.join("; ")}`;
  });
}
