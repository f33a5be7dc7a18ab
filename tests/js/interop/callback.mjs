// A client's notification endpoint (CIBA Core sections 9, 10.2 and 10.3) on a port that the system picks.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";

/** Largest body that is read, in bytes. */
const MOST = 64 * 1024;

/**
 * Listens with a certificate. `received` gives what was posted, in order: the bearer token, the media type, the JSON.
 *
 * @param {{cert: string, key: string}} files paths of PEM files
 */
export async function listen(files) {
  const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)]);
  const waiting = [];
  const calls = [];
  const server = createServer({ cert, key }, (request, response) => {
    const chunks = [];
    let size = 0;
    request.on("data", (chunk) => {
      size += chunk.length;
      if (size > MOST) {
        request.destroy();
        return;
      }
      chunks.push(chunk);
    });
    request.on("end", () => {
      response.writeHead(204).end();
      const call = {
        method: request.method,
        authorization: request.headers.authorization,
        type: request.headers["content-type"],
        body: JSON.parse(Buffer.concat(chunks).toString("utf8")),
      };
      const next = waiting.shift();
      if (next === undefined) {
        calls.push(call);
      } else {
        next(call);
      }
    });
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  return {
    port: server.address().port,
    received: () => (calls.length > 0 ? Promise.resolve(calls.shift()) : new Promise((give) => waiting.push(give))),
    /** How many calls came that nobody has asked for. */
    left: () => calls.length,
    close: () => server.close().closeAllConnections(),
  };
}
