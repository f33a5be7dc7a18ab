// A key pair for one algorithm, as JWKs on one line.
//
//   node make-keys.mjs ES256|PS256|EdDSA

import * as jose from "jose";

const alg = process.argv[2];
const pair = await jose.generateKeyPair(alg, { extractable: true });
const name = { kid: crypto.randomUUID(), alg, use: "sig" };
const [secret, open] = await Promise.all([jose.exportJWK(pair.privateKey), jose.exportJWK(pair.publicKey)]);
process.stdout.write(`${JSON.stringify({ private: { ...secret, ...name }, public: { ...open, ...name } })}\n`);
