// One sign-in by openid-client, a library that nobody here wrote; the ID token is checked a second time with jose.
//
//   node openid-client-flow.mjs ISSUER CLIENT_ID CLIENT_SECRET LOGIN_HINT [--key JWKFILE] [--binding-message TEXT]
//
// With --key the client authenticates with private_key_jwt and CLIENT_SECRET is ignored. Prints one JSON line when the
// request is accepted and one when the tokens have been checked; exits with 1 and a JSON line on standard error if not.

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import * as jose from "jose";
import * as client from "openid-client";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "binding-message": { type: "string" },
    key: { type: "string" },
  },
});
const [issuer, clientId, clientSecret, loginHint] = positionals;
if (loginHint === undefined) {
  console.error("usage: openid-client-flow.mjs ISSUER CLIENT_ID CLIENT_SECRET LOGIN_HINT [--key JWKFILE]");
  process.exit(2);
}

async function clientAuthentication() {
  if (values.key === undefined) {
    return client.ClientSecretBasic(clientSecret);
  }
  const jwk = JSON.parse(await readFile(values.key, "utf8"));
  const key = await crypto.subtle.importKey(
    "jwk",
    { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y, d: jwk.d },
    { name: "ECDSA", namedCurve: "P-256" },
    false,
    ["sign"],
  );
  return client.PrivateKeyJwt(jwk.kid === undefined ? key : { key, kid: jwk.kid });
}

/** Plain HTTP is allowed for this machine only. */
function execute() {
  const { protocol, hostname } = new URL(issuer);
  const local = hostname === "localhost" || hostname.endsWith(".localhost");
  return protocol === "http:" && local ? [client.allowInsecureRequests] : [];
}

function printLine(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function run() {
  const config = await client.discovery(new URL(issuer), clientId, {}, await clientAuthentication(), {
    execute: execute(),
  });
  const parameters = { scope: "openid", login_hint: loginHint };
  if (values["binding-message"] !== undefined) {
    parameters.binding_message = values["binding-message"];
  }
  const acknowledgement = await client.initiateBackchannelAuthentication(config, parameters);
  printLine({
    event: "accepted",
    transfer_code: acknowledgement.transfer_code ?? null,
    expires_in: acknowledgement.expires_in,
    interval: acknowledgement.interval ?? null,
  });

  const tokens = await client.pollBackchannelAuthenticationGrant(config, acknowledgement);

  const keys = jose.createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
  const { payload, protectedHeader } = await jose.jwtVerify(tokens.id_token, keys, {
    algorithms: ["ES256"],
    audience: clientId,
    issuer,
    requiredClaims: ["sub", "exp", "iat", "auth_time", "acr", "amr", "at_hash", "tegata_evidence"],
  });
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(tokens.access_token)),
  );
  if (jose.base64url.encode(digest.subarray(0, 16)) !== payload.at_hash) {
    throw new Error("at_hash is not that of the access token");
  }
  printLine({
    event: "tokens",
    header: protectedHeader,
    claims: payload,
    client_receipt: tokens.client_receipt,
  });
}

try {
  await run();
} catch (error) {
  const { name, message, code, error: oauthError, status } = error;
  process.stderr.write(`${JSON.stringify({ event: "failed", name, message, code, error: oauthError, status })}\n`);
  process.exitCode = 1;
}
