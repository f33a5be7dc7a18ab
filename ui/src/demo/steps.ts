/** Leads a screen to a state that only the person's own hands reach. */

/** Does each step as its thing appears, one after the other; true when all are done. */
export async function doAll(steps: readonly string[]): Promise<true> {
  for (const step of steps) doStep(await appeared(testidOf(step)), step);
  return true;
}

/**
 * A step is the test id of what is pressed, `test id=text` for a field that is filled in, or `test id?` for what is only
 * waited for.
 */
export function doStep(element: HTMLElement, step: string): void {
  if (step.endsWith("?")) return;
  // As somebody does who looks at what they do.
  element.scrollIntoView({ block: "center" });
  const text = step.slice(testidOf(step).length + 1);
  if (text === "") element.click();
  else {
    (element as HTMLInputElement).value = text;
    element.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** The test id of what `step` is about. */
export function testidOf(step: string): string {
  return step.split(/[=?]/, 1)[0] ?? "";
}

function appeared(testid: string): Promise<HTMLElement> {
  const find = () => document.querySelector<HTMLElement>(`[data-testid="${testid}"]:not(:disabled)`);
  return new Promise((resolve) => {
    const observer = new MutationObserver(look);
    observer.observe(document.documentElement, { attributes: true, childList: true, subtree: true });
    look();
    function look() {
      const found = find();
      if (!found) return;
      if (found.dataset["ready"] === "false") {
        // Approving waits until the end was on the screen.
        scrollTo(0, document.documentElement.scrollHeight);
        return;
      }
      observer.disconnect();
      resolve(found);
    }
  });
}
