/** Times in the shown language. Seconds are of the Unix epoch, as the contract gives them. */
import { language } from "./i18n.svelte";

const TIME = { hour: "numeric", minute: "2-digit", timeZoneName: "short" } as const;
const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language()} ${JSON.stringify(options)}`;
  let found = cache.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(language(), options);
    cache.set(key, found);
  }
  return found;
}

/** Date and time of day, with the zone. */
export function dateTime(seconds: number): string {
  return formatter({ year: "numeric", month: "short", day: "numeric", ...TIME }).format(seconds * 1000);
}

/** Date alone. */
export function date(seconds: number): string {
  return formatter({ dateStyle: "medium" }).format(seconds * 1000);
}

/** Date with the day of the week. */
export function day(seconds: number): string {
  return formatter({ weekday: "long", year: "numeric", month: "long", day: "numeric" }).format(seconds * 1000);
}

/** Time of day, with the zone. */
export function timeOfDay(seconds: number): string {
  return formatter(TIME).format(seconds * 1000);
}

/** `1:48`, for a countdown. */
export function minutesAndSeconds(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
