"""Raw bytes against a running server for ten minutes: everything that a client can get wrong on purpose.

    .venv/bin/python benchmarks/fuzz_http.py --seconds 600 --seed 1

Heads, bodies and chunks are made right and then spoilt: bytes turned, cut, doubled, blown up; lengths that lie, both lengths at once,
pipelines, requests that break off, ends of every kind. Beside that, connections are kept: a good request after each refusal
has to be answered with its own request id, or the refusal has said that it ends the connection. Ends with 1 when

- an answer is no HTTP, a 5xx other than 503, or a request's that was not made on that connection,
- a good request is not answered,
- `/healthz` is not answered within two seconds, or
- a worker dies.
"""

import argparse
import collections
import contextlib
import json
import random
import re
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import attrs
import requests
from reliability import emulated, written_config
from served import running, workers_of

MOST_HEALTH_SECONDS = 2.0
_ANSWER_SECONDS = 20.0
_BAD_ANSWER_SECONDS = 1.0
"""Of what was spoilt there may be more to come, for which the server rightly waits longer than this."""
_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2}) ")
_KEPT = 5
METHODS = (
    b"GET",
    b"POST",
    b"HEAD",
    b"PUT",
    b"DELETE",
    b"OPTIONS",
    b"PATCH",
    b"TRACE",
    b"CONNECT",
    b"BREW",
    b"get",
    b"P\xd6ST",
    b"",
)
PATHS = (
    b"/v1/lookup",
    b"/v1/lookup/batch",
    b"/v1/connections",
    b"/v1/connections/moengage/lists?status=active",
    b"/v1/connections/capillary/lists/7/uploads/%ff",
    b"/v1/callbacks/x",
    b"/healthz",
    b"/readyz",
    b"/metrics",
    b"/openapi.json",
    b"/docs",
    b"/v1/connections/..%2f..%2fetc/lists",
    b"http://elsewhere.example/v1/lookup",
    b"*",
    b"//",
    b"/\xff\xfe?\xf0\x28\x8c\x28=%00",
    b"/" + b"a" * 9000,
)
VERSIONS = (
    b"HTTP/1.1",
    b"HTTP/1.1",
    b"HTTP/1.1",
    b"HTTP/1.0",
    b"HTTP/2.0",
    b"HTTP/0.9",
    b"http/1.1",
    b"HTTP/1.1 ",
    b"",
)
ODD_HEADERS = (
    b"Content-Length: -1",
    b"Content-Length: 99999999999999999999999999",
    b"Content-Length: 5, 5",
    b"Content-Length: 0x10",
    b"Content-Length : 3",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding: \x0bchunked",
    b"Expect: 100-continue",
    b"Expect: everything",
    b"Connection: close",
    b"Connection: keep-alive, Upgrade",
    b"Upgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13",
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    b"Host: ",
    b"Host: [::1",
    b"Host: a\r\nHost: b",
    b"Authorization: Bearer \xff\xfe",
    b"Authorization: Bearer " + b"x" * 20_000,
    b"X-Request-Id: \xc3\x28 \x00",
    b"X-Forwarded-For: ::::",
    b"Content-Type: application/json; charset=\xff",
    b" folded: line",
    b"no colon",
    b": no name",
    b"A: " + b"b" * 70_000,
    b"\r\n".join(b"H%d: v" % number for number in range(300)),
    b"Cookie: " + b"; ".join(b"c%d=1" % number for number in range(500)),
    b"Range: bytes=0-1,2-3",
    b"X: a\x00b",
    b"X: a\nY: b",
)


@attrs.frozen
class Faults:
    """Broken promises, how often each, and an example of it."""

    seen: collections.Counter[str] = attrs.field(factory=collections.Counter)
    examples: dict[str, bytes] = attrs.field(factory=dict)

    def add(self, text: str, sent: bytes = b"") -> None:
        """Note one."""
        self.seen[text] += 1
        self.examples.setdefault(text, sent[:2000])


