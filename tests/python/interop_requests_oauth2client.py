"""One sign-in by requests_oauth2client: poll mode, by secret or key, plain or signed.

    python interop_requests_oauth2client.py SETTINGS.json

Says `accepted` with the id that the test decides about, then `tokens` when the ID token has been verified, or `refused`.

What the library lacks is added here, each named where it is done:
1. it reads discovery and passes over the backchannel authentication endpoint;
2. it signs what it is given as a request object and adds no claims, so those of CIBA Core section 7.1.1 are given too.
"""

import json
import sys
import time
import uuid

from requests import Session
from requests_oauth2client import (
    BackChannelAuthenticationPoolingJob,
    ClientSecretBasic,
    ClientSecretPost,
    IdToken,
    OAuth2Client,
    OAuth2Error,
    PrivateKeyJwt,
)
from jwskate import Jwk


def say(event, **further):
    print(json.dumps({"event": event, **further}), flush=True)


def authentication(given):
    method, client_id = given["method"], given["client_id"]
    if method == "private_key_jwt":
        return PrivateKeyJwt(client_id, given["key"])
    kinds = {"client_secret_basic": ClientSecretBasic, "client_secret_post": ClientSecretPost}
    return kinds[method](client_id, given["secret"])


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        given = json.load(file)
    session = Session()
    session.verify = given["ca"]
    metadata = session.get(f"{given['issuer']}/.well-known/openid-configuration").json()
    # Fix 1.
    client = OAuth2Client.from_discovery_document(
        metadata,
        issuer=given["issuer"],
        auth=authentication(given),
        session=session,
        backchannel_authentication_endpoint=metadata["backchannel_authentication_endpoint"],
    )
    further, hints = {}, dict(given["parameters"])
    if given.get("sign"):
        # Fix 2.
        now = int(time.time())
        further["private_jwk"] = given["key"]
        hints |= {
            "iss": given["client_id"],
            "aud": given["issuer"],
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "jti": str(uuid.uuid4()),
        }
    try:
        asked = client.backchannel_authentication_request(**hints, **further)
        say("accepted", auth_req_id=asked.auth_req_id, interval=asked.interval)
        job = BackChannelAuthenticationPoolingJob(client, asked)
        tokens = None
        while tokens is None:
            tokens = job()
    except OAuth2Error as error:
        say("refused", error=error.error)
        return
    keys = session.get(metadata["jwks_uri"]).json()["keys"]
    token = IdToken(str(tokens.id_token))
    key = next(Jwk(key) for key in keys if key["kid"] == token.headers["kid"])
    token.validate(key, issuer=given["issuer"], audience=given["client_id"], alg=key.alg)
    say("tokens", header=token.headers, claims=token.claims, type=tokens.token_type)


if __name__ == "__main__":
    main()
