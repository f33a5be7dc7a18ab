// What only a real layout shows of one screen: the gate, the bar that covers, the focus that must not hide under it, a
// walk by the real Tab key, and that a theme which is chosen is the theme which the system asks for.
import { newContext, newPage, settle, show, THEMES } from "./pages.mjs";

const LOCKED = "Scroll to the end to approve";
const at = (page, testid) => page.locator(`[data-testid="${testid}"]`);

/** Nothing is ready to be approved before its end was on the screen, above the bar. */
export async function checkReadingGate(browser, origin, problem) {
  const report = (text) => problem(text, "reading gate");
  const context = await newContext(browser, "en");
  const page = await newPage(context, report);
  await show(page, origin, { name: "approval-sign-in", locale: "en" });
  const hint = async () => (await at(page, "approval.hint").textContent())?.trim();

  if ((await hint()) !== LOCKED) report("open before anything was scrolled");
  const barHeight = await page.locator("footer").evaluate((bar) => bar.getBoundingClientRect().height);
  await page.evaluate((height) => scrollTo(0, document.documentElement.scrollHeight - innerHeight - height / 2), barHeight);
  await settle(page);
  if ((await hint()) !== LOCKED) report("open while the end is behind the action bar");
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page
    .waitForFunction(
      (text) => document.querySelector("[data-testid='approval.hint']")?.textContent?.trim() !== text,
      LOCKED,
      { timeout: 5000 },
    )
    .catch(() => report("closed after the end was on the screen"));
  await context.close();
}

/** The Tab key comes by every control once, in the order of the page, and out at the end. */
export async function checkTabOrder(browser, origin, names, problem) {
  const context = await newContext(browser, "en");
  for (const name of names) {
    const report = (text) => problem(text, `tab key on ${name}`);
    const page = await newPage(context, report);
    await show(page, origin, { name, locale: "en" });
    const controls = await page.evaluate(() => {
      const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")];
      // Of a group of radio buttons the chosen one stands for all.
      window.tabOrder = all.filter(
        (one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0 && (one.type !== "radio" || one.checked),
      );
      return window.tabOrder.length;
    });
    const press = async () => {
      await page.keyboard.press("Tab");
      return page.evaluate(() => window.tabOrder.indexOf(document.activeElement));
    };
    // A screen puts the focus on its heading: the walk begins where the page ends and begins anew.
    for (let presses = 0; presses <= 3 * controls && (await press()) >= 0; ) presses += 1;
    const visited = [];
    for (let at = await press(); at >= 0 && visited.length <= controls; at = await press()) {
      // Hours and minutes of one field are visited apart.
      if (at !== visited.at(-1)) visited.push(at);
    }
    const wanted = Array.from({ length: controls }, (_, index) => index).join(" ");
    if (visited.join(" ") !== wanted) report(`goes ${visited.join(" ")} where the page has ${wanted}`);
    await page.close();
  }
  await context.close();
}

/** The matrix follows the system's theme; a theme that was chosen in the settings has the same colours. */
export async function checkChosenTheme(browser, origin, problem) {
  const context = await newContext(browser, "en");
  const page = await newPage(context, (text) => problem(text, "themes"));
  const colours = () =>
    page.evaluate(() => {
      const names = ["paper", "raised", "sunken", "desk", "ink", "ink-soft", "rule", "edge", "deny", "on-deny", "accent"];
      const more = ["on-accent", "accent-wash", "warn-wash", "warn-ink", "danger", "danger-wash", "seal", "focus"];
      const style = getComputedStyle(document.documentElement);
      return [...names, ...more].map((name) => `${name}: ${style.getPropertyValue(`--${name}`)}`).join("\n");
    });
  for (const theme of THEMES) {
    const other = THEMES.find((one) => one !== theme);
    await page.emulateMedia({ colorScheme: theme });
    await show(page, origin, { name: "inbox-empty", locale: "en" });
    const followed = await colours();
    await page.emulateMedia({ colorScheme: other });
    await show(page, origin, { name: "inbox-empty", locale: "en", theme });
    if ((await colours()) !== followed) problem(`${theme} has other colours when it is chosen`, "themes");
  }
  await context.close();
}
