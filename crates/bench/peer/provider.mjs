// node-oidc-provider as a peer for the benchmark: CIBA in poll mode, private_key_jwt, ES256, everything in memory.
//
//   node provider.mjs
//
// What is left out, on purpose: nobody is asked. The provider approves each request itself before it answers it, so there
// is no device, no prompt, no signed approval and no disk. The storage is the package's own in-memory adapter, which
// keeps the newest one to two thousand entries.
//
// It listens on a port of the system's choice and prints {"issuer"}; reads one line {"client_id", "jwks"} from standard
// input; prints {"ready", "provider", "node"} when it can be used. It ends when standard input does.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const CIBA = "urn:openid:params:grant-type:ciba";
const MINUTES = 60;

function printLine(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function signingKey() {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), alg: "ES256", kid: "peer", use: "sig" };
}

/** Approves at once what was asked for. The package answers the request only after this. */
async function approve(context, request, account, client) {
  const { provider } = context.oidc;
  const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
  grant.addOIDCScope(request.scope);
  await grant.save();
  await provider.backchannelResult(request, grant, { authTime: Math.floor(Date.now() / 1000) });
}

function configuration({ client_id, jwks }) {
  return {
    clients: [
      {
        client_id,
        jwks,
        backchannel_token_delivery_mode: "poll",
        grant_types: [CIBA],
        id_token_signed_response_alg: "ES256",
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: "private_key_jwt",
        token_endpoint_auth_signing_alg: "ES256",
      },
    ],
    cookies: { keys: [randomBytes(32).toString("base64url")] },
    features: {
      ciba: {
        enabled: true,
        deliveryModes: ["poll"],
        processLoginHint: (_context, loginHint) => loginHint,
        triggerAuthenticationDevice: approve,
        validateBindingMessage: () => undefined,
        validateRequestContext: () => undefined,
        verifyUserCode: () => undefined,
      },
      devInteractions: { enabled: false },
    },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    jwks: { keys: [signingKey()] },
    ttl: {
      AccessToken: 5 * MINUTES,
      BackchannelAuthenticationRequest: 5 * MINUTES,
      Grant: 5 * MINUTES,
      IdToken: 5 * MINUTES,
    },
  };
}

async function version() {
  const manifest = new URL("node_modules/oidc-provider/package.json", import.meta.url);
  return JSON.parse(await readFile(manifest, "utf8")).version;
}

const server = createServer();
await new Promise((resolve, reject) => {
  server.once("error", reject);
  server.listen(0, "127.0.0.1", resolve);
});
const issuer = `http://127.0.0.1:${server.address().port}`;
const input = createInterface({ input: process.stdin });
input.on("close", () => process.exit(0));
input.once("line", async (line) => {
  const provider = new Provider(issuer, configuration(JSON.parse(line)));
  provider.on("server_error", (_context, error) => console.error(error));
  server.on("request", provider.callback());
  printLine({ ready: true, provider: await version(), node: process.versions.node });
});
printLine({ issuer });
