// What is asked of every screen in every language, and how.
import { join } from "node:path";
import { accessibility } from "./browser.mjs";
import { PHONE, settle, show, THEMES } from "./pages.mjs";

/** Each screen is also measured here: WCAG's 320 CSS pixels, and a desktop window. */
const SMALL = { width: 320, height: 568 };
const DESKTOP = { width: 1100, height: 820 };
/** Chromium's own sizes of text, in pixels; what a person who needs larger text sets to twice as much. */
const TEXT = { standard: 16, fixed: 13 };

/** Scenarios in which the app itself cannot start. */
const MAY_FAIL = /^start-/;

/**
 * Looks at one screen in one language: every size, both themes, large text, right to left, forced colours, by keyboard.
 * `report` is told each problem with where it was seen. Leaves a picture in each theme in `pictures` and
 * answers what is on the page.
 */
export async function checkScreen(page, origin, { name, locale }, pictures, report) {
  const ask = async (question, where) => {
    for (const problem of await page.evaluate((it) => window.tegataLook[it](), question)) report(problem, where);
  };
  const size = (wanted) => page.setViewportSize(wanted);
  const picture = (theme) => page.screenshot({ path: join(pictures, `${name}-${locale}-${theme}.png`) });

  await page.emulateMedia({ colorScheme: "light", forcedColors: "none" });
  await size(PHONE);
  await show(page, origin, { name, locale });
  if (!MAY_FAIL.test(name) && (await page.locator("[data-testid='app.failure']").count()) > 0) report("does not start", "app");
  const shown = await page.evaluate(() => document.getElementById("app").outerHTML);
  await picture("light");
  await ask("motion", "phone");
  await ask("layout", "phone");
  // The ring is shown to who uses a keyboard.
  await page.keyboard.press("Tab");
  await ask("focus", "phone");
  await mirrored(page, () => ask("layout", "right to left"));
  await enlarged(page, () => ask("layout", "200 % text"));
  await page.emulateMedia({ forcedColors: "active" });
  await ask("edges", "forced colours");
  await page.emulateMedia({ forcedColors: "none" });

  await size(SMALL);
  await ask("layout", "320 pixels");
  await ask("focus", "320 pixels");
  await size(DESKTOP);
  await ask("layout", "desktop");
  await size(PHONE);
  await page.emulateMedia({ colorScheme: "dark" });
  await picture("dark");

  // Tall enough that nothing is hidden behind the bar at the bottom: that bar is meant to cover what scrolls.
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await size({ width: PHONE.width, height: Math.max(PHONE.height, height + 1) });
  for (const theme of [...THEMES].reverse()) {
    await page.emulateMedia({ colorScheme: theme });
    for (const violation of await accessibility(page)) report(violation, theme);
  }
  await ask("violations", "policy");
  return shown;
}

async function mirrored(page, check) {
  await page.evaluate(() => (document.documentElement.dir = "rtl"));
  await check();
  await page.evaluate(() => document.documentElement.removeAttribute("dir"));
}

/** With twice the size of text that the browser is set to, as a person would set it. */
async function enlarged(page, check) {
  const session = await page.context().newCDPSession(page);
  const set = (factor) =>
    session.send("Page.setFontSizes", { fontSizes: { standard: TEXT.standard * factor, fixed: TEXT.fixed * factor } });
  await set(2);
  await settle(page);
  await check();
  await set(1);
  await settle(page);
  await session.detach();
}
