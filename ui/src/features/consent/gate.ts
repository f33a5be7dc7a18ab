/**
 * Whether the whole question was on the screen. Approving waits for it; denying never does.
 *
 * Two things have fooled such a gate: a layout measured before the style sheet applied, where everything is visible,
 * and an action bar that covers what counts as visible. So the gate believes nothing before styles apply and then
 * looks again, and the bar's height is taken off the bottom of what counts.
 */

/** What the gate needs to know about the page; replaced in tests. */
export interface GateSurroundings {
  /** Whether the style sheet is in force. */
  stylesApplied(): boolean;
  /** Pixels at the bottom that an action bar covers. */
  coveredBelow(): number;
  /** Calls back when the covered height may have changed. Returns how to end that. */
  onChange(callback: () => void): () => void;
}

/**
 * Calls `onSeen` once when `end` has been visible above the action bar. Returns how to end watching.
 */
export function watchForEnd(end: Element, surroundings: GateSurroundings, onSeen: () => void): () => void {
  let observer: IntersectionObserver | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const stop = () => {
    observer?.disconnect();
    clearTimeout(retry);
    unsubscribe();
  };
  const look = () => {
    observer?.disconnect();
    clearTimeout(retry);
    observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        if (!surroundings.stylesApplied()) {
          // An observer reports changes only; a new one looks at the layout afresh.
          retry = setTimeout(look, 50);
          return;
        }
        stop();
        onSeen();
      },
      { rootMargin: `0px 0px -${Math.ceil(surroundings.coveredBelow())}px 0px` },
    );
    observer.observe(end);
  };
  const unsubscribe = surroundings.onChange(look);
  look();
  return stop;
}

/** The real page, with `bar` as its action bar. */
export function pageSurroundings(bar: HTMLElement): GateSurroundings {
  return {
    stylesApplied: () =>
      document.readyState === "complete" &&
      getComputedStyle(document.documentElement).getPropertyValue("--styles-applied").trim() === "1",
    coveredBelow: () => (getComputedStyle(bar).position === "sticky" ? bar.getBoundingClientRect().height : 0),
    onChange(callback) {
      const observer = new ResizeObserver(callback);
      observer.observe(bar);
      addEventListener("resize", callback);
      return () => {
        observer.disconnect();
        removeEventListener("resize", callback);
      };
    },
  };
}
