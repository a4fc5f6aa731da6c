"""Signs the tokens that standard input asks for with PyJWT. See `mint` in interop.py."""

import json
import secrets
import sys
from importlib.metadata import version

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm, get_default_algorithms

CURVES = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1, "secp256k1": ec.SECP256K1}


def generate(kind):
    """A new private key and its public JWK."""
    if kind == "RSA":
        algorithm, key = RSAAlgorithm, rsa.generate_private_key(65537, 2048)
    elif kind == "Ed25519":
        algorithm, key = OKPAlgorithm, ed25519.Ed25519PrivateKey.generate()
    else:
        algorithm, key = ECAlgorithm, ec.generate_private_key(CURVES[kind]())
    return key, algorithm.to_jwk(key.public_key(), as_dict=True)


request = json.load(sys.stdin)
jwks, hmac_secrets, tokens = {}, {}, []
keys = {}
for alg, kind in request["algorithms"].items():
    if alg not in get_default_algorithms():
        continue
    if kind == "secret":
        own, other = secrets.token_urlsafe(64), secrets.token_urlsafe(64)
        headers, hmac_secrets[alg] = None, own
    else:
        if kind not in keys:
            own, jwk = generate(kind)
            keys[kind] = own, generate(kind)[0]
            jwks[kind] = jwk | {"kid": kind}
        own, other = keys[kind]
        headers = {"kid": kind}
    for case, wanted in request["cases"].items():
        key = other if wanted["other_key"] else own
        token = jwt.encode(wanted["claims"], key, alg, headers)
        tokens.append({"alg": alg, "case": case, "token": token})

program = f"PyJWT {version('PyJWT')}"
json.dump(
    {"program": program, "jwks": {"keys": list(jwks.values())}, "secrets": hmac_secrets, "tokens": tokens},
    sys.stdout,
)
