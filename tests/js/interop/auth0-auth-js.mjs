// One sign-in by @auth0/auth0-auth-js, as its users write it.
//
//   node auth0-auth-js.mjs SETTINGS.json
//
// It asks and polls in one call, so the test decides about what it finds pending. The library's default scopes are not all
// this provider's; the ones to ask for are given.

import { AuthClient } from "@auth0/auth0-auth-js";
import { fetchFor, main, say, settings } from "./parts.mjs";

await main(async () => {
  const given = await settings();
  const transport = await fetchFor(given);
  const auth = new AuthClient({
    domain: new URL(given.issuer).host,
    clientId: given.client_id,
    clientSecret: given.secret,
    authorizationParams: { scope: "openid" },
    customFetch: transport.fetch,
  });
  const asked = await auth.initiateBackchannelAuthentication({
    bindingMessage: "Desk 4",
    loginHint: { sub: given.sub },
  });
  say("accepted", { auth_req_id: asked.authReqId, interval: asked.interval });
  for (;;) {
    try {
      const tokens = await auth.backchannelAuthenticationGrant({ authReqId: asked.authReqId });
      say("tokens", { claims: tokens.claims, header: {} });
      break;
    } catch (error) {
      if (error.cause?.error !== "authorization_pending" && error.cause?.error !== "slow_down") {
        throw error;
      }
      await new Promise((wake) => setTimeout(wake, 1000 * asked.interval));
    }
  }
  await transport.close();
});
