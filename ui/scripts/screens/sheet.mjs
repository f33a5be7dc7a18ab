// The pictures that the documentation shows: all states on sheets, one for each part of the app, language and theme.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LOCALES, newContext, newPage, PHONE, show, THEMES } from "./pages.mjs";

const images = fileURLToPath(new URL("../../../docs/images/", import.meta.url));
const sheets = join(images, "screens");
const PAGE = fileURLToPath(new URL("../../../docs/screens.md", import.meta.url));
const LANGUAGES = { en: "English", ja: "Japanese" };
/** What README.md shows. */
const SINGLE = [
  { name: "approval-sign-in", locale: "en", theme: "light" },
  { name: "result-approved", locale: "en", theme: "light" },
  { name: "approval-sign-in", locale: "ja", theme: "dark" },
];
const TILE_WIDTH = 195;
const ACROSS = 6;
const QUALITY = 60;
const BUDGET_BYTES = 6_000_000;

/** Parts of the app, in the order of the page, by how the names of their scenarios begin. */
const PARTS = [
  ["Start", /^(welcome|start-|lock|cover)/],
  ["Pairing", /^pair/],
  ["Inbox", /^inbox/],
  ["Approval", /^approval/],
  ["Results", /^(result|report)/],
  ["Accounts", /^account/],
  ["Devices", /^(device|adding|move|add-)/],
  ["History", /^history/],
  ["Consents", /^consent/],
  ["Settings and self-test", /^(settings|self|test|pin)/],
  ["Desktop", /^(desktop|close|keyboard|shortcuts|help)/],
];

/** Each scenario in the first part that its name fits; whatever fits none comes last. */
function parts(names) {
  const of = (name) => PARTS.find(([, begins]) => begins.test(name))?.[0] ?? "More";
  return [...PARTS.map(([title]) => title), "More"]
    .map((title) => ({ title, names: names.filter((name) => of(name) === title) }))
    .filter(({ names }) => names.length > 0);
}

/** Scenarios that the page in the documentation does not name, and pictures of none. */
export function missingFromPage(names) {
  const page = existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "";
  const listed = new Set(page.match(/`[a-z0-9-]+`/g)?.map((quoted) => quoted.slice(1, -1)));
  return names.filter((name) => !listed.has(name));
}

/**
 * Takes every picture anew into `pictures` and writes everything that the documentation shows. The pages of the checks
 * change their size all the time, and now and then a browser draws a part of an earlier size again.
 */
export async function writeDocs(browser, server, names, pictures, problem) {
  await Promise.all(
    LOCALES.flatMap((locale) => THEMES.map((theme) => takeAll(browser, server.origin, { names, locale, theme, pictures }, problem))),
  );
  rmSync(sheets, { recursive: true, force: true });
  mkdirSync(sheets, { recursive: true });
  await writeSingle(browser, server.origin, problem);
  const context = await browser.newContext({ viewport: { width: ACROSS * (TILE_WIDTH + 16) + 16, height: 600 } });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  let bytes = 0;
  for (const { title, names: shown } of parts(names)) {
    for (const locale of LOCALES) {
      for (const theme of THEMES) {
        const file = `${slug(title)}-${locale}-${theme}.webp`;
        const picture = await takeSheet(page, cdp, server, { shown, locale, theme, pictures });
        writeFileSync(join(sheets, file), picture);
        bytes += picture.length;
      }
    }
  }
  await context.close();
  writeFileSync(PAGE, text(parts(names)));
  console.log(`sheets of ${names.length} states: ${(bytes / 1e6).toFixed(1)} MB`);
  if (bytes > BUDGET_BYTES) problem(`the sheets have ${bytes} bytes, more than ${BUDGET_BYTES}`, "docs/images/screens");
}

