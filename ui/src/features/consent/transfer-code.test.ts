import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CROCKFORD, DIGITS } from "../../demo/fixtures";
import { canonicalCode, codeIn, isNumeric } from "./transfer-code";

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

describe("a code that was read", () => {
  const folder = join("..", "tests", "vectors", "transfer_code");
  const vectors = readdirSync(folder).map((name) => [name, JSON.parse(readFileSync(join(folder, name), "utf8"))] as const);

  it.each(vectors)("%s is taken or refused as in Rust", (_, { input, context, expect: expected, result }) => {
    const typed: string = input.text;
    const found = codeIn(typed, context.alphabet === "digits" ? DIGITS : CROCKFORD, context.length);
    expect(found !== null).toBe(expected === "valid");
    if (result) expect(JSON.stringify(result)).toContain(String(found));
  });

  it.each([
    ["https://op.example/code#code=427905", "427905"],
    ["https://op.example/#a=1&code=427-905", "427905"],
    ["tegata://code#code=427905", "427905"],
    ["  427 905\n", "427905"],
    ["https://op.example/427905", null],
    ["https://op.example/?code=427905", null],
    ["https://op.example/#code=42790", null],
    ["https://op.example/#other=427905", null],
    ["Your code is 427905", null],
    ["4279051", null],
    ["", null],
  ])("in %j is %j", (text, code) => {
    expect(codeIn(text, DIGITS, 6)).toBe(code);
  });
});
