// Walks through the operator's pages of a real server in Chromium with a virtual authenticator, in both languages and
// both themes, at 320 and 1280 CSS pixels: enrols, signs in, adds and removes people, issues a pairing link, suspends a
// client. Fails on accessibility violations, console errors and sideways scrolling. Leaves a picture of each page in
// `screens/operator/`.
//
//   node scripts/operator-pages.mjs [PATH-TO-tegata-server]     (default: ../target/debug/tegata-server)
//
// CHROMIUM names the browser; otherwise the first `chromium` on PATH is used.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { accessibility, launch } from "./screens/browser.mjs";

const program = process.argv[2] ?? fileURLToPath(new URL("../../target/debug/tegata-server", import.meta.url));
const pictures = fileURLToPath(new URL("../screens/operator/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tegata-operator-"));
const data = join(folder, "data");
const problems = [];
let checked = 0;

rmSync(pictures, { recursive: true, force: true });
mkdirSync(pictures, { recursive: true });
const server = spawn(program, ["--data-dir", data, "serve", "--demo", "--listen", "127.0.0.1:0"], {
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  const origin = await listening(server);
  const browser = await launch();
  try {
    await walk(browser, origin);
  } finally {
    await browser.close();
  }
} finally {
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGTERM");
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
console.log(`${checked} pages checked, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function walk(browser, origin) {
  const context = await browser.newContext({ locale: "en", viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  watch(page);
  await addAuthenticator(context, page);

  // Nobody is enrolled: there is nothing to do but to be told how.
  await page.goto(`${origin}/operator`);
  assert.match(await page.locator("main").innerText(), /operator invite/);
  await look(page, "nobody");
  // A passkey is made by the link, which works once.
  const link = (await command("operator", "invite", "--name", "Yamada Hanako")).split("\n")[0];
  await page.goto(link);
  await look(page, "enrol");
  await page.getByRole("button", { name: "Make a passkey" }).click();
  await entered(page, origin);
  const other = await context.newPage();
  await other.goto(link);
  assert.match(await other.locator("main").innerText(), /has been used/);
  await other.close();
  // Out, and in again with the passkey.
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto(`${origin}/operator/sign-in`);
  await look(page, "sign-in");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await entered(page, origin);
  await look(page, "overview");
  // People.
  await page.getByRole("link", { name: "People" }).first().click();
  await page.getByLabel("Login name", { exact: true }).fill("taro");
  await page.locator("#display_name").fill("Suzuki <b>Taro</b>");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  assert.match(await page.locator("[role=status]").innerText(), /taro was added/);
  await look(page, "people");
  await page.getByLabel("Login name", { exact: true }).fill("taro");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  assert.match(await page.locator("[role=alert]").innerText(), /exists already/);
  await look(page, "people-refused", false);
  await page.goto(`${origin}/operator/people/taro`);
  assert.equal(await page.locator("h1").innerText(), "Suzuki <b>Taro</b>");
  await page.getByRole("button", { name: "Issue a pairing link" }).click();
  assert.match(await page.getByLabel("Link", { exact: true }).inputValue(), /\/pair\/session\//);
  await look(page, "pairing-link", false);
  await page.locator("summary").click();
  await page.getByRole("button", { name: "Remove for good" }).click();
  await page.waitForURL(`${origin}/operator/people`);
  assert.ok(!(await page.locator("main").innerText()).includes("taro"));
  // A test account is announced everywhere.
  await page.getByLabel("Login name", { exact: true }).fill("robot");
  await page.getByLabel("For tests").check();
  await page.getByRole("button", { name: "Add", exact: true }).click();
  assert.match(await page.getByRole("note").innerText(), /test accounts/);
  // A request by the demo's kiosk.
  const kiosk = await context.newPage();
  await kiosk.goto(`${origin}/demo`);
  await kiosk.getByRole("button").first().click();
  await kiosk.waitForTimeout(0);
  await page.goto(`${origin}/operator/requests?all=yes`);
  await look(page, "requests");
  await page.locator("tbody a").first().click();
  assert.match(await page.locator(".timeline").innerText(), /Asked/);
  await look(page, "request");
  await kiosk.close();
  await page.goto(`${origin}/operator/devices`);
  await look(page, "devices");
  // Clients.
  await page.goto(`${origin}/operator/clients`);
  await look(page, "clients");
  await page.getByRole("link", { name: "demo-kiosk" }).click();
  await page.getByRole("button", { name: "Suspend" }).click();
  assert.match(await page.locator("main").innerText(), /is suspended/);
  await look(page, "client");
  await page.getByRole("button", { name: "Lift the suspension" }).click();
  await page.goto(`${origin}/operator/log?level=info`);
  assert.match(await page.locator(".log").innerText(), /operator\.signed_in/);
  await look(page, "log");
  await page.goto(`${origin}/operator/people/nobody`);
  await look(page, "not-found", false);
  await withoutScript(browser, context, origin);
  // Whoever is removed is out at once.
  await command("operator", "remove", "Yamada Hanako");
  await page.goto(`${origin}/operator`);
  assert.equal(new URL(page.url()).pathname, "/operator/sign-in");
  await context.close();
}

/** Waits for the first page, or says why it does not come. */
async function entered(page, origin) {
  const first = page.waitForURL(`${origin}/operator`).then(() => "");
  const bad = page.locator("#said.bad").innerText().catch(() => "");
  assert.equal(await Promise.race([first, bad]), "");
}

/** Everything but the passkey works without script, by keyboard, and the language can be switched. */
async function withoutScript(browser, context, origin) {
  const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() });
  const page = await plain.newPage();
  await page.goto(`${origin}/operator/people`);
  await page.locator("#login_name").fill("jiro");
  await page.keyboard.press("Enter");
  assert.match(await page.locator("[role=status]").innerText(), /jiro was added/);
  await page.getByRole("link", { name: "日本語" }).click();
  assert.equal(await page.locator("html").getAttribute("lang"), "ja");
  assert.equal(await page.locator("h1").innerText(), "利用者");
  await plain.close();
}

/** Checks the page that is open in every look, in the language that it has, and leaves a picture of each. */
async function looks(page, name) {
  for (const theme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      await check(page, `${name}-${theme}-${width}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** The same in both languages, unless the page is the answer to a form and cannot be asked for again. */
async function look(page, name, again = true) {
  await looks(page, `${name}-en`);
  if (!again) return;
  const address = page.url();
  await page.getByRole("link", { name: "日本語" }).click();
  assert.equal(page.url(), address);
  await looks(page, `${name}-ja`);
  await page.getByRole("link", { name: "English" }).click();
  assert.equal(page.url(), address);
}

async function check(page, name) {
  checked += 1;
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (sideways > 0) problems.push(`${name}: scrolls sideways by ${sideways} pixels`);
  // The banner of a server with test accounts stands before everything else.
  const violations = await accessibility(page, { region: { enabled: false } });
  for (const violation of violations) problems.push(`${name}: ${violation}`);
}

function watch(page) {
  page.on("console", (message) => {
    const expected = /status of 4(01|04|09|10|22)/.test(message.text());
    if (message.type() === "error" && !expected) problems.push(`console at ${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`script at ${page.url()}: ${error.message}`));
}

async function addAuthenticator(context, page) {
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

async function command(...words) {
  const { stdout } = await promisify(execFile)(program, ["--data-dir", data, ...words]);
  return stdout;
}

async function listening(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    const found = /^listening on (\S+)/.exec(line);
    if (found) return found[1];
  }
  throw new Error("the server did not start");
}
