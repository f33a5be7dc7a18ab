// A real server in demo mode, and a look at its own pages: in both themes, at 320 and 1280 CSS pixels.
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { accessibility } from "./browser.mjs";

/** Starts the server on a loopback port that the system picks, with data of its own. */
export async function startProvider(program) {
  const folder = mkdtempSync(join(tmpdir(), "tegata-pages-"));
  const data = join(folder, "data");
  const server = spawn(program, ["--data-dir", data, "serve", "--demo", "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const stop = async () => {
    server.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for await (const line of createInterface({ input: server.stdout })) {
    const found = /^listening on (\S+)/.exec(line);
    if (!found) continue;
    // What it prints from now on is nobody's business, but must not fill the pipe.
    server.stdout.resume();
    const command = async (...words) => (await promisify(execFile)(program, ["--data-dir", data, ...words])).stdout;
    return { origin: found[1], folder, command, stop };
  }
  await stop();
  throw new Error("the server did not start");
}

/** What was seen, and what was wrong with it. Pictures go into `folder`, without what an earlier run left there. */
export class Looks {
  #folder;
  #problems = [];
  #checked = 0;

  constructor(folder) {
    this.#folder = folder;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }

  /** Takes errors of a page for problems. */
  watch(page) {
    page.on("console", (message) => {
      const expected = /status of 4(00|01|04|09|10|22)/.test(message.text());
      if (message.type() === "error" && !expected) this.#problems.push(`console at ${page.url()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.#problems.push(`script at ${page.url()}: ${error.message}`));
  }

  /** Checks the page that is open in every look, in the language that it has, and leaves a picture of each. */
  async at(page, name) {
    for (const theme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: theme });
      for (const width of [320, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        await this.#check(page, `${name}-${theme}-${width}`);
      }
    }
    await page.emulateMedia({ colorScheme: "light" });
  }

  async #check(page, name) {
    this.#checked += 1;
    await page.screenshot({ path: join(this.#folder, `${name}.png`), fullPage: true });
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (sideways > 0) this.#problems.push(`${name}: scrolls sideways by ${sideways} pixels`);
    // The banner of a server with test accounts stands before everything else.
    const violations = await accessibility(page, { region: { enabled: false } });
    for (const violation of violations) this.#problems.push(`${name}: ${violation}`);
  }

  /** Prints what was found and sets the exit code. */
  tell() {
    for (const problem of this.#problems) console.error(problem);
    console.log(`${this.#checked} pages checked, ${this.#problems.length} problems`);
    process.exitCode = this.#problems.length === 0 ? 0 : 1;
  }
}
