/** Texts as the build leaves them, and how they are filled in: as Fluent does it, without reading its syntax. */

/** Text as it is, or parts to be put together. */
export type Pattern = string | Part[];
/** Text, a variable, or a choice by a variable. */
export type Part = string | [name: string, choice?: Choice];
/** The variant if none fits, and all of them. */
export type Choice = [otherwise: number, variants: Array<[key: number | string, Pattern]>];
export type Values = Record<string, number | string>;

/** Intl's objects are slow to make: each is made for the first text that needs it, and kept. */
export class Filler {
  #numbers?: Intl.NumberFormat;
  #plurals?: Intl.PluralRules;

  constructor(readonly tag: string) {}

  /**
   * Puts `values` into `pattern`. Inserted values are wrapped in marks that keep a name from reordering our sentence.
   * A missing value is a bug and throws.
   */
  fill(pattern: Pattern, values: Values): string {
    if (typeof pattern === "string") return pattern;
    const parts = pattern.map((part) => (typeof part === "string" ? part : this.#fillPart(part, values)));
    return parts.map((text, index) => (parts.length > 1 && typeof pattern[index] !== "string" ? `\u2068${text}\u2069` : text)).join("");
  }

  #fillPart([name, choice]: Exclude<Part, string>, values: Values): string {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for ${name}`);
    if (choice === undefined) return typeof value === "number" ? this.#number(value) : value;
    const [otherwise, variants] = choice;
    const fits = (key: number | string) =>
      key === value || (typeof value === "number" && key === this.#plural(value));
    const chosen = variants.find(([key]) => fits(key)) ?? variants[otherwise];
    return this.fill(chosen?.[1] ?? "", values);
  }

  #number(value: number): string {
    this.#numbers ??= new Intl.NumberFormat(this.tag);
    return this.#numbers.format(value);
  }

  #plural(value: number): string {
    this.#plurals ??= new Intl.PluralRules(this.tag);
    return this.#plurals.select(value);
  }
}
