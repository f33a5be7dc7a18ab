/** Typing the code from the other screen. */

/**
 * What was typed, in the form that the server compares: compatibility forms folded (a Japanese keyboard types `４１`),
 * upper case, nothing outside `alphabet`, no longer than `length`.
 */
export function canonicalCode(typed: string, alphabet: string, length: number): string {
  const allowed = new Set(alphabet);
  return [...typed.normalize("NFKC").toUpperCase()]
    .filter((character) => allowed.has(character))
    .slice(0, length)
    .join("");
}

/** Whether every character of the alphabet is a digit, so that a number keyboard will do. */
export function isNumeric(alphabet: string): boolean {
  return /^[0-9]+$/.test(alphabet);
}
