"""Logs users in, whose hashes passlib and pwdlib have made, at a token endpoint of auth-issuer.

They stand in a SQLite database, written by Python and read and renewed by auth-issuer.

Usage: passwords.py PROGRAM, where PROGRAM is the built `passwords`. `interop/passwords` prepares all that this needs.
"""

import json
import logging
import sqlite3
import subprocess
import sys
import tempfile
import warnings
from importlib.metadata import version
from urllib.parse import urlencode

# passlib looks for a version of bcrypt in a place that bcrypt has no more, and complains.
logging.getLogger("passlib").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", category=DeprecationWarning)

from argon2.low_level import Type
from passlib import hash as passlib
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

PASSWORDS = ["correct horse battery staple", " pässwörd+&=%☃ "]
LONG = "x" * 71
NEW_HASH = "$argon2id$v=19$m=19456,t=2,p=1$"
PWDLIB = PasswordHash((Argon2Hasher(), BcryptHasher()))

# With the costs that a program takes unless it is told others.
DEFAULT = {
    "passlib bcrypt": passlib.bcrypt,
    "passlib $pbkdf2$": passlib.pbkdf2_sha1,
    "passlib $pbkdf2-sha256$": passlib.pbkdf2_sha256,
    "passlib $pbkdf2-sha512$": passlib.pbkdf2_sha512,
    "passlib $scrypt$": passlib.scrypt,
    "passlib argon2": passlib.argon2,
    "pwdlib bcrypt": BcryptHasher(),
    "pwdlib argon2": Argon2Hasher(),
}
CHEAP = {
    "passlib bcrypt $2a$": passlib.bcrypt.using(ident="2a", rounds=5),
    "passlib bcrypt $2b$": passlib.bcrypt.using(ident="2b", rounds=4),
    "passlib bcrypt $2y$": passlib.bcrypt.using(ident="2y", rounds=6),
    "pwdlib bcrypt $2b$": BcryptHasher(rounds=5),
    "pwdlib bcrypt $2a$": BcryptHasher(rounds=5, prefix="2a"),
    "passlib $pbkdf2$": passlib.pbkdf2_sha1.using(rounds=1),
    "passlib $pbkdf2-sha256$": passlib.pbkdf2_sha256.using(rounds=6400, salt_size=64),
    "passlib $pbkdf2-sha512$": passlib.pbkdf2_sha512.using(rounds=1000, salt_size=0),
    "passlib django_pbkdf2_sha256": passlib.django_pbkdf2_sha256.using(rounds=1000),
    "passlib django_pbkdf2_sha1": passlib.django_pbkdf2_sha1.using(rounds=1000),
    "passlib $scrypt$": passlib.scrypt.using(rounds=10),
    "passlib $scrypt$, r 2, p 3": passlib.scrypt.using(rounds=8, block_size=2, parallelism=3),
    "passlib argon2id": passlib.argon2.using(type="ID", memory_cost=4096, rounds=1, parallelism=1),
    "passlib argon2i": passlib.argon2.using(type="I", memory_cost=512, rounds=2, parallelism=2),
    "passlib argon2d": passlib.argon2.using(type="D", memory_cost=64, rounds=3, parallelism=8, digest_size=16),
    "pwdlib argon2id": Argon2Hasher(memory_cost=1024, time_cost=2, hash_len=64, salt_len=32),
    "pwdlib argon2i": Argon2Hasher(memory_cost=1024, time_cost=1, type=Type.I),
    "pwdlib argon2d": Argon2Hasher(memory_cost=1024, time_cost=1, type=Type.D),
}


class Users:
    """Those of the database, and what is tried on it."""

    def __init__(self):
        self.hashes = {}
        self.logins = []
        self.stored = {}

    def add(self, name, maker, password, tries, renewed):
        """`tries` are passwords, each with the status that it has to be answered; they are made one after another."""
        self.hashes[name] = maker.hash(password)
        assert maker.verify(password, self.hashes[name]), f"{name}: its own maker does not verify it"
        self.stored[name] = password if renewed else None
        self.logins += [(name, tried, status) for tried, status in tries]


    def fill(self, path):
        """Stores them as an application of FastAPI does."""
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE user (username TEXT PRIMARY KEY, hashed_password TEXT NOT NULL)")
            connection.executemany("INSERT INTO user VALUES (?, ?)", self.hashes.items())
        connection.close()

    def forms(self):
        names = ({"username": name, "password": password} for name, password, _ in self.logins)
        return [urlencode({"grant_type": "password", **login}) for login in names]


def read(path):
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT username, hashed_password FROM user").fetchall()
    connection.close()
    return dict(rows)


def expected_users():
    users = Users()
    for kind, maker in DEFAULT.items():
        password = PASSWORDS[0]
        tries = [(password.upper(), 400), (password, 200), (password, 200)]
        users.add(f"{kind} by default", maker, password, tries, renewed=True)
    for kind, maker in CHEAP.items():
        for place, password in enumerate(PASSWORDS):
            wrong = [password[:-1], password + "x"][place]
            tries = [(wrong, 400), (password, 200), (password, 200), (wrong, 400)]
            users.add(f"{kind}, password {place}", maker, password, tries, renewed=True)
    cut = [(LONG, 400), (LONG + "xyz", 200), (LONG + "x and something else", 200), (LONG + "y", 400)]
    for kind in ("passlib bcrypt $2b$", "pwdlib bcrypt $2b$"):
        users.add(f"{kind}, 74 bytes", CHEAP[kind], LONG + "xyz", cut, renewed=False)
        users.add(f"{kind}, 71 bytes", CHEAP[kind], LONG, [(LONG + "x", 400), (LONG, 200)], renewed=True)
    return users


def complaint(users, name, stored):
    """What is wrong with a hash that is stored in the end; None if it is as it should be."""
    password = users.stored[name]
    if password is None:
        return None if stored == users.hashes[name] else "a hash of a part of the password was renewed"
    if not stored.startswith(NEW_HASH):
        return f"still {stored[:12]}..."
    return None if PWDLIB.verify(password, stored) else "pwdlib does not verify the new hash"


def main():
    users = expected_users()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/users.sqlite"
        users.fill(path)
        forms = json.dumps(users.forms())
        run = subprocess.run([sys.argv[1], path], input=forms, stdout=subprocess.PIPE, text=True, check=True)
        stored = read(path)
    found = []
    for (name, password, expected), status in zip(users.logins, json.loads(run.stdout), strict=True):
        found.append((name, None if status == expected else f"expected {expected}, got {status} for {password!r}"))
    assert stored.keys() == users.hashes.keys()
    found += [(name, complaint(users, name, hash_now)) for name, hash_now in stored.items()]
    for name, wrong in found:
        if wrong:
            print(f"FAILED {name}: {wrong}")
    programs = ("passlib", "pwdlib", "bcrypt", "argon2-cffi")
    print(", ".join(f"{program} {version(program)}" for program in programs))
    kept = sum(password is None for password in users.stored.values())
    right = sum(status == 200 for *_, status in users.logins)
    print(f"{len(users.hashes)} users: {right} logins to accept, {len(users.logins) - right} to refuse,", end=" ")
    print(f"{len(users.hashes) - kept} hashes to renew, {kept} to keep")
    failed = sum(wrong is not None for _, wrong in found)
    print(f"{len(found) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
