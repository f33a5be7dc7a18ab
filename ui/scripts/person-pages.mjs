// Walks through the pages that a server shows to people, in Chromium, with the terminal device at hand: pairing by its
// one-time page, and the demo's kiosk with every end that comes without waiting; in both languages and both themes, at
// 320 and 1280 CSS pixels. Fails on accessibility violations, console errors and sideways scrolling. Leaves a picture
// of each page in `screens/person/`.
//
//   node scripts/person-pages.mjs [PATH-TO-tegata-server] [PATH-TO-tegata]     (default: those in ../target/debug)
//
// CHROMIUM names the browser; otherwise the first `chromium` on PATH is used.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { launch } from "./screens/browser.mjs";
import { Looks, startProvider } from "./screens/provider.mjs";

const built = (name) => fileURLToPath(new URL(`../../target/debug/${name}`, import.meta.url));
const [server = built("tegata-server"), device = built("tegata")] = process.argv.slice(2);
const PIN = "482915";
/** Nothing here takes longer, in milliseconds. */
const PATIENCE = 30_000;
const LANGUAGES = { en: "en-US", ja: "ja-JP" };

const looks = new Looks(fileURLToPath(new URL("../screens/person/", import.meta.url)));
const browser = await launch();
try {
  for (const [language, locale] of Object.entries(LANGUAGES)) {
    // A person is asked by one client only so often: each part of the walk has a server of its own.
    await onServer(language, locale, kioskWithoutDevice);
    await onServer(language, locale, begun);
    await onServer(language, locale, async (page, look, provider) => {
      const data = join(provider.folder, "device");
      await pairing(page, look, provider.origin, data);
      await kiosk(page, look, provider.origin, data);
    });
  }
} finally {
  await browser.close();
}
looks.tell();

