// Runs in every page before its own scripts and answers questions about the layout. Plain script, no imports: it is
// handed to the browser as it is.
(() => {
  // The app's window does the same before any of our code runs.
  Object.freeze(Object.prototype);
  const violations = [];
  addEventListener("securitypolicyviolation", (event) =>
    violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
  );

  const CONTROLS =
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=switch], [role=tab]";
  /** The same, without what scripts only make focusable. */
  const TABBABLE = `${CONTROLS}, [tabindex="0"]`;
  /** Half a pixel is rounding. */
  const SLACK = 0.5;
  const TOUCH = 44;

  const box = (element) => element.getBoundingClientRect();
  const style = (element) => getComputedStyle(element);
  const seen = (element) => {
    const { width, height } = box(element);
    return width > 1 && height > 1 && element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  };
  /** Only for screen readers: a pixel that is cut out. */
  const spoken = (element) => element.closest(".visually-hidden") !== null;
  const name = (element) => {
    const id = element.dataset.testid ?? element.closest("[data-testid]")?.dataset.testid ?? "";
    const text = (element.innerText || element.getAttribute("aria-label") || element.value || "").trim().slice(0, 40);
    return `${element.localName}${id ? ` (${id})` : ""} "${text.replace(/\s+/g, " ")}"`;
  };
  const stuck = (element) => {
    for (let at = element; at; at = at.parentElement) {
      if (["sticky", "fixed"].includes(style(at).position)) return at;
    }
    return null;
  };
  const modal = () => [...document.querySelectorAll("dialog:modal")].at(-1) ?? null;
  /** What a person can press now: behind an open dialog, nothing. */
  const controls = (selector = CONTROLS) =>
    [...(modal() ?? document).querySelectorAll(selector)].filter((element) => element.closest("[inert]") === null);
  /** Where a press counts: a choice and its label are one. */
  const target = (element) => {
    const label = element.labels?.[0];
    const own = box(element);
    if (!label || !["radio", "checkbox", "file"].includes(element.type)) return seen(element) ? own : null;
    if (!seen(label)) return null;
    const around = box(label);
    if (!seen(element)) return around;
    const [left, top] = [Math.min(own.left, around.left), Math.min(own.top, around.top)];
    return new DOMRect(left, top, Math.max(own.right, around.right) - left, Math.max(own.bottom, around.bottom) - top);
  };
  /** A link within a sentence is as high as its line (WCAG 2.5.8, "inline"). */
  const inSentence = (element) => style(element).display === "inline" && element.parentElement.innerText !== element.innerText;

  /** Words of our own letters that a line ends within. Japanese may break anywhere. */
  function brokenWords(element) {
    const broken = [];
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      if (spoken(text.parentElement)) continue;
      for (const { 0: word, index } of text.data.matchAll(/\p{Script=Latin}+/gu)) {
        const range = document.createRange();
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1) broken.push(word);
      }
    }
    return broken;
  }

  function layout() {
    const found = [];
    const page = document.documentElement;
    if (page.scrollWidth > page.clientWidth) found.push(`scrolls sideways (${page.scrollWidth} > ${page.clientWidth})`);
    for (const element of (modal() ?? document.body).querySelectorAll("*")) {
      if (spoken(element) || element.closest("svg") || element.localName === "progress" || !seen(element)) continue;
      const { overflowX, display } = style(element);
      if (display === "inline" || ["input", "textarea"].includes(element.localName)) continue;
      const wide = element.scrollWidth > element.clientWidth + 1;
      if (wide && overflowX !== "visible") found.push(`cuts off or scrolls sideways: ${name(element)}`);
      else if (wide && element.matches(`${CONTROLS}, h1, h2, h3, label, dt, dd`)) {
        found.push(`is too narrow for its text (${element.scrollWidth} > ${element.clientWidth}): ${name(element)}`);
      }
      const high = element.scrollHeight > element.clientHeight + 2;
      if (high && element.matches(CONTROLS)) found.push(`is too low for its text: ${name(element)}`);
      const { left, right } = box(element);
      if (left < -1 || right > innerWidth + 1) found.push(`runs off the side: ${name(element)}`);
    }
    const pressed = controls().map((element) => ({ element, area: target(element) })).filter(({ area }) => area);
    for (const { element, area } of pressed) {
      if (area.width + SLACK >= TOUCH && area.height + SLACK >= TOUCH) continue;
      if (inSentence(element)) continue;
      found.push(`is a small target (${area.width.toFixed(0)} × ${area.height.toFixed(0)}): ${name(element)}`);
    }
    for (const { element } of pressed) {
      for (const word of element.matches("nav a, button") ? brokenWords(element) : []) {
        found.push(`breaks the word "${word}": ${name(element)}`);
      }
    }
    for (const [index, one] of pressed.entries()) {
      for (const other of pressed.slice(index + 1)) {
        const nested = one.element.contains(other.element) || other.element.contains(one.element);
        if (nested || stuck(one.element) !== stuck(other.element)) continue;
        const across = Math.min(one.area.right, other.area.right) - Math.max(one.area.left, other.area.left);
        const down = Math.min(one.area.bottom, other.area.bottom) - Math.max(one.area.top, other.area.top);
        if (across > 1 && down > 1) found.push(`overlap: ${name(one.element)} and ${name(other.element)}`);
      }
    }
    return found;
  }

  /** Whether a ring can be seen: on the element itself, or on what stands for it. */
  function ringed(element) {
    const drawn = (of) => {
      const { outlineStyle, outlineWidth } = style(of);
      return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    };
    const label = element.labels?.[0];
    return [element, element.parentElement, element.nextElementSibling, label, label?.firstElementChild].some(
      (one) => one && drawn(one),
    );
  }

  /** Goes through everything that takes the focus. The caller has pressed a key, so that the ring is due. */
  function focus() {
    const found = [];
    for (const element of controls(TABBABLE)) {
      if (element.disabled || element.tabIndex < 0 || target(element) === null) continue;
      element.focus();
      if (document.activeElement !== element) {
        found.push(`does not take the focus: ${name(element)}`);
        continue;
      }
      if (!ringed(element)) found.push(`shows no ring: ${name(element)}`);
      const area = seen(element) ? box(element) : target(element);
      if (area.height < innerHeight && (area.bottom > innerHeight + 1 || area.top < -1)) {
        found.push(`has the focus outside of the window: ${name(element)}`);
      }
      for (const bar of document.querySelectorAll("footer, header, nav")) {
        if (bar.contains(element) || stuck(bar) !== bar || modal()) continue;
        const cover = box(bar);
        const across = Math.min(area.right, cover.right) - Math.max(area.left, cover.left);
        const down = Math.min(area.bottom, cover.bottom) - Math.max(area.top, cover.top);
        if (across > 1 && down > 1) found.push(`has the focus behind a bar: ${name(element)}`);
      }
    }
    document.activeElement?.blur();
    scrollTo(0, 0);
    return found;
  }

  /** With forced colours a background is gone: what is pressed needs an edge or a line under its text. */
  function edges() {
    return controls("button, input:not([type=hidden]), select, textarea, a.button")
      .filter(seen)
      .filter((element) => {
        const { borderTopStyle, borderTopWidth, textDecorationLine, appearance } = style(element);
        const edged = borderTopStyle !== "none" && parseFloat(borderTopWidth) >= 1;
        return !edged && !textDecorationLine.includes("underline") && (appearance === "none" || element.localName === "button");
      })
      .map((element) => `has no edge in forced colours: ${name(element)}`);
  }

  /** What moves although less motion was asked for. */
  function motion() {
    return document
      .getAnimations()
      .filter((animation) => animation.playState === "running")
      .map((animation) => `moves although less motion is wanted: ${name(animation.effect.target)}`);
  }

  Object.assign(window, {
    tegataLook: Object.freeze({ layout, focus, edges, motion, violations: () => violations.splice(0) }),
  });
})();
