// Opens every screen of the demo build in Chromium, in both languages and both themes, under the app's own content
// security policy, and fails on anything that a person could stumble over: accessibility violations, console
// errors, refused resources, sideways scrolling. Leaves a picture of each in `screens/`.
//
//   node scripts/screens.mjs [--only PART-OF-A-NAME] [--docs]     (`cargo xtask screens [--docs]` builds first)
//
// `--docs` also writes the pictures that the documentation shows. CHROMIUM names the browser; otherwise the first
// `chromium` on PATH is used. The pages come from a server on a loopback port that the system picks.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { delimiter, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values: options } = parseArgs({
  options: { only: { type: "string", default: "" }, docs: { type: "boolean", default: false } },
});
const root = fileURLToPath(new URL("../dist-demo/", import.meta.url));
const pictures = fileURLToPath(new URL("../screens/", import.meta.url));
const docs = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What the app's window enforces, without the two sources that only its own calls need. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types svelte-trusted-html",
].join("; ");
const TYPES = { ".css": "text/css", ".html": "text/html", ".js": "text/javascript" };
const PHONE = { width: 390, height: 844 };
/** Each screen is also measured here: WCAG's 320 CSS pixels, and a desktop window. */
const OTHER_SIZES = [
  { width: 320, height: 568 },
  { width: 1100, height: 820 },
];
/** The moment that the fixtures are about. */
const NOW = new Date(Date.UTC(2026, 10, 23, 6, 0, 42));
/** What README.md shows. */
const DOCS_PICTURES = [
  { name: "approval-sign-in", locale: "en", theme: "light" },
  { name: "result-approved", locale: "en", theme: "light" },
  { name: "approval-sign-in", locale: "ja", theme: "dark" },
];

const server = createServer((request, response) => {
  const path = normalize(join(root, new URL(request.url, "http://localhost").pathname));
  if (!path.startsWith(root) || !existsSync(path)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    "content-type": `${TYPES[extname(path)] ?? "application/octet-stream"}; charset=utf-8`,
    "content-security-policy": POLICY,
  });
  response.end(readFileSync(path));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const browser = await chromium.launch({
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
  ],
});
const problems = [];
let checked = 0;
try {
  rmSync(pictures, { recursive: true, force: true });
  mkdirSync(pictures, { recursive: true });
  const names = (await scenarioNames()).filter((name) => name.includes(options.only));
  if (names.length === 0) problems.push(`no scenario has "${options.only}" in its name`);
  const looks = ["en", "ja"].flatMap((locale) => ["light", "dark"].map((theme) => ({ locale, theme })));
  await Promise.all(
    looks.map(async ({ locale, theme }) => {
      const context = await newContext(locale, theme);
      for (const name of names) await checkScreen(context, { name, locale, theme });
      await context.close();
    }),
  );
  await checkReadingGate();
  if (options.docs) await writeDocsPictures();
} finally {
  await browser.close();
  server.close();
}