@attrs.frozen
class Maker:
    """Makes requests, right and wrong ones."""

    random: random.Random
    token: bytes

    def good(self, request_id: bytes) -> bytes:
        """A request that has to be answered 200."""
        if self.random.random() < 0.3:
            return self._request(b"GET", b"/healthz", b"HTTP/1.1", [b"X-Request-Id: " + request_id], b"")
        headers = [b"X-Request-Id: " + request_id, b"Content-Type: application/json", self._authorized()]
        return self._bodied(b"POST", b"/v1/lookup", headers, self._body())

    def refused(self, request_id: bytes) -> bytes:
        """A request that is right as HTTP, and has to be refused."""
        headers = [b"X-Request-Id: " + request_id, b"Content-Type: application/json"]
        choose = self.random.randrange(4)
        if choose == 0:
            return self._bodied(b"POST", b"/v1/lookup", headers, self._body())
        if choose == 1:
            return self._bodied(b"POST", b"/v1/nowhere", headers, self._junk())
        if choose == 2:
            return self._bodied(b"PUT", b"/v1/lookup", headers, self._body())
        return self._bodied(b"POST", b"/v1/lookup", [*headers, self._authorized()], self._junk())

    def bad(self) -> bytes:
        """One request or several, of which something is wrong."""
        sent = b"".join(self._spoilt() for _ in range(self.random.choice((1, 1, 1, 2, 5, 40))))
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 8))):
            sent = self._turned(sent)
        return sent

    def _spoilt(self) -> bytes:
        pick = self.random.choice
        headers = [
            b"Content-Type: application/json",
            *([self._authorized()] if self.random.random() < 0.7 else []),
        ]
        headers += self.random.sample(ODD_HEADERS, pick((0, 0, 1, 1, 2, 4)))
        self.random.shuffle(headers)
        body = pick((self._body, self._junk, lambda: b""))()
        method, path, version = pick(METHODS), pick(PATHS), pick(VERSIONS)
        if self.random.random() < 0.6:
            method, version = pick((b"GET", b"POST")), b"HTTP/1.1"
        kind = self.random.random()
        if kind < 0.4:
            return self._request(method, path, version, [*headers, b"Content-Length: %d" % len(body)], body)
        if kind < 0.6:
            return self._request(
                method, path, version, [*headers, b"Transfer-Encoding: chunked"], self._chunks(body)
            )
        if kind < 0.8:
            lie = max(0, len(body) + pick((-3, -1, 1, 7, 5000)))
            return self._request(method, path, version, [*headers, b"Content-Length: %d" % lie], body)
        both = [*headers, b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked"]
        return self._request(method, path, version, both, self._chunks(body))

    def _bodied(self, method: bytes, path: bytes, headers: list[bytes], body: bytes) -> bytes:
        if self.random.random() < 0.5:
            return self._request(
                method, path, b"HTTP/1.1", [*headers, b"Content-Length: %d" % len(body)], body
            )
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:7], body[7:]) if piece)
        return self._request(
            method, path, b"HTTP/1.1", [*headers, b"Transfer-Encoding: chunked"], chunks + b"0\r\n\r\n"
        )

    @staticmethod
    def _request(method: bytes, path: bytes, version: bytes, headers: list[bytes], body: bytes) -> bytes:
        return b"\r\n".join([b"%s %s %s" % (method, path, version), b"Host: localhost", *headers, b"", body])

    def _authorized(self) -> bytes:
        return b"Authorization: Bearer " + self.token

    def _body(self) -> bytes:
        return json.dumps({"customer": {"mobile": f"91987654{self.random.randrange(10_000):04}"}}).encode()

    def _junk(self) -> bytes:
        return self.random.choice(
            (
                b"{",
                b"\xff\xfe\x00",
                b"[" * 5000,
                b'{"customer":{"mobile":"\\ud800"}}',
                b'{"customers":[' + b"{}," * 2000 + b"{}]}",
                b'{"customer":{"mobile":' + b"9" * 4000 + b"}}",
                b'{"deadline":1e999,"customer":{"email":"\xc3\x28@b"}}',
                self.random.randbytes(self.random.randrange(3000)),
                b'{"a":"' + b"x" * 1_100_000 + b'"}',
            )
        )

    def _chunks(self, body: bytes) -> bytes:
        size = self.random.choice(
            (b"%x", b"0%x", b"%X;ext=1", b"-%x", b"%x ", b"\t%x", b"ffffffffffffffff%x", b"%xg")
        )
        if self.random.random() < 0.6:
            size = b"%x"
        end = self.random.choice(
            (
                b"0\r\n\r\n",
                b"0\r\n\r\n",
                b"0\r\nTrailer: x\r\n\r\n",
                b"0\n\n",
                b"",
                b"00000\r\n" + b"A: b\r\n" * 3000,
            )
        )
        return (size % len(body)) + b"\r\n" + body + b"\r\n" + end

    def _turned(self, sent: bytes) -> bytes:
        at = self.random.randrange(len(sent) + 1)
        to = min(len(sent), at + self.random.randrange(1, 200))
        before, piece, after = sent[:at], sent[at:to], sent[to:]
        sign = self.random.choice((b"\r\n", b"\n", b"\r", b"\x00", b"\xff", b" ", b":"))
        turned = (
            before + self.random.randbytes(1) + sent[at + 1 :],
            before,
            before + sign + piece + after,
            before + piece * self.random.choice((2, 3, 50)) + after,
            before + after,
            before + self.random.randbytes(self.random.randrange(1, 40)) + piece + after,
        )
        return self.random.choice(turned)


