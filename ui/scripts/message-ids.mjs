// Writes src/i18n/message-ids.ts from the English texts, so that a wrong id does not compile.
// `--check` compares instead of writing.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "@fluent/syntax";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = here("../locales/en/");
const target = here("../src/i18n/message-ids.ts");

const ids = readdirSync(folder)
  .filter((name) => name.endsWith(".ftl"))
  .flatMap((name) => parse(readFileSync(folder + name, "utf8"), {}).body)
  .filter((entry) => entry.type === "Message")
  .map((entry) => entry.id.name)
  .sort();
const text = `// Generated from locales/en by \`npm run messages\`. Do not edit.
export type MessageId =
${ids.map((id) => `  | "${id}"`).join("\n")};
`;

if (!process.argv.includes("--check")) writeFileSync(target, text);
else if (readFileSync(target, "utf8") !== text) {
  console.error("src/i18n/message-ids.ts is stale: run `npm run messages`");
  process.exit(1);
}
