"""Signs the tokens that standard input asks for with joserfc. See `mint` in interop.py."""

import json
import secrets
import sys
import warnings
from importlib.metadata import version

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry


def generate(kind):
    if kind == "RSA":
        return RSAKey.generate_key(2048, auto_kid=True)
    if kind == "Ed25519":
        return OKPKey.generate_key(kind, auto_kid=True)
    return ECKey.generate_key(kind, auto_kid=True)


# RFC 9864 deprecates the name EdDSA, but issuers use it.
warnings.simplefilter("ignore", SecurityWarning)

request = json.load(sys.stdin)
keys, hmac_secrets, tokens = {}, {}, []
for alg, kind in request["algorithms"].items():
    if alg not in JWSRegistry.algorithms:
        continue
    header = {"alg": alg}
    if kind == "secret":
        hmac_secrets[alg] = secrets.token_urlsafe(64)
        own, other = OctKey.import_key(hmac_secrets[alg]), OctKey.import_key(secrets.token_urlsafe(64))
    else:
        if kind not in keys:
            keys[kind] = generate(kind), generate(kind)
        own, other = keys[kind]
        header["kid"] = own.kid
    for case, wanted in request["cases"].items():
        key = other if wanted["other_key"] else own
        token = jwt.encode(header, wanted["claims"], key, algorithms=[alg])
        tokens.append({"alg": alg, "case": case, "token": token})

jwks = KeySet([own for own, _ in keys.values()]).as_dict(private=False)
program = f"joserfc {version('joserfc')}"
json.dump({"program": program, "jwks": jwks, "secrets": hmac_secrets, "tokens": tokens}, sys.stdout)
