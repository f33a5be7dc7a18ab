/**
 * Builds every folder of `locales/` into one module that is loaded when its language is shown. Fluent's syntax is read
 * here, once, and not on every start: what the app loads are patterns of text, variables and choices by number.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FluentResource } from "@fluent/bundle";
import type { Plugin } from "vite";
import type { Part, Pattern } from "../src/i18n/pattern";

const LIST = "virtual:languages";
const ONE = "virtual:language/";

/** What the app says outside its window, by Rust from the same folders. */
export const OUTSIDE = "desktop.ftl";

/** What a start and a request are worded with. The rest is loaded with the first screen that needs it. */
export const AT_START = ["app.ftl", "consent.ftl"];

/** Every text of the screens in the language in `folder`, by id; or those `of` some of its files. */
export function compile(folder: string, of: (file: string) => boolean = () => true): Record<string, Pattern> {
  const texts: Record<string, Pattern> = {};
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".ftl") && name !== OUTSIDE && of(name))) {
    const resource = new FluentResource(readFileSync(join(folder, file), "utf8"));
    for (const { id, value, attributes } of resource.body) {
      if (value === null || id.startsWith("-") || Object.keys(attributes).length > 0)
        throw new Error(`${file}: ${id} is more than a message with a value`);
      texts[id] = pattern(value, id);
    }
  }
  return texts;
}

function pattern(given: string | unknown[], id: string): Pattern {
  return typeof given === "string" ? given : given.map((element) => part(element, id));
}

function part(element: unknown, id: string): Part {
  if (typeof element === "string") return element;
  const { type, name, selector, variants, star } = element as Expression;
  if (type === "var") return [name];
  if (type === "select" && selector.type === "var")
    return [selector.name, [star, variants.map(({ key, value }) => [key.value, pattern(value, id)])]];
  throw new Error(`${id}: only variables and choices by a variable are understood`);
}

interface Expression {
  type: string;
  name: string;
  selector: { type: string; name: string };
  variants: Array<{ key: { value: number | string }; value: string | unknown[] }>;
  star: number;
}

/** English made longer and shown from right to left, to see what does not stand it. For the demo alone. */
export function pseudo(texts: Record<string, Pattern>): Record<string, Pattern> {
  const stretch = (text: string) => text.replace(/[aeiou]/g, "$&$&\u0301");
  const change = (given: Pattern): Pattern =>
    typeof given === "string"
      ? stretch(given)
      : given.map((one): Part => {
          if (typeof one === "string") return stretch(one);
          const [name, choice] = one;
          return choice ? [name, [choice[0], choice[1].map(([key, value]) => [key, change(value)])]] : [name];
        });
  const changed = Object.fromEntries(Object.entries(texts).map(([id, value]) => [id, change(value)]));
  return { ...changed, "language-name": "Pseudo", "language-direction": "rtl" };
}

/** What is shown in the place of a language that there is not. Its texts come with the scripts and need no loading. */
const ALWAYS = "en";

/** `demo` adds the language `ar-XB`, which is {@link pseudo}. */
export function languages(locales: string, demo: boolean): Plugin {
  const texts = (tag: string, of?: (file: string) => boolean) =>
    tag === "ar-XB" ? pseudo(compile(join(locales, "en"), of)) : compile(join(locales, tag), of);
  return {
    name: "languages",
    resolveId: (id) => (id === LIST || id.startsWith(ONE) ? `\0${id}` : undefined),
    load(id) {
      if (id === `\0${LIST}`) {
        const entries = [...readdirSync(locales).sort(), ...(demo ? ["ar-XB"] : [])].map((tag) => {
          const { "language-name": name, "language-direction": direction } = texts(tag);
          const start = tag === ALWAYS ? "async () => ({ default: always })" : `() => import("${ONE}${tag}")`;
          return `${JSON.stringify(tag)}: { name: ${JSON.stringify(name)}, direction: ${JSON.stringify(direction)}, load: [${start}, () => import("${ONE}more-${tag}")] }`;
        });
        return `import always from "${ONE}${ALWAYS}"; export default { ${entries.join(", ")} };`;
      }
      if (id.startsWith(`\0${ONE}`)) {
        const name = id.slice(ONE.length + 1);
        const more = name.startsWith("more-");
        const tag = more ? name.slice(5) : name;
        const { "language-name": _, "language-direction": __, ...shown } = texts(tag, (file) => AT_START.includes(file) !== more);
        return `export default JSON.parse(${JSON.stringify(JSON.stringify(shown))});`;
      }
      return undefined;
    },
  };
}
