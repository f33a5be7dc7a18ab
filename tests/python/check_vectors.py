"""Checks tests/vectors without a line of the Rust code.

JWS with cryptography, JSON, canonical JSON, the pairing digits and challenges by hand ("python"); assertions and
registrations with py_webauthn ("py_webauthn") and python-fido2 ("fido2"). Every vector of an area must be refused by
exactly the checkers that its `refused_by` names.

    python tests/python/check_vectors.py            compares
    python tests/python/check_vectors.py --record   writes what these checkers refuse into `refused_by`

To add an area, add it to CHECKERS.
"""

import base64
import hashlib
import json
import re
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from fido2.attestation import Attestation
from fido2.cose import ES256
from fido2.server import Fido2Server
from fido2.webauthn import Aaguid, AttestedCredentialData, PublicKeyCredentialRpEntity
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers.cose import COSEAlgorithmIdentifier

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
KEYS = json.loads((VECTORS / "keys.json").read_text("utf-8"))["keys"]


class Refused(Exception):
    """A checker of this file does not accept a message."""


def require(condition, why):
    if not condition:
        raise Refused(why)


# --- bytes ---


def sha256(data):
    return hashlib.sha256(data).digest()


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text):
    require(isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_-]*", text) is not None, "not base64url")
    require(len(text) % 4 != 1, "not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    require(encode(data) == text, "not what the encoder writes")
    return data


# --- I-JSON (RFC 7493), on top of a parser that leaves all the rest to hooks ---

MAX_DEPTH = 16
MAX_INTEGER = 2**53 - 1


def unique_members(pairs):
    members = dict(pairs)
    require(len(members) == len(pairs), "duplicate name")
    return members


def small_integer(text):
    require(text != "-0" and abs(int(text)) <= MAX_INTEGER, "not within 53 bits")
    return int(text)


def no_number(text):
    raise Refused(f"not an integer: {text}")


def check_values(value, depth):
    """What hooks do not see: how deep it goes, and what strings hold."""
    if isinstance(value, str):
        for character in value:
            code = ord(character)
            require(not 0xD800 <= code <= 0xDFFF, "unpaired surrogate")
            require(not 0xFDD0 <= code <= 0xFDEF and code & 0xFFFE != 0xFFFE, "noncharacter")
    elif isinstance(value, (dict, list)):
        require(depth < MAX_DEPTH, "too deep")
        for name in value if isinstance(value, dict) else ():
            check_values(name, depth + 1)
        for member in value.values() if isinstance(value, dict) else value:
            check_values(member, depth + 1)


def parse_i_json(data, max_length):
    require(len(data) <= max_length, "too long")
    require(not data.startswith(b"\xef\xbb\xbf"), "byte order mark")
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=unique_members,
            parse_int=small_integer,
            parse_float=no_number,
            parse_constant=no_number,
        )
    except ValueError as error:
        raise Refused(str(error)) from error
    check_values(value, 0)
    return value


# --- JCS (RFC 8785) ---


