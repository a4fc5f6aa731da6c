"""Has grpcio call the example on tonic, and a server that lets everybody in, which has to be found out.

Usage: call_grpc.py PROGRAM, where PROGRAM is the built `tonic_protected`. `interop/grpc` prepares all that this needs.
"""

import base64
import os
import subprocess
import sys
import threading
import time
from concurrent import futures
from contextlib import contextmanager
from importlib.metadata import version
from typing import NamedTuple

import grpc
import jwt
from grpc import StatusCode
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

ISSUER = "https://issuer.interop.example"
AUDIENCE = "https://api.interop.example"
SECRET = "a secret of more than thirty-two bytes, for interop"
# In seconds, after which a server counts as one that hangs. Far longer than anything takes on a busy machine.
HANGS = 120
GREETER = "greeter.v1.Greeter"
HEALTH = "grpc.health.v1.Health"
REFLECTION = "grpc.reflection.v1.ServerReflection"


def encode(text):
    """The message `Greeting`, whose field 1 is a text of less than 128 bytes."""
    raw = text.encode()
    return bytes([0x0A, len(raw)]) + raw if raw else b""


def decode(raw):
    assert raw[:1] == b"\x0a" and raw[1] == len(raw) - 2 < 128, raw
    return raw[2:].decode()


def token(key=SECRET, **claims):
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": int(time.time()) + 600}
    return jwt.encode({name: value for name, value in (good | claims).items() if value is not None}, key, "HS256")


class Refused(NamedTuple):
    """What a refusal says. All of it is trailing metadata, which is all metadata that there is."""

    code: StatusCode
    message: str
    challenge: str | None


MISSING = Refused(StatusCode.UNAUTHENTICATED, "Not authenticated", "Bearer")
MALFORMED = Refused(StatusCode.UNAUTHENTICATED, "Malformed credentials", 'Bearer error="invalid_request"')
INVALID = Refused(StatusCode.UNAUTHENTICATED, "Could not validate credentials", 'Bearer error="invalid_token"')
DENIED = Refused(StatusCode.PERMISSION_DENIED, "Not enough permissions", 'Bearer error="insufficient_scope"')
NO_SCOPE = DENIED._replace(challenge='Bearer error="insufficient_scope", scope="orders:read"')
# The client says it itself, in words of its own, whether the stream has begun or not.
DEADLINE = "deadline exceeded"

# What the methods that take a good token answer to two messages, or to one.
GREETINGS = {
    "Protected": ["Hello alice"],
    "Download": ["Hello alice"] * 3,
    "Upload": ["2 greetings of alice"],
    "Chat": ["Hello alice"] * 2,
}


class Client:
    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)

    def call(self, method, metadata=(), greetings=None, timeout=HANGS):
        """What a method answers: its messages, or why it refuses."""
        takes_stream, gives_stream = method in ("Upload", "Chat"), method in ("Download", "Chat")
        kind = f"{'stream' if takes_stream else 'unary'}_{'stream' if gives_stream else 'unary'}"
        callable = getattr(self.channel, kind)(f"/{GREETER}/{method}", encode, decode)
        request = (greetings or (lambda: iter(["one", "two"])))() if takes_stream else "one"

        def make():
            answer = callable(request, metadata=metadata, timeout=timeout, wait_for_ready=True)
            return list(answer) if gives_stream else [answer]

        return outcome(make)

    def health(self, metadata=()):
        stub = health_pb2_grpc.HealthStub(self.channel)
        request = health_pb2.HealthCheckRequest(service="")
        return outcome(lambda: [stub.Check(request, metadata=metadata, timeout=HANGS, wait_for_ready=True).status])

    def reflection(self, metadata=()):
        """The names of all services. The messages are those of v1alpha, which v1 has unchanged."""
        stub = self.channel.stream_stream(
            f"/{REFLECTION}/ServerReflectionInfo",
            reflection_pb2.ServerReflectionRequest.SerializeToString,
            reflection_pb2.ServerReflectionResponse.FromString,
        )
        request = reflection_pb2.ServerReflectionRequest(list_services="")

        def make():
            answers = stub(iter([request]), metadata=metadata, timeout=HANGS, wait_for_ready=True)
            return sorted(service.name for answer in answers for service in answer.list_services_response.service)

        return outcome(make)


def outcome(make):
    try:
        return make()
    except grpc.RpcError as error:
        if error.code() == StatusCode.DEADLINE_EXCEEDED:
            return DEADLINE
        trailing = dict(error.trailing_metadata() or ())
        if error.initial_metadata():
            trailing["www-authenticate"] = "in the initial metadata"
        return Refused(error.code(), error.details(), trailing.get("www-authenticate"))


def bearer(value):
    return ("authorization", f"Bearer {value}")


def flip_bit(signed):
    head, _, signature = signed.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[-1] ^= 1
    return f"{head}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}"


