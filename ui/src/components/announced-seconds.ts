/** Speaking the time left, seldom: a screen reader that counts along would drown the question. */

/** Seconds left at which the time is spoken. */
export const ANNOUNCED_SECONDS = [60, 30, 10] as const;

/** From here on the countdown is shown as urgent. */
export const URGENT_SECONDS = 30;

/** The threshold crossed between two readings, the lowest if several. */
export function crossedThreshold(before: number, now: number): number | undefined {
  return ANNOUNCED_SECONDS.filter((threshold) => before > threshold && now <= threshold).at(-1);
}