def canonicalize(value):
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(canonicalize(name) + ":" + canonicalize(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonicalize, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def challenge_of(value):
    return encode(sha256(canonicalize(value).encode("utf-8")))


# --- keys ---


def thumbprint(jwk):
    return challenge_of({name: jwk[name] for name in ("crv", "kty", "x", "y")})


def public_key(jwk):
    x, y = (int.from_bytes(decode(jwk[name]), "big") for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


# --- JWS (RFC 7515) as section 2.3 narrows it ---


def verify_jws(text, typ, max_length, jwks):
    require(len(text) <= max_length, "too long")
    parts = text.split(".")
    require(len(parts) == 3, "not three parts")
    header, payload, signature = map(decode, parts)
    require(len(signature) == 64, "not a 64-byte signature")
    header = parse_i_json(header, 512)
    require(isinstance(header, dict) and set(header) == {"alg", "kid", "typ"}, "other header members")
    require(header["alg"] == "ES256", "algorithm")
    require(header["typ"] == typ, "type")
    jwk = next((jwk for jwk in jwks if thumbprint(jwk) == header["kid"]), None)
    require(jwk is not None, "unknown key")
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    signed = f"{parts[0]}.{parts[1]}".encode("ascii")
    public_key(jwk).verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    return parse_i_json(payload, len(payload))


TYPES = {
    "offer": ("pairing-offer+jwt", 8192),
    "reveal": ("pairing-reveal+jwt", 8192),
    "prompt": ("consent-prompt+jwt", 65536),
    "proof": ("tegata-proof+jwt", 8192),
    "consent": ("consent-receipt+jwt", 16384),
    "client": ("client-receipt+jwt", 16384),
    "pairing": ("pairing-receipt+jwt", 8192),
    "countersignature": ("pairing-countersignature+jwt", 8192),
}


def check_jws(area, data, context):
    names = [context["key"]] if area == "proof" else context["keys"]
    jwks = [KEYS[name]["jwk"] for name in names]
    if area == "jws":
        typ, limit = context["typ"], context["max_len"]
    else:
        typ, limit = TYPES[context.get("kind", area)]
    if context.get("kind") == "countersignature":
        payload = context["pairing_receipt"].split(".")[1]
        jwks = [json.loads(decode(payload))["possession"]]
    verify_jws(data.decode("utf-8"), typ, limit, jwks)


def check_metadata(data):
    body = parse_i_json(data, 32768)
    verify_jws(body["metadata_jws"], "tegata-metadata+jwt", 32768, [body["root"]])


# --- the rest by hand ---


def check_jcs(data, context, result):
    value = parse_i_json(data, 65536)
    require(canonicalize(value) == context["canonical"], "not canonical")
    require(challenge_of(value) == result["sha256"], "another hash")


def check_digits(data, context):
    given = parse_i_json(data, 32768)
    names = ("approval", "device_nonce", "offer", "possession", "server_nonce")
    require(all(name in given for name in names), "a member is missing")
    offer = encode(sha256(given["offer"].encode("ascii")))
    digest = decode(challenge_of({**given, "typ": "tegata.pairing-code", "v": 1, "offer": offer}))
    require(f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06}" == context["digits"], "other digits")


# --- WebAuthn ---


def cose_key(jwk):
    head = bytes([0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20])
    return head + decode(jwk["x"]) + bytes([0x22, 0x58, 0x20]) + decode(jwk["y"])


def attest(attestation_object, client_data_hash):
    kind = Attestation.for_type(attestation_object.fmt)
    kind().verify(attestation_object.att_stmt, attestation_object.auth_data, client_data_hash)


def fido2_server(context):
    party = PublicKeyCredentialRpEntity(id=context["rp_id"], name="vectors")
    return Fido2Server(
        party,
        attestation="direct",
        verify_origin=lambda origin: origin == context["origin"],
        verify_attestation=attest,
    )


def fido2_state(context):
    verification = "required" if context["role"] == "approval" else "discouraged"
    return {"challenge": context["challenge"], "user_verification": verification}


def fido2_authenticate(response, jwk, context):
    key = ES256.from_cryptography_key(public_key(jwk))
    credential = AttestedCredentialData.create(Aaguid(bytes(16)), decode(thumbprint(jwk)), key)
    fido2_server(context).authenticate_complete(fido2_state(context), [credential], response)


def fido2_register(response, context):
    fido2_server(context).register_complete(fido2_state(context), response)


def py_webauthn_authenticate(response, jwk, context):
    verify_authentication_response(
        credential=response,
        expected_challenge=decode(context["challenge"]),
        expected_rp_id=context["rp_id"],
        expected_origin=context["origin"],
        credential_public_key=cose_key(jwk),
        credential_current_sign_count=0,
        require_user_verification=context["role"] == "approval",
    )


def py_webauthn_register(response, context):
    verify_registration_response(
        credential=response,
        expected_challenge=decode(context["challenge"]),
        expected_rp_id=context["rp_id"],
        expected_origin=context["origin"],
        require_user_verification=context["role"] == "approval",
        supported_pub_key_algs=[COSEAlgorithmIdentifier.ECDSA_SHA_256],
    )


def decide(authenticate, data, context):
    """What a FIDO2 library sees of a decision: the key by the verdict, the challenge from the detail."""
    body = json.loads(data)
    role = "approval" if body["detail"].get("decision") == "approve" else "possession"
    ceremony = {**context, "role": role, "challenge": challenge_of(body["detail"])}
    authenticate(body["assertion"], KEYS[context[role]]["jwk"], ceremony)


def assertion_by(authenticate):
    return lambda data, context, _: authenticate(json.loads(data), KEYS[context["key"]]["jwk"], context)


def decision_by(authenticate):
    return lambda data, context, _: decide(authenticate, data, context)


def registration_by(register):
    return lambda data, context, _: register(json.loads(data), context)


def jws_in(area):
    return {"python": lambda data, context, _: check_jws(area, data, context)}


# For each area, who looks at it and how. A checker refuses by raising.
CHECKERS = {
    "assertion": {
        "fido2": assertion_by(fido2_authenticate),
        "py_webauthn": assertion_by(py_webauthn_authenticate),
    },
    "decision": {
        "fido2": decision_by(fido2_authenticate),
        "py_webauthn": decision_by(py_webauthn_authenticate),
    },
    "ijson": {"python": lambda data, context, _: parse_i_json(data, context["max_len"])},
    "jcs": {"python": check_jcs},
    "jws": jws_in("jws"),
    "metadata": {"python": lambda data, _context, _result: check_metadata(data)},
    "offer": jws_in("offer"),
    "pairing_digits": {"python": lambda data, context, _: check_digits(data, context)},
    "prompt": jws_in("prompt"),
    "proof": jws_in("proof"),
    "receipt": jws_in("receipt"),
    "registration": {
        "fido2": registration_by(fido2_register),
        "py_webauthn": registration_by(py_webauthn_register),
    },
    "reveal": jws_in("reveal"),
}


def refusal(check, vector):
    """Libraries raise whatever they like, some of them even on purpose: every exception is a refusal."""
    given = vector["input"]
    data = given["text"].encode("utf-8") if "text" in given else decode(given["bytes"])
    try:
        check(data, vector["context"], vector.get("result"))
    except InvalidSignature:
        return "signature"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def main():
    record = "--record" in sys.argv
    passed, complaints = 0, []
    for name, key in KEYS.items():
        if thumbprint(key["jwk"]) == key["thumbprint"]:
            passed += 1
        else:
            complaints.append(f"keys.json: {name}: another thumbprint")
    for path in sorted(VECTORS.glob("*/*")):
        label = f"{path.parent.name}/{path.name}"
        vector = json.loads(path.read_text("utf-8"))
        for checker, check in CHECKERS.get(path.parent.name, {}).items():
            why = refusal(check, vector)
            others = [name for name in vector["refused_by"] if name != checker]
            measured = sorted(others + ([checker] if why else []))
            if record and measured != vector["refused_by"]:
                vector["refused_by"] = measured
                path.write_text(json.dumps(vector, indent=2, ensure_ascii=False) + "\n", "utf-8")
            if vector["expect"] == "valid" and why:
                complaints.append(f"{label}: {checker} refuses a valid message ({why})")
            elif measured != vector["refused_by"]:
                verdict = f"refuses it ({why})" if why else "accepts it"
                complaints.append(f"{label}: {checker} {verdict}, the vector says otherwise")
            else:
                passed += 1
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{passed} passed, {len(complaints)} failed")
    return 1 if complaints or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
