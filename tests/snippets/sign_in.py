"""One sign-in with Python's standard library.

Needs ISSUER, CLIENT_ID, CLIENT_SECRET and LOGIN_HINT in the environment.
"""

import base64
import json
import os
import sys
import time
from urllib.error import HTTPError
from urllib.parse import quote_plus, urlencode
from urllib.request import Request, urlopen

ISSUER = os.environ["ISSUER"]
CLIENT_ID = os.environ["CLIENT_ID"]
CLIENT_SECRET = os.environ["CLIENT_SECRET"]


def post(url, parameters):
    """Posts a form as this client; the JSON that comes back, errors too."""
    # Form-encoded before they are joined (RFC 6749, section 2.3.1).
    credentials = f"{quote_plus(CLIENT_ID)}:{quote_plus(CLIENT_SECRET)}"
    basic = base64.b64encode(credentials.encode()).decode()
    request = Request(url, urlencode(parameters).encode(), {"Authorization": f"Basic {basic}"})
    try:
        with urlopen(request, timeout=10) as response:
            return json.load(response)
    except HTTPError as error:
        return json.load(error)


def claims_of(id_token):
    """The claims of an ID token that came straight from the token endpoint.

    A program that is handed one must check its signature, too (PyJWT and jwks_uri will do).
    """
    payload = id_token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    if claims["iss"] != ISSUER or claims["aud"] != CLIENT_ID or claims["exp"] <= time.time():
        sys.exit("the ID token is not for this client, or not for now")
    return claims


with urlopen(f"{ISSUER}/.well-known/openid-configuration", timeout=10) as response:
    configuration = json.load(response)
if configuration["issuer"] != ISSUER:
    sys.exit("the server is another one than it says")

# 1. Ask.
request = post(
    configuration["backchannel_authentication_endpoint"],
    {"scope": "openid", "login_hint": os.environ["LOGIN_HINT"]},
)
if "error" in request:
    sys.exit(f"not accepted: {request['error']}")

# 2. Show the code where the person is looking.
print("code:", request.get("transfer_code", ""), flush=True)

# 3. Poll, never faster than the interval.
interval = request["interval"]
while True:
    time.sleep(interval)
    tokens = post(
        configuration["token_endpoint"],
        {"grant_type": "urn:openid:params:grant-type:ciba", "auth_req_id": request["auth_req_id"]},
    )
    error = tokens.get("error")
    if error is None:
        break
    if error == "slow_down":
        interval += 5
    elif error != "authorization_pending":
        sys.exit(f"not signed in: {error}")

# 4. Who it is.
print("signed in:", claims_of(tokens["id_token"])["sub"])
