// Walks through the operator's pages of a real server in Chromium with a virtual authenticator, in both languages and
// both themes, at 320 and 1280 CSS pixels: enrols, signs in, adds and removes people, issues a pairing link, suspends a
// client. Fails on accessibility violations, console errors and sideways scrolling. Leaves a picture of each page in
// `screens/operator/`.
//
//   node scripts/operator-pages.mjs [PATH-TO-tegata-server]     (default: ../target/debug/tegata-server)
//
// CHROMIUM names the browser; otherwise the first `chromium` on PATH is used.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { launch } from "./screens/browser.mjs";
import { Looks, startProvider } from "./screens/provider.mjs";

const program = process.argv[2] ?? fileURLToPath(new URL("../../target/debug/tegata-server", import.meta.url));
const looks = new Looks(fileURLToPath(new URL("../screens/operator/", import.meta.url)));
const { origin, command, stop } = await startProvider(program);
try {
  const browser = await launch();
  try {
    await walk(browser);
  } finally {
    await browser.close();
  }
} finally {
  await stop();
}
looks.tell();

async function walk(browser) {
  const context = await browser.newContext({ locale: "en", viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  looks.watch(page);
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
  await entered(page);
  const other = await context.newPage();
  await other.goto(link);
  assert.match(await other.locator("main").innerText(), /has been used/);
  await other.close();
  // Out, and in again with the passkey.
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto(`${origin}/operator/sign-in`);
  await look(page, "sign-in");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await entered(page);
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
  await withoutScript(browser, context);
  // Whoever is removed is out at once.
  await command("operator", "remove", "Yamada Hanako");
  await page.goto(`${origin}/operator`);
  assert.equal(new URL(page.url()).pathname, "/operator/sign-in");
  await context.close();
}

/** Waits for the first page, or says why it does not come. */
async function entered(page) {
  const first = page.waitForURL(`${origin}/operator`).then(() => "");
  const bad = page.locator("#said.bad").innerText().catch(() => "");
  assert.equal(await Promise.race([first, bad]), "");
}

/** Everything but the passkey works without script, by keyboard, and the language can be switched. */
async function withoutScript(browser, context) {
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

/** Checks the page that is open, in both languages, unless it is the answer to a form and cannot be asked for again. */
async function look(page, name, again = true) {
  await looks.at(page, `${name}-en`);
  if (!again) return;
  const address = page.url();
  await page.getByRole("link", { name: "日本語" }).click();
  assert.equal(page.url(), address);
  await looks.at(page, `${name}-ja`);
  await page.getByRole("link", { name: "English" }).click();
  assert.equal(page.url(), address);
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
