// One sign-in by openid-client: any way of client authentication, plain or signed requests, poll, ping or push.
//
//   node openid-client.mjs SETTINGS.json
//
// Says `listening` (ping and push) and waits for a line, says `accepted` with the id that the test decides about, and
// `tokens` when they have been verified with jose, or `refused` with the error of the provider.

import { randomBytes } from "node:crypto";
import * as client from "openid-client";
import { listen } from "./callback.mjs";
import { fetchFor, importKey, main, requestObject, say, settings, told, verified } from "./parts.mjs";

async function authentication({ method, secret, key }) {
  switch (method) {
    case "client_secret_basic":
      return client.ClientSecretBasic(secret);
    case "client_secret_post":
      return client.ClientSecretPost(secret);
    case "client_secret_jwt":
      return client.ClientSecretJwt(secret);
    case "private_key_jwt":
      return client.PrivateKeyJwt({ key: await importKey(key), kid: key.kid });
    case "tls_client_auth":
    case "self_signed_tls_client_auth":
      return client.TlsClientAuth();
    default:
      throw new Error(`no such method: ${method}`);
  }
}

function requireCall(call, token, keys) {
  const names = Object.keys(call.body).sort().join(" ");
  if (call.method !== "POST" || call.authorization !== `Bearer ${token}` || !call.type.startsWith("application/json")) {
    throw new Error(`the call has another method, token or media type: ${call.method} ${call.type}`);
  }
  if (keys !== undefined && names !== keys) {
    throw new Error(`the call has other members: ${names}`);
  }
}

await main(async () => {
  const given = await settings();
  const { issuer, client_id: clientId, delivery = "poll" } = given;
  const callback = delivery === "poll" ? undefined : await listen(given.listener);
  if (callback !== undefined) {
    say("listening", { port: callback.port });
    await told();
  }
  const transport = await fetchFor(given);
  const metadata = given.certificate === undefined ? {} : { use_mtls_endpoint_aliases: true };
  metadata.id_token_signed_response_alg = given.id_token_alg ?? "ES256";
  const config = await client.discovery(new URL(issuer), clientId, metadata, await authentication(given), {
    [client.customFetch]: transport.fetch,
  });
  const server = config.serverMetadata();
  const token = randomBytes(32).toString("base64url");
  let parameters = { ...given.parameters };
  if (callback !== undefined) {
    parameters.client_notification_token = token;
  }
  if (given.sign === true) {
    parameters = { request: await requestObject(given.key, { issuer, clientId, parameters }) };
  }
  try {
    const acknowledgement = await client.initiateBackchannelAuthentication(config, parameters);
    const id = acknowledgement.auth_req_id;
    say("accepted", { auth_req_id: id, interval: acknowledgement.interval ?? null });
    let tokens;
    if (delivery === "push") {
      const call = await callback.received();
      requireCall(call, token);
      const { auth_req_id: pushed, ...rest } = call.body;
      if (pushed !== id) {
        throw new Error("the push is for another request");
      }
      if (rest.error !== undefined) {
        say("refused", { error: rest.error });
        return;
      }
      tokens = rest;
    } else {
      if (delivery === "ping") {
        const call = await callback.received();
        requireCall(call, token, "auth_req_id");
        if (call.body.auth_req_id !== id) {
          throw new Error("the ping is for another request");
        }
        acknowledgement.interval = 1;
      }
      tokens = await client.pollBackchannelAuthenticationGrant(config, acknowledgement);
    }
    const { header, claims } = await verified(tokens, {
      metadata: server,
      clientId,
      algorithm: given.id_token_alg,
      fetch: transport.fetch,
    });
    if (delivery === "push" && claims["urn:openid:params:jwt:claim:auth_req_id"] !== id) {
      throw new Error("the pushed ID token does not name the request");
    }
    const person = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    let refreshed;
    if (given.refresh === true) {
      const again = await client.refreshTokenGrant(config, tokens.refresh_token);
      refreshed = again.claims()?.sub ?? null;
    }
    say("tokens", {
      header,
      claims,
      person,
      refreshed,
      type: tokens.token_type,
      authorization_details: tokens.authorization_details,
    });
  } catch (error) {
    const code = error.error ?? error.cause?.error;
    if (code === undefined) {
      throw error;
    }
    say("refused", { error: code });
  } finally {
    callback?.close();
    await transport.close();
  }
});
