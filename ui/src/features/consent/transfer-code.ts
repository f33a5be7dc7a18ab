/** The code from the other screen: typed, pasted, or read from its QR code. */

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

/**
 * The code that `text` is, or that it carries as `code` in the fragment of an address; null if that is not exactly a
 * code. Strict, since nobody has typed it: only white space, hyphens and dashes are left out.
 */
export function codeIn(text: string, alphabet: string, length: number): string | null {
  const fragment = /^[a-z][a-z0-9+.-]*:\S*?#(\S*)$/i.exec(text.trim())?.[1];
  const given = fragment === undefined ? text : (new URLSearchParams(fragment).get("code") ?? "");
  const code = given.normalize("NFKC").toUpperCase().replace(/[\s\-\u2010-\u2015\u2212\u30fc]/g, "");
  return [...code].length === length && [...code].every((character) => alphabet.includes(character)) ? code : null;
}

/** Whether every character of the alphabet is a digit, so that a number keyboard will do. */
export function isNumeric(alphabet: string): boolean {
  return /^[0-9]+$/.test(alphabet);
}
