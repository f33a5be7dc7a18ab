/** Money and lengths of time, as exact as they were given. */
import { language } from "../../i18n/i18n.svelte";

export interface Money {
  /** A decimal number in digits, never a float. */
  amount: string;
  /** ISO 4217. */
  currency: string;
}

/** Whether this is an amount that can be shown as money: plain digits, no sign, no exponent, no leading zeros. */
export function isMoney({ amount, currency }: Money): boolean {
  return /^(0|[1-9]\d{0,14})(\.\d{1,8})?$/.test(amount) && /^[A-Z]{3}$/.test(currency);
}

/** `¥12,480 JPY`: in the shown language, with every digit that was given, and the code, since signs are shared. */
export function money({ amount, currency }: Money): string {
  const digits = amount.split(".")[1]?.length ?? 0;
  const plain = new Intl.NumberFormat(language(), { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  const usual = plain.resolvedOptions().minimumFractionDigits ?? 0;
  const format = new Intl.NumberFormat(language(), {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: Math.max(usual, digits),
    maximumFractionDigits: Math.max(usual, digits),
  });
  // A string keeps its digits where a number would be rounded; the type of an older Intl does not know it yet.
  const parts = format.formatToParts(amount as unknown as number);
  const shown = parts.filter(({ type }) => type === "integer" || type === "fraction").map(({ value }) => value).join("");
  const given = amount.replace(".", "") + "0".repeat(Math.max(0, usual - digits));
  if (shown !== given) return `${amount} ${currency}`;
  const text = parts.map(({ value }) => value).join("");
  return text.includes(currency) ? text : `${text} ${currency}`;
}

/** The exact sum of amounts in one currency. */
export function sum(amounts: string[]): string {
  const digits = Math.max(...amounts.map((amount) => amount.split(".")[1]?.length ?? 0));
  const total = amounts.reduce((before, amount) => {
    const [whole = "", fraction = ""] = amount.split(".");
    return before + BigInt(whole + fraction.padEnd(digits, "0"));
  }, 0n);
  const text = String(total).padStart(digits + 1, "0");
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** Whether two amounts are the same, however many zeros they end in. */
export function same(one: string, other: string): boolean {
  const plain = (amount: string) => (amount.includes(".") ? amount.replace(/\.?0+$/, "") : amount);
  return plain(one) === plain(other);
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** A length of time in the largest unit that says it exactly. */
export function duration(seconds: number): string {
  const [unit, length] = UNITS.find(([, size]) => seconds >= size && seconds % size === 0) ?? (["second", 1] as const);
  return new Intl.NumberFormat(language(), { style: "unit", unit, unitDisplay: "long" }).format(seconds / length);
}
