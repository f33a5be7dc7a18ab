// Makes the icons of every system from `icons/icon.svg`: `npm run icons` writes them, `npm run icons -- --check` says
// whether they are what the drawing gives today.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const icons = fileURLToPath(new URL("../../icons/", import.meta.url));
const tauri = fileURLToPath(new URL("../node_modules/@tauri-apps/cli/tauri.js", import.meta.url));
const drawing = join(icons, "icon.svg");
const SYMBOL = "symbolic.svg";
// What a Linux desktop asks for; the others are made to the system's own list.
const SIZES = [16, 24, 32, 48, 64, 128, 256, 512];
const WANTED = /^(icon\.(ico|icns|png)|ios\/.*|android\/.*)$/u;

const made = mkdtempSync(join(tmpdir(), "tegata-icons-"));
try {
  const check = process.argv.includes("--check");
  const symbol = symbolOf(readFileSync(drawing, "utf8"));
  writeFileSync(join(made, SYMBOL), symbol);
  // On a pass of its own colour, as the desktop's icon is.
  draw(drawing, join(made, "all"), "--ios-color", "#14534b");
  draw(drawing, join(made, "linux"), ...SIZES.flatMap((size) => ["--png", String(size)]));
  // A template for the menu bar of macOS, which colours it itself; twice 22 points.
  draw(join(made, SYMBOL), join(made, "menu"), "--png", "44");

  const files = new Map([[SYMBOL, Buffer.from(symbol)]]);
  for (const name of filesIn(join(made, "all"))) {
    if (WANTED.test(name)) files.set(name, readFileSync(join(made, "all", name)));
  }
  files.set("icon.icns", inOrder(files.get("icon.icns")));
  for (const size of SIZES) files.set(`${size}x${size}.png`, readFileSync(join(made, "linux", `${size}x${size}.png`)));
  files.set("menu-template.png", readFileSync(join(made, "menu", "44x44.png")));

  const different = [...files].filter(([name, bytes]) => {
    const path = join(icons, name);
    return !existsSync(path) || !readFileSync(path).equals(bytes);
  });
  const left = filesIn(icons).filter((name) => name !== "icon.svg" && !files.has(name));
  if (check) {
    const names = [...different.map(([name]) => name), ...left.map((name) => `${name} (nothing makes it)`)];
    if (names.length > 0) {
      console.error(`not what icons/icon.svg gives: ${names.join(", ")}\n\`npm run icons\` in ui/ makes them`);
      process.exitCode = 1;
    } else {
      console.log(`${files.size} icons are what icons/icon.svg gives`);
    }
  } else {
    for (const name of left) rmSync(join(icons, name));
    for (const [name, bytes] of different) {
      mkdirSync(dirname(join(icons, name)), { recursive: true });
      writeFileSync(join(icons, name), bytes);
    }
    console.log(`${files.size} icons, of which ${different.length} changed`);
  }
} finally {
  rmSync(made, { recursive: true });
}

/** The hand alone, in one colour, which a desktop replaces by that of its text. */
function symbolOf(svg) {
  const hand = /<g id="hand"[^>]*>([\s\S]*?)<\/g>/u.exec(svg);
  if (!hand) throw new Error('icons/icon.svg has no group with id="hand"');
  const shapes = hand[1].trim().split(/\s*\n\s*/u).join("\n    ");
  // A square around the hand, which is 44 high and 36 wide.
  return `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="9.5 12.5 46 46">
  <g fill="#2e3436">
    ${shapes}
  </g>
</svg>
`;
}

/** The pictures in an `.icns` by their types: the file has no order of its own, and its maker gives it another each time. */
function inOrder(icns) {
  const pictures = [];
  for (let at = 8; at < icns.length; at += icns.readUInt32BE(at + 4)) {
    pictures.push(icns.subarray(at, at + icns.readUInt32BE(at + 4)));
  }
  pictures.sort((one, other) => one.compare(other, 0, 4, 0, 4));
  return Buffer.concat([icns.subarray(0, 8), ...pictures]);
}

function draw(source, folder, ...options) {
  const run = spawnSync(process.execPath, [tauri, "icon", source, "--output", folder, ...options], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`\`tauri icon\` failed:\n${run.stderr ?? run.error}`);
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length).replaceAll("\\", "/").replace(/^\//u, ""))
    .sort();
}
