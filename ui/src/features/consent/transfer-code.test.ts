import { describe, expect, it } from "vitest";
import { CROCKFORD, DIGITS } from "../../demo/fixtures";
import { canonicalCode, isNumeric } from "./transfer-code";

describe("a typed transfer code", () => {
  it.each([
    ["427 905", DIGITS, 6, "427905"],
    ["４２７９０５", DIGITS, 6, "427905"],
    ["4２7-9０5", DIGITS, 6, "427905"],
    ["42790599", DIGITS, 6, "427905"],
    ["42a79b05", DIGITS, 6, "427905"],
    ["７ｋ３m-9qt", CROCKFORD, 7, "7K3M9QT"],
    ["iloU7", CROCKFORD, 7, "7"],
    ["", DIGITS, 6, ""],
    ["𝟜𝟚7905", DIGITS, 6, "427905"],
  ])("%j over %j of %i characters becomes %j", (typed, alphabet, length, expected) => {
    expect(canonicalCode(typed, alphabet, length)).toBe(expected);
  });

  it("asks for a number keyboard only where digits are enough", () => {
    expect(isNumeric(DIGITS)).toBe(true);
    expect(isNumeric(CROCKFORD)).toBe(false);
  });
});