@attrs.define
class Fuzzing:
    """The attack, from several threads, until it is over."""

    address: tuple[str, int]
    token: str
    faults: Faults = attrs.field(factory=Faults)
    statuses: collections.Counter[str] = attrs.field(factory=collections.Counter)
    health: list[float] = attrs.field(factory=list)
    is_over: threading.Event = attrs.field(factory=threading.Event)

    def spoil(self, seed: str) -> None:
        """Send what is spoilt, each time on a new connection."""
        maker = Maker(random.Random(seed), self.token.encode())  # noqa: S311 - to be had again
        while not self.is_over.is_set():
            sent = maker.bad()
            self._judge(self._told(sent, maker.random), sent)

    def keep(self, seed: str) -> None:
        """Send refused and good requests in turns on connections that are kept, several at once now and then."""
        chooser = random.Random(seed)  # noqa: S311 - the same
        maker = Maker(chooser, self.token.encode())
        while not self.is_over.is_set():
            with (
                contextlib.suppress(OSError),
                socket.create_connection(self.address, timeout=_ANSWER_SECONDS) as client,
            ):
                reader = client.makefile("rb")
                for turn in range(_KEPT):
                    if not self._turn(client, reader, maker, f"{chooser.getrandbits(40)}-{turn}"):
                        break

    def _turn(self, client: socket.socket, reader: IO[bytes], maker: Maker, name: str) -> bool:
        """Make a few requests at once, and read their answers; True when the connection may be used again."""
        made: list[tuple[bytes, bytes, bool]] = []
        for place in range(maker.random.choice((1, 1, 2, 4))):
            request_id = f"{name}-{place}".encode()
            is_good = maker.random.random() < 0.6
            made.append((request_id, (maker.good if is_good else maker.refused)(request_id), is_good))
        sent = b"".join(request for _, request, _ in made)
        with contextlib.suppress(OSError):  # a refusal may end the connection before all has been sent
            client.sendall(sent)
        for request_id, _, is_good in made:
            answer = read_answer(reader)
            if answer is None:
                self.faults.add("a request on a kept connection was not answered", sent)
                return False
            status, headers = answer
            self._count(status, sent)
            if headers.get(b"x-request-id") != request_id:
                self.faults.add("an answer of another request", sent)
                return False
            if is_good and status not in {200, 503}:
                self.faults.add(f"a good request was answered {status}", sent)
            if headers.get(b"connection", b"").lower() == b"close":
                return False
        return True

    def ask_for_health(self) -> None:
        """Ask for health, four times a second, on a connection of its own each time."""
        url = f"http://{self.address[0]}:{self.address[1]}/healthz"
        while not self.is_over.wait(0.25):
            begun = time.perf_counter()
            try:
                status = requests.get(url, timeout=_ANSWER_SECONDS).status_code
            except requests.RequestException as error:
                status = 0
                self.faults.add(f"/healthz was not answered ({type(error).__name__})")
            self.health.append(time.perf_counter() - begun)
            if status not in {0, 200}:
                self.faults.add(f"/healthz was answered {status}")

    def _told(self, sent: bytes, chooser: random.Random) -> bytes:
        """Return the answer to that, as far as it comes at once."""
        told = b""
        with contextlib.suppress(OSError), socket.create_connection(self.address, timeout=5) as client:
            client.settimeout(_BAD_ANSWER_SECONDS)
            pieces = [sent]
            if chooser.random() < 0.3 and len(sent) > 1:
                at = chooser.randrange(1, len(sent))
                pieces = [sent[:at], sent[at:]]
            with contextlib.suppress(OSError):
                for piece in pieces:
                    client.sendall(piece)
            ending = chooser.randrange(4)
            if ending == 0:
                return b""  # gone without a look at the answer
            if ending == 1:
                client.shutdown(socket.SHUT_WR)
            while len(told) < 1_000_000 and (piece := client.recv(65536)):
                told += piece
        return told

    def _judge(self, told: bytes, sent: bytes) -> None:
        if not told:
            self.statuses["nothing"] += 1
            return
        if _LINE.match(told) is None:
            self.faults.add("an answer that is no HTTP", sent)
            return
        # Bodies hold no such line: they are JSON, figures and a page, and what they quote is escaped.
        for found in _LINE.finditer(told):
            self._count(int(found[1]), sent)

    def _count(self, status: int, sent: bytes) -> None:
        self.statuses[str(status)] += 1
        if status >= 500 and status != 503:
            self.faults.add(f"answered {status}", sent)


