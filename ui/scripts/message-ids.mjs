// Writes src/i18n/message-ids.ts from the English texts, so that a wrong id does not compile.
// A test fails while the two differ.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "@fluent/syntax";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = here("../locales/en/");
const target = here("../src/i18n/message-ids.ts");

const ids = readdirSync(folder)
  // desktop.ftl is for what the app says outside its window.
  .filter((name) => name.endsWith(".ftl") && name !== "desktop.ftl")
  .flatMap((name) => parse(readFileSync(folder + name, "utf8"), {}).body)
  .filter((entry) => entry.type === "Message")
  .map((entry) => entry.id.name)
  // What a language says about itself is for the list of languages.
  .filter((id) => !id.startsWith("language-"))
  .sort();
const text = `// Generated from locales/en by \`npm run messages\`. Do not edit.
export type MessageId =
${ids.map((id) => `  | "${id}"`).join("\n")};
`;

writeFileSync(target, text);