/** All states in one look, on one page that keeps its size. */
async function takeAll(browser, origin, { names, locale, theme, pictures }, problem) {
  const context = await newContext(browser, locale);
  const page = await newPage(context, (text) => problem(text, `pictures, ${locale} ${theme}`));
  await page.emulateMedia({ colorScheme: theme });
  for (const name of names) {
    await show(page, origin, { name, locale });
    await page.screenshot({ path: join(pictures, `${name}-${locale}-${theme}.png`) });
  }
  await context.close();
}

async function takeSheet(page, cdp, server, { shown, locale, theme, pictures }) {
  for (const name of shown) {
    const bytes = readFileSync(join(pictures, `${name}-${locale}-${theme}.png`));
    server.extra.set(`/sheet/${name}.png`, { type: "image/png", bytes });
  }
  const tiles = shown.map((name) => `<figure><img src="/sheet/${name}.png"><figcaption>${name}</figcaption></figure>`);
  const height = Math.round((TILE_WIDTH * PHONE.height) / PHONE.width);
  const [ground, ink, edge] = theme === "dark" ? ["#0b0e0d", "#e8eeeb", "#46524d"] : ["#ffffff", "#16211e", "#c9c5b8"];
  const style = `body { margin: 8px; display: grid; grid-template-columns: repeat(${ACROSS}, ${TILE_WIDTH}px); gap: 16px;
      background: ${ground}; color: ${ink}; font: 11px/1.2 sans-serif }
    figure { margin: 0 } figcaption { margin-top: 4px; overflow-wrap: anywhere }
    img { display: block; width: ${TILE_WIDTH}px; height: ${height}px; outline: 1px solid ${edge} }`;
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><style>${style}</style>${tiles.join("")}</html>`;
  server.extra.set("/sheet/", { type: "text/html", bytes: html });
  await page.goto(`${server.origin}/sheet/?${locale}-${theme}`);
  await page.waitForFunction(() => [...document.images].every((image) => image.complete && image.naturalWidth > 0));
  const clip = await page.evaluate(() => ({
    x: 0,
    y: 0,
    width: document.documentElement.scrollWidth,
    height: document.documentElement.scrollHeight,
    scale: 1,
  }));
  const { data } = await cdp.send("Page.captureScreenshot", {
    format: "webp",
    quality: QUALITY,
    clip,
    captureBeyondViewport: true,
  });
  server.extra.clear();
  return Buffer.from(data, "base64");
}

async function writeSingle(browser, origin, problem) {
  for (const { name, locale, theme } of SINGLE) {
    const context = await newContext(browser, locale);
    const page = await newPage(context, (text) => problem(text, `picture of ${name}`));
    await page.emulateMedia({ colorScheme: theme });
    await show(page, origin, { name, locale });
    await page.screenshot({ path: join(images, `${name}-${locale}-${theme}.png`) });
    await context.close();
  }
}

function slug(title) {
  return title.toLowerCase().replaceAll(" ", "-");
}

function text(all) {
  const count = all.reduce((sum, { names }) => sum + names.length, 0);
  const sections = all.map(({ title, names }) => {
    const pictures = LOCALES.map((locale) => {
      const file = `images/screens/${slug(title)}-${locale}`;
      return [
        "<picture>",
        `<source media="(prefers-color-scheme: dark)" srcset="${file}-dark.webp">`,
        `<img src="${file}-light.webp" alt="${title}, ${LANGUAGES[locale]}">`,
        "</picture>",
      ].join("\n");
    });
    const list = names.map((name) => `\`${name}\``).join(", ");
    return `## ${title}\n\n${list}\n\n${pictures.join("\n\n")}\n`;
  });
  return `# Every screen in every state

All ${count} states of the app at the size of a phone, in English and in Japanese; a reader who prefers dark pages sees
the dark theme. They come from the demo bridge (\`ui/src/demo\`), where each state is a scenario with the name that
stands under its picture. \`cargo xtask screens --docs\` writes this page and its pictures, after checking each state in
both languages and both themes.

${sections.join("\n")}`;
}
