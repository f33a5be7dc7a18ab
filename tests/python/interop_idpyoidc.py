"""One sign-in by idpyoidc: poll mode with client_secret_basic, everything through the library's services.

    python interop_idpyoidc.py SETTINGS.json

Says `accepted` with the id that the test decides about, then `tokens` when the library has verified the ID token.

What the library lacks is added here, each named where it is done:
1. it has the message of the CIBA token request and no service that sends it;
2. it fetches keys while it discovers, see 3, so they are given to it by hand; it verifies the ID token with them by itself;
3. it insists on response_types_supported in discovery, which a provider without an authorization response leaves out (RFC
   8414 section 3.2), so discovery is read without it;
4. its backchannel authentication service sends GET, so its method is set.
"""

import json
import sys
import time

from cryptojwt.key_jar import KeyJar
from idpyoidc.client.oauth2 import Client
from idpyoidc.client.oidc.backchannel_authentication import BackChannelAuthentication
from idpyoidc.client.service import Service
from idpyoidc.message.oauth2 import ResponseMessage
from idpyoidc.message.oidc import AccessTokenResponse
from idpyoidc.message.oidc.backchannel_authentication import TokenRequest

GRANT = "urn:openid:params:grant-type:ciba"


class Backchannel(BackChannelAuthentication):
    """Fix 4."""

    http_method = "POST"
    request_body_type = "urlencoded"


class CibaToken(Service):
    """Fix 1: the token request of CIBA Core section 10.1."""

    msg_type = TokenRequest
    response_cls = AccessTokenResponse
    error_msg = ResponseMessage
    endpoint_name = "token_endpoint"
    synchronous = True
    service_name = "ciba_token"
    response_body_type = "json"
    http_method = "POST"
    default_authn_method = "client_secret_basic"


def say(event, **further):
    print(json.dumps({"event": event, **further}), flush=True)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        given = json.load(file)
    services = {
        "backchannel": {
            "class": Backchannel,
            "kwargs": {"default_authn_method": "client_secret_basic"},
        },
        "ciba_token": {"class": CibaToken},
    }
    client = Client(
        keyjar=KeyJar(),
        config={
            "client_id": given["client_id"],
            "client_secret": given["secret"],
            "issuer": given["issuer"],
            "client_type": "oidc",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        },
        services=services,
        httpc_params={"verify": given["ca"]},
    )
    # Fix 3.
    context = client.get_context()
    context.provider_info = client.httpc(
        "GET", f"{given['issuer']}/.well-known/openid-configuration", verify=given["ca"]
    ).json()
    # Fix 2.
    keys = client.httpc("GET", context.provider_info["jwks_uri"], verify=given["ca"]).json()
    client.keyjar.import_jwks(keys, given["issuer"])
    basic = {"authn_method": "client_secret_basic"}
    asked = client.do_request(
        "backchannel_authentication", request_args=given["parameters"], **basic
    )
    if "error" in asked:
        say("refused", error=asked["error"])
        return
    say("accepted", auth_req_id=asked["auth_req_id"], interval=asked["interval"])
    while True:
        answer = client.do_request(
            "ciba_token",
            request_args={"grant_type": GRANT, "auth_req_id": asked["auth_req_id"]},
            **basic,
        )
        if answer.get("error") not in ("authorization_pending", "slow_down"):
            break
        time.sleep(asked["interval"])
    if "error" in answer:
        say("refused", error=answer["error"])
        return
    token = answer["__verified_id_token"]
    say("tokens", header=token.jws_header, claims=token.to_dict(), type=answer["token_type"])


if __name__ == "__main__":
    main()
