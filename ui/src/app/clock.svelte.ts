/** One clock for every countdown on the screen, so that no two of them disagree. */

const TICK_MILLISECONDS = 250;
let now = $state(Date.now());
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** This machine's time in milliseconds; in a template it follows the ticks while somebody keeps the clock running. */
export function currentMillis(): number {
  return now;
}

/** Runs the clock until the returned function is called. For `$effect`. */
export function keepClockRunning(): () => void {
  now = Date.now();
  users += 1;
  timer ??= setInterval(() => {
    now = Date.now();
  }, TICK_MILLISECONDS);
  return () => {
    users -= 1;
    if (users === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** Whole seconds left of something that had `expiresIn` seconds at `receivedAt`. Never negative. */
export function secondsLeft(expiresIn: number, receivedAt: number, atMillis: number): number {
  return Math.max(0, Math.ceil(expiresIn - (atMillis - receivedAt) / 1000));
}
