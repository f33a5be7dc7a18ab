/** One clock for every countdown on the screen, so that no two of them disagree. It stands still while nobody can see. */

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
  users += 1;
  if (users === 1) document.addEventListener("visibilitychange", run);
  run();
  return () => {
    users -= 1;
    if (users > 0) return;
    document.removeEventListener("visibilitychange", run);
    run();
  };
}

function run(): void {
  now = Date.now();
  clearInterval(timer);
  if (users > 0 && !document.hidden) timer = setInterval(() => (now = Date.now()), TICK_MILLISECONDS);
}

/** Whole seconds left of something that had `expiresIn` seconds at `receivedAt`. Never negative. */
export function secondsLeft(expiresIn: number, receivedAt: number, atMillis: number): number {
  return Math.max(0, Math.ceil(expiresIn - (atMillis - receivedAt) / 1000));
}
