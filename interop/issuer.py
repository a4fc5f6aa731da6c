"""Has PyJWT, joserfc and jose verify tokens of auth-issuer with the keys that it publishes.

Usage: issuer.py PROGRAM, where PROGRAM is the built `issue`. `interop/issuer` prepares all that this needs.
"""

import base64
import json
import secrets
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import errors as joserfc_errors
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet, OctKey

HERE = Path(__file__).resolve().parent
ISSUER = "https://issuer.interop.example"
AUDIENCE = "https://api.interop.example"
OTHER = "https://other.interop.example"

KEYS = {
    "HS256": None,
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"]
REFUSED = "refused"


def new_key(alg):
    if KEYS[alg] is None:
        return secrets.token_urlsafe(48)
    return KEYS[alg]().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def flip_bit(token):
    head, _, signature = token.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[-1] ^= 1
    return f"{head}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}"


def with_pyjwt(case):
    if case["secret"]:
        key = case["secret"]
    else:
        kid = jwt.get_unverified_header(case["token"])["kid"]
        key = next((key for key in jwt.PyJWKSet.from_dict(case["jwks"]).keys if key.key_id == kid), None)
        if key is None:
            return REFUSED
    try:
        decoded = jwt.decode_complete(
            case["token"], key, [case["alg"]], audience=case["audience"], issuer=ISSUER, options={"require": REQUIRED}
        )
    except jwt.InvalidTokenError:
        return REFUSED
    return {"header": decoded["header"], "claims": decoded["payload"]}


def with_joserfc(case):
    key = OctKey.import_key(case["secret"]) if case["secret"] else KeySet.import_key_set(case["jwks"])
    rules = {name: {"essential": True} for name in REQUIRED}
    rules["iss"]["value"], rules["aud"]["value"] = ISSUER, case["audience"]
    try:
        decoded = joserfc_jwt.decode(case["token"], key, [case["alg"]])
        joserfc_jwt.JWTClaimsRegistry(**rules).validate(decoded.claims)
    except (joserfc_errors.JoseError, ValueError):
        return REFUSED
    return {"header": decoded.header, "claims": decoded.claims}


def with_jose(cases):
    request = json.dumps({"issuer": ISSUER, "required": REQUIRED, "cases": cases})
    run = subprocess.run(["node", HERE / "verify_jose.mjs"], input=request, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(run.stdout)


def complaint(case, got):
    """What is wrong with what a program says of a token; None if it is as it should be."""
    if case["expected"] == REFUSED or got == REFUSED:
        return None if got == case["expected"] else f"expected {case['expected']}, got {got}"
    claims, signed = dict(got["claims"]), case["signed"]
    iat, exp = claims.pop("iat"), claims.pop("exp")
    if abs(iat - time.time()) > 120 or exp != iat + signed["expires_in"]:
        return f"iat {iat}, exp {exp}"
    expected = case["claims"] | {"jti": signed["token_id"]}
    if claims != expected:
        return f"expected claims {expected}, got {claims}"
    kids = [key["kid"] for key in case["jwks"]["keys"]]
    header = {"alg": case["alg"], "typ": "at+jwt"} | ({"kid": kids[0]} if kids else {})
    return None if got["header"] == header else f"expected header {header}, got {got['header']}"


def orders():
    for alg in KEYS:
        for next_key in (None, new_key(alg)) if KEYS[alg] else (None,):
            audience = [AUDIENCE, OTHER] if next_key else [AUDIENCE]
            order = {"issuer": ISSUER, "audience": audience, "algorithm": alg, "key": new_key(alg), "next": next_key}
            yield order


def cases(order, issued, foreign):
    """Both tokens, with and without scopes, and near twins that have to be refused."""
    secret = order["key"] if KEYS[order["algorithm"]] is None else None
    base = {"alg": order["algorithm"], "jwks": issued["jwks"], "secret": secret, "audience": AUDIENCE}
    audience = order["audience"] if len(order["audience"]) > 1 else AUDIENCE
    claims = {"iss": ISSUER, "sub": "alice", "aud": audience, "client_id": "web", "roles": ["reader", "writer"]}
    granted, plain = issued["signed"]
    good = base | {"token": granted["token"], "signed": granted, "expected": "accepted"}
    yield "good", good | {"claims": claims | {"scope": "orders:read orders:write"}}
    yield "without scope", good | {"token": plain["token"], "signed": plain, "claims": claims}
    yield "flipped signature bit", good | {"token": flip_bit(granted["token"]), "expected": REFUSED}
    yield "for another audience", good | {"audience": "https://nobody.example", "expected": REFUSED}
    yield "another issuer's keys", good | foreign | {"expected": REFUSED}


def main():
    wanted = list(orders())
    run = subprocess.run([sys.argv[1]], input=json.dumps(wanted), stdout=subprocess.PIPE, text=True, check=True)
    issued = json.loads(run.stdout)
    named = []
    for place, (order, one) in enumerate(zip(wanted, issued, strict=True)):
        assert "BEGIN" not in json.dumps(one) and order["key"] not in json.dumps(one), "a private key was published"
        others = [
            (other, keys) for other, keys in zip(wanted, issued, strict=True)
            if other["algorithm"] == order["algorithm"] and other is not order
        ]  # fmt: skip
        foreign = {"jwks": others[0][1]["jwks"]} if others else {"secret": secrets.token_urlsafe(48)}
        named += [(f"{order['algorithm']} {place} {name}", case) for name, case in cases(order, one, foreign)]
    token_ids = [signed["token_id"] for one in issued for signed in one["signed"]]
    assert len(set(token_ids)) == len(token_ids), "two tokens have the same jti"

    jose = with_jose([case for _, case in named])
    programs = {
        f"PyJWT {version('PyJWT')}": [with_pyjwt(case) for _, case in named],
        f"joserfc {version('joserfc')}": [with_joserfc(case) for _, case in named],
        jose["program"]: jose["results"],
    }
    passed = failed = 0
    for program, results in programs.items():
        right = 0
        for (name, case), got in zip(named, results, strict=True):
            wrong = complaint(case, got)
            right += wrong is None
            if wrong:
                print(f"FAILED {program} {name}: {wrong}".replace(case["token"], "<token>"))
        print(f"{program:<16}{right}/{len(named)}")
        passed, failed = passed + right, failed + len(named) - right
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
