#!/usr/bin/env bash
# One sign-in with curl. Needs ISSUER, CLIENT_ID, CLIENT_SECRET and LOGIN_HINT in the environment.
set -euo pipefail

# Prints one member of the JSON on standard input; `jq -r ".$1 // empty"` does the same.
member() { python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1], ""))' "$1"; }

# Id and secret are form-encoded before curl joins them (RFC 6749, section 2.3.1). The secrets that
# `tegata-server client add` makes, and all client ids, have no characters that would change.
post() { curl --silent --show-error --user "$CLIENT_ID:$CLIENT_SECRET" "$@"; }

configuration=$(curl --silent --show-error --fail "$ISSUER/.well-known/openid-configuration")
[ "$(member issuer <<<"$configuration")" = "$ISSUER" ]
authentication_endpoint=$(member backchannel_authentication_endpoint <<<"$configuration")
token_endpoint=$(member token_endpoint <<<"$configuration")

# 1. Ask.
acknowledgement=$(post "$authentication_endpoint" --data scope=openid --data-urlencode "login_hint=$LOGIN_HINT")
auth_req_id=$(member auth_req_id <<<"$acknowledgement")
interval=$(member interval <<<"$acknowledgement")
if [ -z "$auth_req_id" ]; then
  echo "not accepted: $(member error <<<"$acknowledgement")" >&2
  exit 1
fi

# 2. Show the code where the person is looking.
echo "code: $(member transfer_code <<<"$acknowledgement")"

# 3. Poll, never faster than the interval.
while true; do
  sleep "$interval"
  tokens=$(post "$token_endpoint" --data-urlencode grant_type=urn:openid:params:grant-type:ciba \
    --data-urlencode "auth_req_id=$auth_req_id")
  case "$(member error <<<"$tokens")" in
    "") break ;;
    authorization_pending) ;;
    slow_down) interval=$((interval + 5)) ;;
    *) echo "not signed in: $(member error <<<"$tokens")" >&2; exit 1 ;;
  esac
done

# 4. Read the ID token. It came straight from the token endpoint; a program that is handed one must check its signature.
claims=$(member id_token <<<"$tokens" | python3 -c '
import base64, json, sys
payload = sys.stdin.read().split(".")[1]
print(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode())')
[ "$(member iss <<<"$claims")" = "$ISSUER" ]
[ "$(member aud <<<"$claims")" = "$CLIENT_ID" ]
[ "$(member exp <<<"$claims")" -gt "$(date +%s)" ]
echo "signed in: $(member sub <<<"$claims")"
