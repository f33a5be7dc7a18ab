// A page with one fault of each kind: a check that no longer finds its fault would pass everything.
import { accessibility } from "./browser.mjs";
import { newContext, newPage } from "./pages.mjs";

const STYLE = `
  body { margin: 0; font: 16px sans-serif }
  button { min-height: 44px; min-width: 44px }
  #low { min-height: 30px } #wide { width: 900px } #narrow { width: 60px; white-space: nowrap }
  #cut { width: 60px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
  #over { position: relative; bottom: 40px } #pale { color: #ccc; background: #fff }
  #ringless:focus { outline: none } #edgeless { border: 0; background: #135 }
  #broken { width: 44px; overflow-wrap: anywhere }
  footer { position: sticky; bottom: 0; height: 200px; background: #eee } #under { position: absolute; top: 700px } main { min-height: 1500px }
  @keyframes turn { to { rotate: 1turn } } #turning { animation: turn 1s infinite }
  @media (forced-colors: active) { #edgeless { border: 0 } }`;
const BODY = `<main><h1>Faults</h1><button id="low">low</button><button id="broken">breaking</button><p id="wide">wide</p>
  <button id="narrow">narrow narrow narrow</button><p id="cut">cut cut cut cut</p>
  <p><button id="first">first</button></p><button id="over">over</button><p id="pale">pale</p>
  <button id="ringless">ringless</button><button id="edgeless">edgeless</button><p id="turning">turning</p>
  <button id="under">under</button></main><footer>bar</footer>`;
const WANTED = {
  layout: ["scrolls sideways", "runs off the side", "is too narrow", "cuts off", "is a small target", "overlap", "breaks the word"],
  focus: ["shows no ring", "has the focus behind a bar"],
  edges: ["has no edge"],
  motion: ["moves although"],
  violations: ["style-src-attr"],
};

/** Says which faults the checks no longer find. */
export async function checkTheChecks(browser, server, problem) {
  const html = `<!doctype html><html lang="en"><head><title>Faults</title><meta charset="utf-8">
    <meta http-equiv="content-security-policy" content="style-src-attr 'none'"><style>${STYLE}</style></head>
    <body>${BODY}<p style="color: red">refused</p></body></html>`;
  server.extra.set("/sheet/faults", { type: "text/html", bytes: html });
  const context = await newContext(browser, "en");
  // The refused style is told on the console too; here it is wanted.
  const page = await newPage(context, () => {});
  await page.emulateMedia({ forcedColors: "active" });
  await page.goto(`${server.origin}/sheet/faults`);
  await page.keyboard.press("Tab");
  for (const [question, faults] of Object.entries(WANTED)) {
    const found = await page.evaluate((it) => window.tegataLook[it](), question);
    for (const fault of faults.filter((it) => !found.some((text) => text.startsWith(it)))) {
      problem(`the check "${question}" no longer finds: ${fault}`, "self-check");
    }
  }
  await page.emulateMedia({ forcedColors: "none" });
  if (!(await accessibility(page)).some((text) => text.startsWith("color-contrast"))) {
    problem("axe no longer finds pale text", "self-check");
  }
  await context.close();
  server.extra.clear();
}
