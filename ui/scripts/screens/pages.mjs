// Opens the screens of the demo build.
import { fileURLToPath } from "node:url";

const inPage = fileURLToPath(new URL("in-page.js", import.meta.url));
/** The moment that the fixtures are about. */
const NOW = new Date(Date.UTC(2026, 10, 23, 6, 0, 42));

export const LOCALES = ["en", "ja"];
export const THEMES = ["light", "dark"];
export const PHONE = { width: 390, height: 844 };
/** A screen that has not come within these milliseconds does not come. */
const PATIENCE = 10_000;

/** What a person's input leads to has come when nothing changed for these milliseconds. */
const QUIET = 500;

/** A context in one language. Pages follow the system's theme, which the caller switches. */
export async function newContext(browser, locale, deviceScaleFactor = 1) {
  const context = await browser.newContext({
    viewport: PHONE,
    deviceScaleFactor,
    colorScheme: "light",
    locale: locale === "ja" ? "ja-JP" : "en-US",
    timezoneId: "Asia/Tokyo",
    reducedMotion: "reduce",
  });
  await context.addInitScript({ path: inPage });
  await context.clock.setFixedTime(NOW);
  return context;
}

/** What each page asked for: how often in all, and what it still waits for. */
const asked = new WeakMap();

/** A page whose errors are told to `onProblem`. */
export async function newPage(context, onProblem) {
  const page = await context.newPage();
  const requests = { count: 0, open: new Set() };
  asked.set(page, requests);
  page.on("request", (request) => {
    requests.count += 1;
    requests.open.add(request);
  });
  for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => requests.open.delete(request));
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") onProblem(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => onProblem(`error: ${error.message}`));
  return page;
}

/** Shows a scenario in `page`, from the start of the app. */
export async function show(page, origin, { name, locale, theme = "auto" }) {
  await page.goto(`${origin}/demo.html?scenario=${name}&locale=${locale}&theme=${theme}`);
  await page.waitForFunction(
    (wanted) =>
      document.documentElement.lang === wanted &&
      document.querySelector("[data-testid='app.loading']") === null &&
      document.querySelector("main h1, main [role=status], dialog[open] h1, dialog[open] h2") !== null,
    locale,
  );
  await page.evaluate(() => window.tegataDemo.ready);
  await rest(page, (await page.evaluate(() => window.tegataDemo.led)) ? QUIET : 0);
}

/**
 * Waits until nothing that belongs to the picture is under way. A heading alone does not say so: what covers it, as a
 * dialog, is a part that is loaded after it, which takes as long as the machine is busy.
 */
async function rest(page, quietFor) {
  const requests = asked.get(page);
  for (let before = -1; before !== requests.count; ) {
    before = requests.count;
    for (const request of requests.open) await (await request.response())?.finished();
    if (quietFor > 0) await page.evaluate(quiet, quietFor);
    await settle(page);
  }
}

/** Runs in the page: waits until its elements have been left alone for a while. */
function quiet(milliseconds) {
  return new Promise((done) => {
    const end = () => {
      observer.disconnect();
      done();
    };
    let last = setTimeout(end, milliseconds);
    const observer = new MutationObserver(() => {
      clearTimeout(last);
      last = setTimeout(end, milliseconds);
    });
    observer.observe(document.getElementById("app"), { childList: true, subtree: true, attributes: true });
  });
}

/** Once the page has nothing else to do, two frames are enough for an observer that is going to speak. */
export function settle(page) {
  return page.evaluate(
    () =>
      new Promise((done) =>
        requestIdleCallback(() => requestAnimationFrame(() => requestAnimationFrame(done)), { timeout: 5000 }),
      ),
  );
}

/** The names of all scenarios. */
export async function scenarioNames(context, origin) {
  const page = await context.newPage();
  await page.goto(`${origin}/demo.html`);
  const names = await page.evaluate(() => window.tegataDemo.scenarios);
  await page.close();
  return names;
}