def read_answer(reader: IO[bytes]) -> tuple[int, Mapping[bytes, bytes]] | None:
    """The next answer on a connection, without its body; None when there is none, or half of one."""
    try:
        line = reader.readline(65536)
        found = _LINE.match(line)
        if found is None:
            return None
        headers = dict(_headers(reader))
        if int(found[1]) == 100:
            return read_answer(reader)
        length = int(headers.get(b"content-length", b"0"))
        return (int(found[1]), headers) if len(reader.read(length)) == length else None
    except (OSError, ValueError):
        return None


def _headers(reader: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    while line := reader.readline(65536).strip():
        name, _, value = line.partition(b":")
        yield name.lower(), value.strip()


def main() -> None:
    """Attack for so long, and tell what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--connections", type=int, default=24, help="at once, of each kind")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = written_config(folder, stack.enter_context(emulated()), cached=True)
        url, token, pid = stack.enter_context(running(environment, "--workers", "2"))
        place = urlsplit(url)
        fuzzing = Fuzzing((place.hostname or "", place.port or 0), token)
        before = workers_of(pid)
        jobs: list[Callable[[], None]] = [fuzzing.ask_for_health]
        for number in range(given.connections):
            jobs.append(lambda seed=f"{given.seed}-spoil-{number}": fuzzing.spoil(seed))  # type: ignore[misc]
            jobs.append(lambda seed=f"{given.seed}-keep-{number}": fuzzing.keep(seed))  # type: ignore[misc]
        threads = [threading.Thread(target=job, daemon=True) for job in jobs]
        for thread in threads:
            thread.start()
        time.sleep(given.seconds)
        fuzzing.is_over.set()
        for thread in threads:
            thread.join(_ANSWER_SECONDS + 5)
        if before != workers_of(pid):
            fuzzing.faults.add("a worker died")
        ready = requests.get(f"{url}/readyz", timeout=10).status_code
    told(fuzzing, ready)
    sys.exit(bool(fuzzing.faults.seen))


def told(fuzzing: Fuzzing, ready: int) -> None:
    """Print what came of it."""
    health = sorted(fuzzing.health)
    if health[-1] > MOST_HEALTH_SECONDS:
        fuzzing.faults.add(f"/healthz took {health[-1]:.1f} s")
    print(f"answers: {dict(sorted(fuzzing.statuses.items()))}, {fuzzing.statuses.total():,} in all")
    print(
        f"/healthz: {len(health):,} asked, 99 of 100 within {health[int(len(health) * 0.99)] * 1000:.0f} ms,"
        f" longest {health[-1] * 1000:.0f} ms; afterwards /readyz is {ready}"
    )
    for text, count in fuzzing.faults.seen.items():
        print(f"{count} times: {text}\n    {fuzzing.faults.examples[text]!r}")
    print("no fault" if not fuzzing.faults.seen else "faults")


if __name__ == "__main__":
    main()