/** Starts a server and opens a page for a part of the walk, in one language. */
async function onServer(language, locale, walk) {
  const provider = await startProvider(server);
  try {
    const context = await browser.newContext({ locale, viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    looks.watch(page);
    const look = async (name) => {
      assert.equal(await page.locator("html").getAttribute("lang"), language);
      await looks.at(page, `${name}-${language}`);
    };
    await walk(page, look, provider);
    await context.close();
  } finally {
    await provider.stop();
  }
}

/** Nobody has a device yet: the kiosk says what to do first. */
async function kioskWithoutDevice(page, look, { origin }) {
  await page.goto(`${origin}/demo`);
  await page.getByRole("button").first().click();
  await page.locator("main[data-state=unpaired]").waitFor();
  await look("kiosk-unpaired");
}

/** A pairing that the app began: the page that it opens, with and without a session, and what becomes of another device. */
async function begun(page, look, { origin, folder }) {
  // Any key will do: none of the devices here has it.
  const start = `${origin}/pair/start?jkt=${"A".repeat(43)}`;
  await page.goto(`${origin}/pair/start`);
  await look("pair-not-begun");
  await page.goto(start);
  await look("pair-no-session");
  const sessions = [];
  for (let count = 0; count < 2; count += 1) {
    await page.goto(`${origin}/demo/pairing`);
    await page.getByRole("button").first().click();
    await page.getByRole("button").first().click();
    await page.locator("#copy-link").waitFor();
    sessions.push(page.url());
  }
  // The same browser's other tab shows the code that is about to be replaced.
  const other = await page.context().newPage();
  looks.watch(other);
  await other.goto(sessions[1]);
  await page.goto(start);
  // Of one account the newest.
  assert.equal(await page.getByRole("button").count(), 1);
  await look("pair-begin");
  await page.getByRole("button").click();
  const link = page.locator("a#pairing-link");
  await link.waitFor();
  assert.equal(page.url(), sessions[1]);
  await look("pair-hand-over");
  const { searchParams } = new URL(await link.getAttribute("href"));
  await other.locator("a#pairing-link").waitFor({ timeout: PATIENCE });
  await other.close();
  await page.locator("#digits").fill("123456");
  await page.locator("form button").click();
  await page.getByRole("alert").waitFor();
  await look("pair-hand-over-no-device-yet");
  // Somebody else who has the link.
  const stolen = run(
    join(folder, "stranger"),
    ["pair", `${origin}/pair#${searchParams}`, "--yes", "--json", "--name", "stranger", "--pin-fd", "0"],
    PIN,
  );
  await assert.rejects(stolen.ended);
  await page.goto(sessions[1]);
  await page.getByRole("status").waitFor();
  await look("pair-foreign");
}

async function pairing(page, look, origin, data) {
  await page.goto(`${origin}/pair`);
  await look("pair-landing");
  await page.goto(`${origin}/pair/session/nobody`);
  await look("pair-unknown");
  await page.goto(`${origin}/demo/pairing`);
  await look("kiosk-pairing");
  await page.getByRole("button").first().click();
  const once = page.url();
  await look("pair-start");
  await page.getByRole("button").first().click();
  await page.locator("#pairing-link").waitFor();
  const session = page.url();
  await look("pair-invitation");
  const link = await page.locator("#pairing-link").inputValue();
  for (const [digits, state] of [["12", "not-six-digits"], ["123456", "no-device-yet"]]) {
    await page.locator("#digits").fill(digits);
    await page.locator("form button").click();
    await page.getByRole("alert").waitFor();
    await look(`pair-${state}`);
  }
  // The address works once.
  await page.goto(once);
  await page.getByRole("button").first().click();
  await look("pair-used");

  const paired = run(data, ["pair", link, "--yes", "--json", "--name", "phone", "--pin-fd", "0"], PIN);
  const { digits } = await paired.event((line) => "digits" in line);
  await page.goto(session);
  await look("pair-device-waits");
  await page.locator("#digits").fill(digits === "000000" ? "000001" : "000000");
  await page.locator("form button").click();
  await page.getByRole("alert").waitFor();
  await look("pair-wrong-digits");
  await page.locator("#digits").fill(digits);
  await page.locator("form button").click();
  await page.getByRole("link").waitFor();
  await look("pair-done");
  await paired.ended;
  await page.goto(session);
  await look("pair-confirmed");
}

async function kiosk(page, look, origin, data) {
  await page.goto(`${origin}/demo`);
  await look("kiosk-start");
  for (const end of ["approved", "denied"]) {
    await page.goto(`${origin}/demo`);
    await page.getByRole("button").first().click();
    await page.locator("main[data-state=waiting]").waitFor();
    if (end === "approved") await look("kiosk-waiting");
    const code = (await page.locator("[data-testid='demo.code'] .digits").innerText()).replace(/\D/g, "");
    const request = await waiting(data);
    const answer =
      end === "denied"
        ? run(data, ["deny", "--reason", "changed_mind", "--", request])
        : run(data, ["approve", "--json", "--pin-fd", "0", "--code", code, "--", request], PIN);
    await answer.ended;
    await page.locator(`main[data-state=${end}]`).waitFor();
    await look(`kiosk-${end}`);
  }
}

/** The id of the request that waits on the device. */
async function waiting(data) {
  const deadline = Date.now() + PATIENCE;
  while (Date.now() < deadline) {
    const inbox = run(data, ["inbox", "--json"]);
    const { requests } = await inbox.event((line) => "requests" in line);
    await inbox.ended;
    const pending = requests.find(({ status }) => status.state === "pending");
    if (pending) return pending.request;
  }
  throw new Error("no request reaches the device");
}

/** Runs the terminal device. Its events are the JSON values that it prints, a line each. */
function run(data, words, input = "") {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const secret = `${data}.passphrase`;
  writeFileSync(secret, "for this walk alone", { mode: 0o600 });
  const child = spawn(device, ["--data-dir", data, "--passphrase-file", secret, ...words], {
    stdio: ["pipe", "pipe", "inherit"],
    timeout: PATIENCE,
  });
  child.stdin.end(`${input}\n`);
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`tegata ${words[0]} ended with ${code}`))));
  });
  // Whoever waits for an event hears of a bad end there.
  ended.catch(() => {});
  const lines = createInterface({ input: child.stdout });
  const event = (wanted) =>
    new Promise((resolve, reject) => {
      let text = "";
      lines.on("line", (line) => {
        text += line;
        const value = parsed(line) ?? parsed(text);
        if (value && wanted(value)) resolve(value);
      });
      ended.then(() => reject(new Error(`tegata ${words[0]} does not say what it should: ${text}`)), reject);
    });
  return { event, ended };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
