// One sign-in with openid-client 6 (npm install openid-client jose).
// Needs ISSUER, CLIENT_ID, CLIENT_SECRET and LOGIN_HINT in the environment.
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, LOGIN_HINT } = process.env;

// Plain HTTP is for a server on this machine only.
const options = new URL(ISSUER).hostname === "localhost" ? { execute: [client.allowInsecureRequests] } : {};
const config = await client.discovery(
  new URL(ISSUER),
  CLIENT_ID,
  {},
  client.ClientSecretBasic(CLIENT_SECRET),
  options,
);

// 1. Ask.
const request = await client.initiateBackchannelAuthentication(config, {
  scope: "openid",
  login_hint: LOGIN_HINT,
});

// 2. Show the code where the person is looking.
console.log(`code: ${request.transfer_code}`);

// 3. Poll: the library keeps to the interval and throws when the request is denied or has expired.
const tokens = await client.pollBackchannelAuthenticationGrant(config, request);

// 4. The library has checked the claims; the signature is checked here.
const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
const { payload } = await jwtVerify(tokens.id_token, keys, {
  algorithms: ["ES256"],
  audience: CLIENT_ID,
  issuer: ISSUER,
});
console.log(`signed in: ${payload.sub}`);
