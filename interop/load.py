"""Puts load on an open and a protected route in alternating pairs, and prints the ratios of their throughput.

`interop/load` prepares all that this needs.
"""

import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from statistics import median

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from interop import HANGS, WORK, serving

ISSUER, AUDIENCE = "https://issuer.example", "https://api.example"
SECRET = "a secret for nothing but this load"
CONNECTIONS = 32
SERVERS = {
    "axum": {"this library": "examples/axum_protected", "jsonwebtoken by hand": "axum_jsonwebtoken"},
    "actix": {"this library": "examples/actix_protected", "jsonwebtoken by hand": "actix_jsonwebtoken"},
}


def claims():
    """450 bytes, as in the benchmarks."""
    now = int(time.time())
    return {
        "iss": ISSUER,
        "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
        "aud": [AUDIENCE, "https://issuer.example/userinfo"],
        "iat": now,
        "exp": now + 3600,
        "scope": "openid profile email orders:read orders:write",
        "roles": ["reader", "writer"],
        "name": "Alice Elisabet Example-Jones",
        "email": "alice@example.com",
        "email_verified": True,
        "client_id": "0oa5f7c8ec7c33c6c004",
        "azp": "0oa5f7c8ec7c33c6c004",
        "jti": "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
    }


def tokens():
    """For each algorithm the settings of a server, a good token, and one with a signature of nobody's."""
    key, other = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    key_set = WORK / "load.jwks.json"
    key_set.write_text(json.dumps({"keys": [public | {"alg": "RS256", "use": "sig"}]}))
    sign = lambda algorithm, key: jwt.encode(claims(), key, algorithm)
    return {
        "HS256": ({"AUTH_SECRET": SECRET}, sign("HS256", SECRET), sign("HS256", SECRET[::-1])),
        "RS256": ({"AUTH_JWKS_FILE": str(key_set)}, sign("RS256", key), sign("RS256", other)),
    }


def status(port, path, token):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=HANGS)) as connection:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        return connection.getresponse().status


def throughput(port, path, token, seconds, cpus):
    """Requests in a second, and whether all of them were let in."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    command += ["-H", f"Authorization: Bearer {token}", f"http://127.0.0.1:{port}{path}"]
    restrict = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, preexec_fn=restrict)
    sound = "Non-2xx" not in run.stdout and "Socket errors" not in run.stdout
    return float(re.search(r"Requests/sec:\s*([\d.]+)", run.stdout)[1]), sound


def split_cpus():
    """One for the server and one for the load, if there are two."""
    cpus = sorted(os.sched_getaffinity(0))
    return ({cpus[0]}, {cpus[1]}) if len(cpus) > 1 else (None, None)


def arguments():
    def positive(text):
        if not text.isdecimal() or int(text) < 1:
            raise argparse.ArgumentTypeError("has to be a whole number from 1 on")
        return int(text)

    parser = argparse.ArgumentParser(prog="interop/load")
    parser.add_argument("folder", type=lambda text: Path(text).resolve(), help="where the servers were built")
    parser.add_argument("seconds", type=positive, nargs="?", default=1, help="of load at a time")
    parser.add_argument("pairs", type=positive, nargs="?", default=15, help="of load on the open and the protected route")
    given = parser.parse_args()
    return given.folder, given.seconds, given.pairs


def main():
    folder, seconds, pairs = arguments()
    WORK.mkdir(exist_ok=True)
    server_cpus, load_cpus = split_cpus()
    passed, failed = 0, 0
    rows = []
    for framework, servers in SERVERS.items():
        for algorithm, (settings, good, bad) in tokens().items():
            for checks, program in servers.items():
                settings = settings | {"AUTH_ISSUER": ISSUER, "AUTH_AUDIENCE": AUDIENCE}
                with serving(folder / program, settings, server_cpus) as port:
                    asked = [("/public", None), ("/protected", None), ("/protected", bad), ("/protected", good)]
                    statuses = [status(port, path, token) for path, token in asked]
                    sound = [statuses == [200, 401, 401, 200]]
                    figures = {"/public": [], "/protected": []}
                    for pair in range(pairs):
                        # Neither is always the first.
                        for path in sorted(figures, reverse=pair % 2 == 0):
                            rate, let_in = throughput(port, path, good, seconds, load_cpus)
                            figures[path].append(rate)
                            sound.append(let_in)
                ratio = median(after / before for before, after in zip(figures["/public"], figures["/protected"]))
                rates = [f"{median(figures[path]):,.0f}" for path in ("/public", "/protected")]
                rows.append([framework, algorithm, checks, *rates, f"{ratio:.2f}"])
                print(" ".join(rows[-1]), flush=True)
                if all(sound):
                    passed += 1
                else:
                    print(f"{program}, {algorithm}: not every answer was as it has to be: {statuses}")
                    failed += 1
    print("\n| server | token | checked by | open, requests/s | protected, requests/s | protected / open |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        print("|", " | ".join(row), "|")
    print(f"(medians of {pairs} pairs of {seconds} s each, {CONNECTIONS} connections, one token)\n")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
