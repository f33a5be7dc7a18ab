/**
 * A screen that appears under a finger must not take its press: approving is possible only after the question has
 * been visible, in a focused window, for a moment. Every return to the window starts the moment anew.
 */
export const ARMING_MILLISECONDS = 600;

/** Calls `onChange` with whether the screen is armed. Returns how to end it. */
export function watchArming(onChange: (armed: boolean) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const restart = () => {
    clearTimeout(timer);
    onChange(false);
    if (document.visibilityState !== "visible") return;
    timer = setTimeout(() => onChange(true), ARMING_MILLISECONDS);
  };
  document.addEventListener("visibilitychange", restart);
  addEventListener("focus", restart);
  restart();
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", restart);
    removeEventListener("focus", restart);
  };
}
