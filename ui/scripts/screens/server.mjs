// The demo build on a loopback port that the system picks, under the policy that the app's window enforces.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../dist-demo/", import.meta.url));
const configuration = new URL("../../../src-tauri/tauri.conf.json", import.meta.url);
const TYPES = { ".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml" };

/** What the app's window enforces. */
function policy() {
  const { csp } = JSON.parse(readFileSync(configuration, "utf8")).app.security;
  return Object.entries(csp).map((directive) => directive.join(" ")).join("; ");
}

/** Serves the demo build and, under `/sheet/`, whatever is put into `extra` (path to type and bytes). */
export async function serve() {
  const extra = new Map();
  const headers = { "content-security-policy": policy() };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const made = extra.get(pathname);
    if (made) {
      response.writeHead(200, { "content-type": made.type }).end(made.bytes);
      return;
    }
    if (pathname === "/favicon.ico") {
      // Browsers ask for it by themselves, sooner or later; the app's window does not.
      response.writeHead(204).end();
      return;
    }
    const path = normalize(join(root, pathname));
    if (!path.startsWith(root) || !existsSync(path)) {
      response.writeHead(404).end();
      return;
    }
    const type = `${TYPES[extname(path)] ?? "application/octet-stream"}; charset=utf-8`;
    response.writeHead(200, { ...headers, "content-type": type, "cache-control": "max-age=600" });
    response.end(readFileSync(path));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, extra, close: () => server.close() };
}
