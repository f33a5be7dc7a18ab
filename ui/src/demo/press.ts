/** Leads a screen to a state that only the person's own presses reach. */

/** Presses each thing as it appears, one after the other; true when all were pressed. */
export async function pressAll(testids: readonly string[]): Promise<true> {
  for (const testid of testids) (await appeared(testid)).click();
  return true;
}

function appeared(testid: string): Promise<HTMLElement> {
  const find = () => document.querySelector<HTMLElement>(`[data-testid="${testid}"]`);
  return new Promise((resolve) => {
    const observer = new MutationObserver(look);
    observer.observe(document.documentElement, { childList: true, subtree: true });
    look();
    function look() {
      const found = find();
      if (!found) return;
      observer.disconnect();
      resolve(found);
    }
  });
}
