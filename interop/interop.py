"""Sends tokens of PyJWT, joserfc and jose to both example servers and checks the answers.

Usage: interop.py FOLDER, where FOLDER holds the built examples. `interop/run` prepares all that this needs.
"""

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
WORK = HERE / ".work"
# In seconds, after which a server counts as one that hangs. Far longer than anything takes on a busy machine.
HANGS = 120
SERVERS = {"axum": "axum_protected", "actix": "actix_protected"}
# Not what the examples have by default, so that these settings are seen to matter.
ISSUER = "https://issuer.interop.example"
AUDIENCE = "https://api.interop.example"

# Each algorithm with the kind of key it goes with. Algorithms of one kind share one key.
ALGORITHMS = {
    "HS256": "secret", "HS384": "secret", "HS512": "secret",
    "RS256": "RSA", "RS384": "RSA", "RS512": "RSA",
    "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
    "ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "ES256K": "secp256k1",
    "EdDSA": "Ed25519", "Ed25519": "Ed25519",
}  # fmt: skip
# The algorithms that each program must sign with, so that none is dropped unnoticed.
EXPECTED = {
    "mint_pyjwt.py": ALGORITHMS.keys() - {"Ed25519"},
    "mint_joserfc.py": ALGORITHMS.keys(),
    "mint_jose.mjs": ALGORITHMS.keys() - {"ES256K"},
}


class Answer(NamedTuple):
    status: int
    content_type: str | None
    challenge: str | None
    body: str


# One expectation for both servers: answers that pass are the same on both.
ACCEPTED = Answer(200, "application/json", None, '{"message":"Hello alice"}')
REFUSED = Answer(
    401,
    "application/problem+json",
    'Bearer error="invalid_token"',
    '{"type":"about:blank","title":"Unauthorized","status":401,"detail":"Could not validate credentials"}',
)
FLIPPED = "flipped signature bit"


def cases():
    """What to sign. `flip_bit` makes one more case of the good token."""
    now = int(time.time())
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": now + 600}
    return {
        "good": {"claims": good, "other_key": False},
        "signed with another key": {"claims": good, "other_key": True},
        "expired": {"claims": good | {"exp": now - 3600}, "other_key": False},
        "wrong issuer": {"claims": good | {"iss": "https://other.example"}, "other_key": False},
        "wrong audience": {"claims": good | {"aud": "https://other.example"}, "other_key": False},
    }


def mint(script):
    """Asks a program for tokens: gives it `algorithms` and `cases`.

    It answers with its name and version, its public keys as JWK Set, the secret of each HMAC algorithm,
    and a token for each case of each algorithm that it supports.
    """
    interpreter = "node" if script.endswith(".mjs") else sys.executable
    request = json.dumps({"algorithms": ALGORITHMS, "cases": cases()})
    run = subprocess.run([interpreter, HERE / script], input=request, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(run.stdout)


def flip_bit(token):
    head, _, signature = token.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[-1] ^= 1
    return f"{head}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}"


@contextmanager
def serving(program, settings, cpus=None):
    """Runs a server, gives its port, and ends it whatever happens. `cpus` are those that it may use."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AUTH_")}
    env |= {"AUTH_LISTEN": "127.0.0.1:0", "AUTH_ISSUER": ISSUER, "AUTH_AUDIENCE": AUDIENCE} | settings
    log = WORK / f"{program.name}.{settings.get('AUTH_SECRET_ALGORITHM', 'keys')}.log"
    restrict = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    # To a file: a pipe that nobody reads fills up, and then the server stands still.
    with log.open("w") as output:
        process = subprocess.Popen([program], env=env, stdout=output, stderr=subprocess.STDOUT, preexec_fn=restrict)
    try:
        yield wait_for_port(process, log)
    finally:
        process.terminate()
        try:
            status = process.wait(timeout=HANGS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    # Servers other than the examples need not know the signal.
    if status != 0 and (status != -signal.SIGTERM or program.name in SERVERS.values()):
        sys.exit(f"{program.name} did not end gracefully on SIGTERM: status {status}")


def wait_for_port(process, log):
    deadline = time.monotonic() + HANGS
    while process.poll() is None and time.monotonic() < deadline:
        for line in log.read_text().splitlines(keepends=True):
            if line.startswith("listening on http://") and line.endswith("\n"):
                return int(line.rpartition(":")[2])
        time.sleep(0.02)
    sys.exit(f"a server does not listen; it wrote:\n{log.read_text()}")


def ask(port, token):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANGS)
    try:
        connection.request("GET", "/protected", headers={"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        body = response.read().decode()
        return Answer(response.status, response.getheader("content-type"), response.getheader("www-authenticate"), body)
    finally:
        connection.close()


def check(label, port, tokens):
    """Sends each token; tells how many got the right answer."""
    passed = 0
    for case, token in tokens.items():
        expected = ACCEPTED if case == "good" else REFUSED
        got = ask(port, token)
        if got == expected:
            passed += 1
        else:
            # A token is a credential even here, whatever a server may echo.
            print(f"FAILED {label} {case}\n  expected {expected}\n  got      {got}".replace(token, "<token>"))
    return passed


def test(script, examples):
    """Tests one program; gives the numbers of passed and failed checks."""
    minted = mint(script)
    program = minted["program"]
    tokens = {}
    for entry in minted["tokens"]:
        tokens.setdefault(entry["alg"], {})[entry["case"]] = entry["token"]
    jwks = WORK / f"{script}.jwks.json"
    jwks.write_text(json.dumps(minted["jwks"]))
    per_server = len(cases()) + 1
    passed = failed = 0

    with ExitStack() as stack:

        def start(settings):
            return {name: stack.enter_context(serving(examples / file, settings)) for name, file in SERVERS.items()}

        with_keys = start({"AUTH_JWKS_FILE": str(jwks)})
        for alg, by_case in tokens.items():
            by_case[FLIPPED] = flip_bit(by_case["good"])
            secret = minted["secrets"].get(alg)
            ports = start({"AUTH_SECRET": secret, "AUTH_SECRET_ALGORITHM": alg}) if secret else with_keys
            results = []
            for name, port in ports.items():
                right = check(f"{program} {alg} {name}", port, by_case)
                passed += right
                failed += per_server - right
                results.append(f"{name} {right}/{per_server}")
            print(f"{program:<16}{alg:<9}{'  '.join(results)}")

    for alg in ALGORITHMS:
        if alg in tokens:
            continue
        if alg in EXPECTED[script]:
            print(f"FAILED {program} {alg}: no tokens, but this algorithm is expected")
            failed += per_server * len(SERVERS)
        else:
            print(f"{program:<16}{alg:<9}not supported by this program")
    return passed, failed


def main():
    # So that the servers are ended too when this is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    WORK.mkdir(exist_ok=True)
    examples = Path(sys.argv[1])
    results = [test(script, examples) for script in EXPECTED]
    passed, failed = (sum(column) for column in zip(*results, strict=True))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
