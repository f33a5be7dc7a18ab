// Lets the scanner of the demo build read real codes in Chromium, under the content security policy of the app's window: a
// film of a code as the camera, pictures that are chosen, dropped and pasted, a picture without a code, a refused
// camera. Fails on console errors and refused resources too.
//
//   node scripts/scanner.mjs     (after `vite build --mode demo`)
//
// CHROMIUM names the browser; otherwise the first `chromium` on PATH is used.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import encodeQR from "qr";
import { launch } from "./screens/browser.mjs";
import { newContext, newPage, show } from "./screens/pages.mjs";
import { serve } from "./screens/server.mjs";

const LINK = "https://id.kawabe.example/pair#v=1&i=https%3A%2F%2Fid.kawabe.example&c=7K3M9QTXV2HC&k=qFJr0dBVn1sY3lMZb6kX8ZcQ0wUu2mT5yHn4oKe7R1A";
const folder = mkdtempSync(join(tmpdir(), "tegata-scanner-"));
const film = join(folder, "code.y4m");
writeFileSync(film, filmOf(encodeQR(LINK, "raw", { border: 4 }), 640, 480, 6));

const server = await serve();
const browser = await launch(["--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${film}`]);
const problems = [];
let checked = 0;
try {
  await check("camera", ["camera"], async (page, at) => {
    await at("scan.camera").click();
    await at("pair.host").waitFor();
    const live = await page.evaluate(() => document.querySelector("video") !== null);
    assert.equal(live, false, "the camera is still shown");
    await linkArrived(page);
  });
  await check("chosen picture", [], async (page, at) => {
    const buffer = Buffer.from(await pictureOf(page, LINK, 3), "base64");
    await at("scan.file").setInputFiles({ name: "code.png", mimeType: "image/png", buffer });
    await at("pair.host").waitFor();
    await linkArrived(page);
  });
  for (const name of ["drop", "paste"])
    await check(`${name} of a picture`, [], async (page, at) => {
      await bring(page, name, await pictureOf(page, LINK, 4));
      await at("pair.host").waitFor();
      await linkArrived(page);
    });
  await check("picture without a code", [], async (page, at) => {
    await bring(page, "paste", await pictureOf(page, "", 4));
    assert.equal(await at("scan.trouble").getAttribute("data-trouble"), "no_code");
  });
  await check("something that is no picture", [], async (page, at) => {
    await bring(page, "drop", Buffer.from("no picture").toString("base64"));
    assert.equal(await at("scan.trouble").getAttribute("data-trouble"), "not_a_picture");
  });
  await check("refused camera", [], async (_, at) => {
    await at("scan.camera").click();
    assert.equal(await at("scan.trouble").getAttribute("data-trouble"), "camera_refused");
  });
} finally {
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
console.log(`${checked} ways of scanning checked, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Opens the scanner and lets `use` bring it something. */
async function check(name, permissions, use) {
  const context = await newContext(browser, "en");
  await context.grantPermissions(permissions);
  const page = await newPage(context, (text) => problems.push(`${name}: ${text}`));
  try {
    await show(page, server.origin, { name: "pair-scan", locale: "en" });
    await use(page, (testid) => page.locator(`[data-testid="${testid}"]`));
  } catch (error) {
    problems.push(`${name}: ${error.message}`);
  }
  await context.close();
  checked += 1;
}

/** What the scanner found went to the app unchanged. */
async function linkArrived(page) {
  const { request } = await page.evaluate(() =>
    window.tegataDemo.bridge.calls.find(({ command }) => command === "pairing_start"),
  );
  assert.deepEqual(request, { input: { form: "link", link: LINK } });
}

/** A PNG, base64, drawn by the browser: the code of `text`, or an empty page without one. */
async function pictureOf(page, text, scale) {
  const modules = text === "" ? Array(40).fill(Array(40).fill(false)) : encodeQR(text, "raw", { border: 4 });
  return page.evaluate(
    async ({ modules, scale }) => {
      const canvas = new OffscreenCanvas(modules.length * scale, modules.length * scale);
      const context = canvas.getContext("2d");
      modules.forEach((row, y) =>
        row.forEach((dark, x) => {
          context.fillStyle = dark ? "#000" : "#fff";
          context.fillRect(x * scale, y * scale, scale, scale);
        }),
      );
      const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
      return btoa(String.fromCharCode(...bytes));
    },
    { modules, scale },
  );
}

/** Drops or pastes a file. */
async function bring(page, name, base64) {
  await page.evaluate(
    ({ name, base64 }) => {
      const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], "code.png", { type: "image/png" }));
      const init = { bubbles: true, cancelable: true };
      document.querySelector("dialog").dispatchEvent(
        name === "drop"
          ? new DragEvent("drop", { ...init, dataTransfer: data })
          : new ClipboardEvent("paste", { ...init, clipboardData: data }),
      );
    },
    { name, base64 },
  );
}

/** One frame of YUV4MPEG2 film: the code in the middle of a grey wall. */
function filmOf(modules, width, height, scale) {
  const luma = Buffer.alloc(width * height, 0x90);
  const edge = modules.length * scale;
  const [left, top] = [Math.floor((width - edge) / 2), Math.floor((height - edge) / 2)];
  for (let y = 0; y < edge; y += 1)
    for (let x = 0; x < edge; x += 1)
      luma[(top + y) * width + left + x] = modules[Math.floor(y / scale)][Math.floor(x / scale)] ? 0x10 : 0xeb;
  const chroma = Buffer.alloc((width * height) / 2, 0x80);
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\nFRAME\n`), luma, chroma]);
}
