/** Times in the shown language. Seconds are of the Unix epoch, as the contract gives them. */
import { language } from "./i18n.svelte";

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

/** Date and time of day. */
export function dateTime(seconds: number): string {
  return formatter({ dateStyle: "medium", timeStyle: "short" }).format(seconds * 1000);
}

/** Date with the day of the week. */
export function day(seconds: number): string {
  return formatter({ weekday: "long", year: "numeric", month: "long", day: "numeric" }).format(seconds * 1000);
}

/** Time of day. */
export function timeOfDay(seconds: number): string {
  return formatter({ timeStyle: "short" }).format(seconds * 1000);
}

/** `1:48`, for a countdown. */
export function minutesAndSeconds(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