for (const problem of problems) console.error(problem);
console.log(`${checked} screens checked, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

function onPath(name) {
  const found = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)).find(existsSync);
  if (!found) throw new Error(`no ${name} on PATH; set CHROMIUM`);
  return found;
}

async function newContext(locale, theme, deviceScaleFactor = 1) {
  return browser.newContext({
    viewport: PHONE,
    deviceScaleFactor,
    colorScheme: theme,
    locale: locale === "ja" ? "ja-JP" : "en-US",
    timezoneId: "Asia/Tokyo",
    reducedMotion: "reduce",
  });
}

async function scenarioNames() {
  const context = await newContext("en", "light");
  const page = await context.newPage();
  await page.goto(`${origin}/demo.html`);
  const names = await page.evaluate(() => window.tegataDemo.scenarios);
  await context.close();
  return names;
}

async function open(context, { name, locale, theme }, onProblem) {
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") onProblem(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => onProblem(`error: ${error.message}`));
  await page.addInitScript(() => {
    // The app's window does the same before any of our code runs.
    Object.freeze(Object.prototype);
    window.violations = [];
    addEventListener("securitypolicyviolation", (event) =>
      window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
    );
  });
  await page.clock.setFixedTime(NOW);
  await page.goto(`${origin}/demo.html?scenario=${name}&locale=${locale}&theme=${theme}`);
  await page.locator("main h1, main [aria-busy], main [role=status]").first().waitFor();
  await page.locator("[data-testid='app.loading']").waitFor({ state: "detached" });
  await page.waitForFunction(() => window.tegataDemo.ready);
  return page;
}

async function checkScreen(context, screen) {
  const label = `${screen.name} ${screen.locale} ${screen.theme}`;
  const report = (text) => problems.push(`${label}: ${text}`);
  const page = await open(context, screen, report);
  await page.screenshot({ path: join(pictures, `${screen.name}-${screen.locale}-${screen.theme}.png`) });
  for (const size of [PHONE, ...OTHER_SIZES]) {
    await page.setViewportSize(size);
    const [scroll, client] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    if (scroll > client) report(`scrolls sideways at ${size.width} pixels (${scroll} > ${client})`);
  }
  // Tall enough that nothing is hidden behind the bar at the bottom: that bar is meant to cover what scrolls.
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: PHONE.width, height: Math.max(PHONE.height, height + 1) });
  await page.evaluate(axe);
  const result = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }),
  );
  for (const violation of result.violations) {
    const where = violation.nodes.map((node) => `${node.target.join(" ")} ${node.any[0]?.message ?? ""}`).join("; ");
    report(`${violation.id}: ${violation.help}: ${where}`);
  }
  for (const violation of await page.evaluate(() => window.violations)) report(`policy: ${violation}`);
  await page.close();
  checked += 1;
}

/** What only a real layout shows: the gate, the bar that covers, and the focus that must not hide under it. */
async function checkReadingGate() {
  const screen = { name: "approval-sign-in", locale: "en", theme: "light" };
  const report = (text) => problems.push(`reading gate: ${text}`);
  const context = await newContext(screen.locale, screen.theme);
  const page = await open(context, screen, report);
  const at = (testid) => page.locator(`[data-testid="${testid}"]`);
  const hint = async () => (await at("approval.hint").textContent())?.trim();
  const locked = "Scroll to the end to approve";
  // Two frames are enough for an observer that is going to speak.
  const settle = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

  await settle();
  if ((await hint()) !== locked) report("open before anything was scrolled");
  const barHeight = await page.locator("footer").evaluate((bar) => bar.getBoundingClientRect().height);
  await page.evaluate((height) => scrollTo(0, document.documentElement.scrollHeight - innerHeight - height / 2), barHeight);
  await settle();
  if ((await hint()) !== locked) report("open while the end is behind the action bar");
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.waitForFunction(
    (text) => document.querySelector("[data-testid='approval.hint']")?.textContent?.trim() !== text,
    locked,
    { timeout: 5000 },
  ).catch(() => report("closed after the end was on the screen"));

  await page.evaluate(() => scrollTo(0, 0));
  for (const testid of ["approval.code", "approval.pin"]) {
    await at(testid).focus();
    const hidden = await page.evaluate((id) => {
      const field = document.querySelector(`[data-testid="${id}"]`).getBoundingClientRect();
      return field.bottom > document.querySelector("footer").getBoundingClientRect().top;
    }, testid);
    if (hidden) report(`${testid} has the focus behind the action bar`);
  }
  await context.close();
}

async function writeDocsPictures() {
  mkdirSync(docs, { recursive: true });
  for (const screen of DOCS_PICTURES) {
    const context = await newContext(screen.locale, screen.theme);
    const page = await open(context, screen, (text) => problems.push(`${screen.name}: ${text}`));
    await page.screenshot({ path: join(docs, `${screen.name}-${screen.locale}-${screen.theme}.png`) });
    await context.close();
  }
}
