// What the interop programs share: their settings, talking to the test that started them, and checks with jose.

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import * as jose from "jose";
import { Agent, fetch as fetchWith } from "undici";

/** The settings: a JSON file that is the only argument. */
export async function settings() {
  return JSON.parse(await readFile(process.argv[2], "utf8"));
}

/** One line for the test that started this program. */
export function say(event, further = {}) {
  process.stdout.write(`${JSON.stringify({ event, ...further })}\n`);
}

/** Waits for the test to say that it is ready. */
export async function told() {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    return line;
  }
  throw new Error("the test has gone");
}

/** `fetch` that trusts the private authority alone and shows the client's certificate, if it has one. */
export async function fetchFor({ ca, certificate }) {
  const connect = { ca: await readFile(ca) };
  if (certificate !== undefined) {
    connect.cert = await readFile(certificate.cert);
    connect.key = await readFile(certificate.key);
  }
  const dispatcher = new Agent({ connect });
  return {
    fetch: (url, options) => fetchWith(url, { ...options, dispatcher }),
    close: () => dispatcher.close(),
  };
}

/** A private JWK as WebCrypto wants it for one algorithm. */
export async function importKey(jwk) {
  return await jose.importJWK(jwk, jwk.alg);
}

/** A signed authentication request (CIBA Core section 7.1.1). */
export async function requestObject(jwk, { issuer, clientId, parameters }) {
  const now = Math.floor(Date.now() / 1000);
  return await new jose.SignJWT({ ...parameters })
    .setProtectedHeader({ alg: jwk.alg, kid: jwk.kid, typ: "oauth-authz-req+jwt" })
    .setIssuer(clientId)
    .setAudience(issuer)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + 300)
    .setJti(crypto.randomUUID())
    .sign(await importKey(jwk));
}

/** The left half of the hash that goes with an algorithm (OpenID Connect Core section 3.1.3.6). */
async function leftHalf(text, algorithm) {
  const hash = algorithm === "EdDSA" ? "SHA-512" : "SHA-256";
  const digest = new Uint8Array(await crypto.subtle.digest(hash, new TextEncoder().encode(text)));
  return jose.base64url.encode(digest.subarray(0, digest.length / 2));
}

/** Verifies an ID token with jose against the provider's published keys; gives header and claims. */
export async function verified(tokens, { metadata, clientId, algorithm, fetch }) {
  const answer = await fetch(metadata.jwks_uri);
  const keys = jose.createLocalJWKSet(await answer.json());
  const { payload, protectedHeader } = await jose.jwtVerify(tokens.id_token, keys, {
    algorithms: [algorithm ?? "ES256"],
    audience: clientId,
    issuer: metadata.issuer,
    requiredClaims: ["sub", "exp", "iat", "auth_time", "acr", "amr", "at_hash"],
  });
  if ((await leftHalf(tokens.access_token, protectedHeader.alg)) !== payload.at_hash) {
    throw new Error("at_hash is not that of the access token");
  }
  if (tokens.refresh_token !== undefined && "urn:openid:params:jwt:claim:rt_hash" in payload) {
    const hash = await leftHalf(tokens.refresh_token, protectedHeader.alg);
    if (hash !== payload["urn:openid:params:jwt:claim:rt_hash"]) {
      throw new Error("rt_hash is not that of the refresh token");
    }
  }
  return { header: protectedHeader, claims: payload };
}

/** Runs a program; what goes wrong becomes one line on standard error and exit code 1. */
export async function main(run) {
  try {
    await run();
  } catch (error) {
    const { name, message, code, cause } = error;
    const because = cause?.error ?? cause?.message ?? cause?.code;
    process.stderr.write(`${JSON.stringify({ event: "failed", name, message, code, because })}\n`);
    process.exitCode = 1;
  }
}
