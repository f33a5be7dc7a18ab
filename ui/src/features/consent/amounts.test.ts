import { describe, expect, it } from "vitest";
import { setLanguage } from "../../i18n/i18n.svelte";
import { duration, isMoney, money, same, sum } from "./amounts";

describe("an amount", () => {
  it.each([
    ["12480", "JPY", "¥12,480 JPY"],
    ["49.9", "EUR", "€49.90 EUR"],
    ["49.90", "EUR", "€49.90 EUR"],
    // More digits than the currency has are shown, never rounded away.
    ["0.005", "EUR", "€0.005 EUR"],
    ["12480.5", "JPY", "¥12,480.5 JPY"],
    // Beyond what a float holds.
    ["900719925474099.123456", "USD", "$900,719,925,474,099.123456 USD"],
    ["1.000", "KWD", "KWD 1.000"],
  ])("%s %s is shown as %s", (amount, currency, shown) => {
    expect(money({ amount, currency }).replace(/\u00a0/g, " ")).toBe(shown);
  });

  it("is shown as it came where the engine would round it", () => {
    const parts = [{ type: "integer", value: "900719925474099" }] as Intl.NumberFormatPart[];
    const rounding = Intl.NumberFormat.prototype.formatToParts;
    Intl.NumberFormat.prototype.formatToParts = () => parts;
    try {
      expect(money({ amount: "900719925474099.12", currency: "USD" })).toBe("900719925474099.12 USD");
    } finally {
      Intl.NumberFormat.prototype.formatToParts = rounding;
    }
  });

  it.each(["", "-1", "+1", "1e3", "01", "1.", ".5", "1,5", "１２", " 1", "NaN", "0x1"])("%j is none", (amount) => {
    expect(isMoney({ amount, currency: "EUR" })).toBe(false);
  });

  it.each(["", "eur", "EURO", "€"])("has no currency %j", (currency) => {
    expect(isMoney({ amount: "1", currency })).toBe(false);
  });

  it("is added up exactly", () => {
    expect(sum(["0.1", "0.2"])).toBe("0.3");
    expect(sum(["1820.50", "2044"])).toBe("3864.50");
    expect(sum(["999999999999999", "0.01"])).toBe("999999999999999.01");
    expect(sum(["0.05"])).toBe("0.05");
    expect(same("3864.5", "3864.50")).toBe(true);
    expect(same("3864", "3864.00")).toBe(true);
    expect(same("100", "1")).toBe(false);
  });
});

describe("a length of time", () => {
  it("is in the largest unit that says it exactly", async () => {
    expect([90, 300, 3_600, 5_400, 86_400, 0].map(duration)).toEqual([
      "90 seconds", "5 minutes", "1 hour", "90 minutes", "1 day", "0 seconds",
    ]);
    await setLanguage("ja");
    expect(duration(3_600)).toBe("1 時間");
  });
});
