// Opens every screen of the demo build in Chromium, in both languages and both themes, under the app's own content
// security policy, and fails on anything that a person could stumble over: accessibility violations, console errors,
// refused resources, sideways scrolling, labels that are cut off, small targets, a focus that cannot be seen; also with
// large text, from right to left and with forced colours. Leaves a picture of each in `screens/`.
//
//   node scripts/screens.mjs [--only PART-OF-A-NAME] [--docs]     (`cargo xtask screens [--docs]` builds first)
//
// `--docs` also writes the pictures that the documentation shows. CHROMIUM names the browser; otherwise the first
// `chromium` on PATH is used.
import { mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { launch } from "./screens/browser.mjs";
import { checkScreen } from "./screens/checks.mjs";
import { checkChosenTheme, checkReadingGate, checkTabOrder } from "./screens/gate.mjs";
import { LOCALES, newContext, newPage, scenarioNames } from "./screens/pages.mjs";
import { checkTheChecks } from "./screens/self-check.mjs";
import { serve } from "./screens/server.mjs";
import { missingFromPage, writeDocs } from "./screens/sheet.mjs";

const { values: options } = parseArgs({
  options: { only: { type: "string", default: "" }, docs: { type: "boolean", default: false } },
});
const pictures = fileURLToPath(new URL("../screens/", import.meta.url));
/** Pages at work at the same time, for each language. */
const PAGES = 2;
/** Screens that the real Tab key goes through. */
const WALKED = ["approval-sign-in", "inbox-several", "settings", "history", "pair-enter", "pair-code", "account-key", "devices-new-other"];
/** How many places of one problem are named. */
const NAMED = 6;

/** What was found, and where: the same problem on many screens is one. */
const problems = new Map();
/** What was shown, to the name of who showed it. */
const pages = new Map();
let done = 0;

const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;
const server = await serve();
const browser = await launch();
try {
  rmSync(pictures, { recursive: true, force: true });
  mkdirSync(pictures, { recursive: true });
  const contexts = await Promise.all(LOCALES.map((locale) => newContext(browser, locale)));
  const names = await scenarioNames(contexts[0], server.origin);
  const chosen = names.filter((name) => name.includes(options.only));
  if (chosen.length === 0) problem(`no scenario has "${options.only}" in its name`, "--only");
  const all = chosen.length * LOCALES.length;
  console.log(`${chosen.length} states in ${LOCALES.length} languages and both themes`);
  await Promise.all(
    LOCALES.flatMap((locale, index) => {
      const waiting = chosen.values();
      return Array.from({ length: PAGES }, () => work(contexts[index], locale, waiting, all));
    }),
  );
  await Promise.all(contexts.map((context) => context.close()));
  if (options.only === "") {
    await checkTheChecks(browser, server, problem);
    await checkReadingGate(browser, server.origin, problem);
    await checkChosenTheme(browser, server.origin, problem);
    await checkTabOrder(browser, server.origin, WALKED, problem);
  }
  if (options.docs) await writeDocs(browser, server, chosen, pictures, problem);
  for (const name of missingFromPage(chosen)) {
    problem("is not on the sheets: run `cargo xtask screens --docs`", name);
  }
} finally {
  await browser.close();
  server.close();
}
for (const [text, places] of problems) {
  const further = places.size > NAMED ? ` and ${places.size - NAMED} more` : "";
  console.error(`${text}\n    ${[...places].slice(0, NAMED).join(", ")}${further}`);
}
console.log(`${done} screens checked in ${seconds()}, ${problems.size} problems`);
process.exitCode = problems.size === 0 ? 0 : 1;

/** Takes one scenario after the other off the list that its colleagues share. */
async function work(context, locale, waiting, all) {
  let name = "";
  const report = (text, where = "console") => problem(text, `${name} ${locale} (${where})`);
  const page = await newPage(context, report);
  for (name of waiting) {
    try {
      const shown = await checkScreen(page, server.origin, { name, locale }, pictures, report);
      const same = `${locale} ${shown}`;
      // A state that looks like another one says nothing of its own.
      if (pages.has(same)) report(`shows the same as ${pages.get(same)}`, "page");
      pages.set(same, name);
    } catch (error) {
      report(`cannot be checked: ${error.message.split("\n")[0]}`, "script");
    }
    done += 1;
    if (done % 20 === 0) console.log(`  ${done} of ${all} after ${seconds()}, ${problems.size} problems`);
  }
  await page.close();
}

function problem(text, place) {
  problems.set(text, (problems.get(text) ?? new Set()).add(place));
}
