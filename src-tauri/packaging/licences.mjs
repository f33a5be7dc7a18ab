/**
 * Writes the notices that go with the app: who wrote what is linked into it, and under which licence.
 *
 *     node packaging/licences.mjs [TARGET]
 *
 * The Tauri command line runs it before it packs anything (`beforeBundleCommand`). It reads what `cargo metadata` says is
 * linked for TARGET, by default this machine's, and the packages that the screens are built of; texts come from the
 * sources as they were downloaded. It fails where a package says no licence, or one whose text is nowhere.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CHECKOUT = join(dirname(fileURLToPath(import.meta.url)), "../..");
const OUTPUT = join(CHECKOUT, "src-tauri/gen/third-party-licences.txt");
const TEXT = /^(licen[cs]e|copying|copyright|unlicense)/i;
const NOTICE = /^notice/i;
/** Among the alternatives that a package offers, this one is taken: it needs one text for all. */
const APACHE = "Apache-2.0";

/** Packages of our own, and of what is linked into `tegata-app` by the way: neither macros nor what only builds need. */
function crates(target) {
  const output = execFileSync(
    "cargo",
    ["metadata", "--format-version", "1", "--locked", "--filter-platform", target],
    { cwd: CHECKOUT, encoding: "utf8", maxBuffer: 1 << 28 },
  );
  const { packages, resolve } = JSON.parse(output);
  const byId = new Map(packages.map((one) => [one.id, one]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const isMacro = (one) => one.targets.some((target) => target.kind.includes("proc-macro"));
  const found = new Set();
  const open = [packages.find((one) => one.name === "tegata-app").id];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) {
      if (kinds.some(({ kind }) => kind === null) && !isMacro(byId.get(pkg))) open.push(pkg);
    }
  }
  return [...found]
    .map((id) => byId.get(id))
    .filter((one) => one.source !== null)
    .map(({ name, version, license, license_file, authors, repository, manifest_path }) => ({
      name,
      version,
      licence: license ?? (license_file ? "see below" : undefined),
      authors: authors.map((author) => author.replace(/\s*<.*>/, "")),
      repository,
      folder: dirname(manifest_path),
    }));
}

/** What the screens are built of. */
function modules() {
  const read = (path) => JSON.parse(readFileSync(path, "utf8"));
  const ui = join(CHECKOUT, "ui");
  const found = new Map();
  const open = Object.keys(read(join(ui, "package.json")).dependencies);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    const folder = join(ui, "node_modules", name);
    const { version, license, author, repository } = read(join(folder, "package.json"));
    const url = typeof repository === "string" ? repository : repository?.url;
    found.set(name, {
      name,
      version,
      licence: license,
      authors: [typeof author === "string" ? author : author?.name].filter(Boolean),
      repository: url?.replace(/^git\+|\.git$/g, ""),
      folder,
    });
    // Svelte needs more to compile than to run; these are of what runs.
    if (name === "svelte") open.push("clsx", "devalue", "esm-env");
  }
  return [...found.values()];
}

/** The texts in a package's own folder whose names fit. */
function texts(folder, names) {
  return readdirSync(folder)
    .filter((name) => names.test(name) && statSync(join(folder, name)).isFile())
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n").trim());
}

const offersApache = ({ licence }) => /\bApache-2\.0\b(?! AND)/.test(licence) && !/\bAND\b/.test(licence);
const same = (text) => text.replace(/\s+/g, " ");
const title = ({ name, version, licence, authors, repository }) =>
  [`${name} ${version} (${licence})`, ...(authors.length ? [`  by ${authors.join(", ")}`] : []), ...(repository ? [`  ${repository}`] : [])].join("\n");

function notices(packages) {
  const apache = packages.filter(offersApache);
  const others = packages.filter((one) => !offersApache(one));
  const own = new Map(others.map((one) => [one, texts(one.folder, TEXT)]));
  // Packages that came without their text have that of another one under the same licence; what is theirs is who wrote them.
  const sample = new Map([...own].filter(([, found]) => found.length).map(([one, found]) => [one.licence, found]));
  /** Text to packages, so that each text stands there once. */
  const groups = new Map();
  for (const [one, found] of own) {
    const used = found.length ? found : sample.get(one.licence);
    if (!used) throw new Error(`${one.name} ${one.version}: no text of its licence ${one.licence} is there`);
    const key = used.map(same).join("\f");
    if (!groups.has(key)) groups.set(key, { text: used.join("\n\n"), packages: [] });
    groups.get(key).packages.push(one);
  }
  for (const one of apache) {
    const found = texts(one.folder, NOTICE);
    if (found.length) groups.set(`${one.name} notice`, { text: found.join("\n\n"), packages: [one] });
  }
  const line = "-".repeat(80);
  const sections = [...groups.values()].map(
    ({ text, packages: whose }) => `${line}\n${whose.map(title).join("\n")}\n\n${text}\n`,
  );
  const licence = readFileSync(join(CHECKOUT, "LICENSE-APACHE"), "utf8").trim();
  return [
    "Tegata is linked with the work of others, which is listed here with its licences.\n",
    ...sections,
    `${line}\nUnder the Apache License, version 2.0:\n\n${apache.map(title).join("\n")}\n\n${licence}\n`,
  ].join("\n");
}

function host() {
  const printed = execFileSync("rustc", ["-vV"], { encoding: "utf8" });
  return printed.match(/^host: (.+)$/m)[1];
}

const byName = (a, b) => (a.name === b.name ? (a.version < b.version ? -1 : 1) : a.name < b.name ? -1 : 1);
const packages = [...crates(process.argv[2] ?? process.env.TAURI_ENV_TARGET_TRIPLE ?? host()), ...modules()].sort(byName);
const silent = packages.filter(({ licence }) => !licence);
if (silent.length) throw new Error(`no licence is named by ${silent.map(({ name }) => name).join(", ")}`);
const written = notices(packages);
mkdirSync(dirname(OUTPUT), { recursive: true });
writeFileSync(OUTPUT, written);
console.log(`${packages.length} packages in ${Math.ceil(written.length / 1000)} kB of notices`);