def cases():
    """Name, what to call and what has to come out."""
    good, expired = token(), token(exp=int(time.time()) - 3600)
    for method, messages in GREETINGS.items():
        credentials = {
            "a good token": ([bearer(good)], messages),
            "no token": ([], MISSING),
            "another scheme": ([("authorization", "Basic YTpi")], MISSING),
            "a token in other metadata": ([("x-authorization", f"Bearer {good}")], MISSING),
            "no token after the scheme": ([("authorization", "Bearer")], MALFORMED),
            "two tokens": ([bearer(good), bearer(good)], MALFORMED),
            "two tokens in one value": ([("authorization", f"Bearer {good}, Bearer {good}")], MALFORMED),
            "a good token after Basic": ([("authorization", "Basic YTpi"), bearer(good)], MALFORMED),
            "binary metadata": ([("authorization-bin", f"Bearer {good}".encode())], MALFORMED),
            "binary metadata beside a good token": ([bearer(good), ("authorization-bin", b"x")], MALFORMED),
            "an expired token": ([bearer(expired)], INVALID),
            "a flipped bit": ([bearer(flip_bit(good))], INVALID),
            "another key": ([bearer(token(key=SECRET + "2"))], INVALID),
            "another audience": ([bearer(token(aud="https://other.example"))], INVALID),
            "another issuer": ([bearer(token(iss="https://other.example"))], INVALID),
            "no subject": ([bearer(token(sub=None))], INVALID),
            "no expiry": ([bearer(token(exp=None))], INVALID),
        }
        for name, (metadata, expected) in credentials.items():
            yield f"{method}, {name}", lambda client, m=method, d=metadata: client.call(m, d), expected
    reader = bearer(token(scope="orders:read"))
    for method, metadata, expected in [
        ("Public", [], ["Hello, anyone"]),
        ("Public", [bearer("x")], ["Hello, anyone"]),
        ("Optional", [], ["Hello, stranger"]),
        ("Optional", [bearer(good)], ["Hello alice"]),
        ("Optional", [bearer(expired)], INVALID),
        ("Optional", [bearer(good)] * 2, MALFORMED),
        ("Orders", [reader], ["Orders of alice"]),
        ("Orders", [bearer(good)], NO_SCOPE),
        ("Orders", [], MISSING),
        ("Admin", [bearer(token(roles=["admin"]))], ["Hello admin alice"]),
        ("Admin", [reader], DENIED),
        ("Protected", [bearer(good), ("other-bin", b"\0\1")], ["Hello alice"]),
    ]:
        yield f"{method}, {len(metadata)} values", lambda client, m=method, d=metadata: client.call(m, d), expected

    # A stream that never sends: refused before its first message, or ended by the client's deadline.
    def silent():
        threading.Event().wait(HANGS)
        yield "late"

    for name, metadata, timeout, expected in [
        ("a good token ends with the deadline", [bearer(good)], 2, DEADLINE),
        ("a bad token is refused before the first message", [bearer(expired)], HANGS, INVALID),
        ("no token is refused before the first message", [], HANGS, MISSING),
    ]:
        for method in ("Upload", "Chat"):
            yield (
                f"{method}, {name}",
                lambda client, m=method, d=metadata, t=timeout: client.call(m, d, silent, t),
                expected,
            )


def open_cases(open_name):
    """Health and reflection, of a server where only this one is open."""
    services = [GREETER, REFLECTION]  # as the example has registered them
    for name, call, answer in [
        (HEALTH, Client.health, [health_pb2.HealthCheckResponse.SERVING]),
        (REFLECTION, Client.reflection, services),
    ]:
        is_open = name == open_name
        yield f"{name}, no token, open is {open_name}", call, answer if is_open else MISSING
        expired = [bearer(token(exp=1))]
        yield (
            f"{name}, an expired token, open is {open_name}",
            lambda client, c=call, e=expired: c(client, e),
            answer if is_open else INVALID,
        )
        good = [bearer(token())]
        yield f"{name}, a good token, open is {open_name}", lambda client, c=call, g=good: c(client, g), answer


@contextmanager
def example(program, **settings):
    """The address of the running example."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUTH_")}
    environment |= {"AUTH_LISTEN": "127.0.0.1:0", "AUTH_SECRET": SECRET} | settings
    environment |= {"AUTH_ISSUER": ISSUER, "AUTH_AUDIENCE": AUDIENCE, "RUST_LOG": "off"}
    with subprocess.Popen([program], env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip().removeprefix("listening on http://")
        finally:
            process.terminate()
            process.wait(HANGS)


class Open(grpc.GenericRpcHandler):
    """Lets everybody in, as alice."""

    def service(self, details):
        method = details.method.rpartition("/")[2]
        answers = GREETINGS.get(method, ["Hello alice"])
        if method == "Upload":
            return grpc.stream_unary_rpc_method_handler(lambda requests, _: answers[0], decode, encode)
        if method == "Chat":
            return grpc.stream_stream_rpc_method_handler(lambda requests, _: iter(answers), decode, encode)
        if method == "Download":
            return grpc.unary_stream_rpc_method_handler(lambda request, _: iter(answers), decode, encode)
        return grpc.unary_unary_rpc_method_handler(lambda request, _: answers[0], decode, encode)


@contextmanager
def open_server():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), handlers=[Open()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None)


def run(address, wanted):
    """Whether each case came out as it has to, with what came out."""
    client = Client(address)
    results = [(name, call(client), expected) for name, call, expected in wanted]
    client.channel.close()
    return results


def main():
    program = sys.argv[1]
    results = []
    with example(program) as address:
        results += run(address, [*cases(), *open_cases(HEALTH)])
    with example(program, AUTH_OPEN=REFLECTION) as address:
        results += run(address, open_cases(REFLECTION))
    passed = sum(got == expected for _, got, expected in results)
    for name, got, expected in results:
        if got != expected:
            print(f"FAILED {name}: expected {expected}, got {got}")
    # Each refusal has to be missed where everybody is let in.
    refused = [case for case in cases() if isinstance(case[2], Refused)]
    with open_server() as address:
        found_out = sum(got != expected for _, got, expected in run(address, refused))
    print(f"grpcio {version('grpcio')}: a server that lets everybody in fails {found_out} of {len(refused)} refusals")
    failed = len(results) - passed + (found_out != len(refused))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
