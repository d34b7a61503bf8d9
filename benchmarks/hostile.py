"""Memory of a running server whose vendor, and whose clients, are hostile.

    .venv/bin/python benchmarks/hostile.py

A vendor answers each call in one bad way after the other: without an end, with a million coupons, with nonsense of every kind, a byte at
a time, with giant headers and very many, with bombs of gzip. Sixty-four clients ask meanwhile, all of different customers, with
long identifiers too. Prints the most that the server has held (resident), after each kind. Ends with 1 when that is 512 MiB
or more, or when an answer was told much later than its deadline.
"""

import argparse
import asyncio
import contextlib
import gzip
import http.client
import itertools
import json
import multiprocessing
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from served import served
from upstream import TOKEN, coupon

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

MOST_MIB = 512
_BLOCK = 1024 * 1024
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_ENDLESS = _OK + b"Connection: close\r\n\r\n"
_OPENING = b'{"response": {"status": {"success": "true", "code": 200}, "customers": {"customer": [{"coupons": {"coupon": ['
_CLOSING = b']}, "item_status": {"success": "true", "code": 1000}}]}}}'

Pieces = Callable[[], AsyncIterator[bytes]]
"""What is sent, piece by piece."""


async def _for_ever(first: bytes, piece: bytes) -> AsyncIterator[bytes]:
    yield first
    while True:
        yield piece


async def _once(body: bytes, head: bytes = _OK) -> AsyncIterator[bytes]:
    yield head + b"Content-Length: %d\r\n\r\n" % len(body)
    for start in range(0, len(body), _BLOCK):
        yield body[start : start + _BLOCK]


async def _dripping() -> AsyncIterator[bytes]:
    yield _ENDLESS
    for place in range(10**9):
        yield b" "
        await asyncio.sleep(0.05 if place else 0)


def _padded(item: bytes, size: int) -> bytes:
    return _OPENING + item * (size // len(item))


def _coupons(count: int) -> bytes:
    row = json.dumps(coupon("1", 7)).encode()
    return _OPENING + b",".join([row] * count) + _CLOSING


def kinds() -> dict[str, Pieces]:
    """The ways to answer, by name."""
    # Made beforehand: a vendor that has to think is less hostile.
    million, many, thousands = (_coupons(count) for count in (1_000_000, 60_000, 5_000))
    objects, arrays = (
        _padded(b"{},", 20 * _BLOCK) + b"{}" + _CLOSING,
        _padded(b"[],", 3 * _BLOCK) + b"[]" + _CLOSING,
    )
    nested, quotes, html = b"[" * (20 * _BLOCK), b'"' * (20 * _BLOCK), b"<html>" * 100_000
    bomb = gzip.compress(b"[" + b"[]," * (100 * _BLOCK), 1)
    in_a_bomb = gzip.compress(bomb)
    zipped = _OK + b"Content-Encoding: gzip\r\n"
    twice = _OK + b"Content-Encoding: gzip, gzip\r\n"
    return {
        "endless blanks": lambda: _for_ever(_ENDLESS, b" " * _BLOCK),
        "endless coupons": lambda: _for_ever(_ENDLESS + _OPENING, b'{"code": "ABCDEFGH"},' * 50_000),
        "an endless line between chunks": lambda: _for_ever(
            _OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * _BLOCK
        ),
        "endless trailers": lambda: _for_ever(
            _OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n" * 100_000
        ),
        "a million coupons": lambda: _once(million),
        "60,000 coupons": lambda: _once(many),
        "5,000 coupons": lambda: _once(thousands),
        "empty objects": lambda: _once(objects),
        "empty arrays": lambda: _once(arrays),
        "nested arrays": lambda: _once(nested),
        "nonsense": lambda: _once(html),
        "nonsense of a size": lambda: _once(quotes),
        "a byte at a time": _dripping,
        "a giant header": lambda: _for_ever(_OK + b"X: ", b"x" * _BLOCK),
        "many headers": lambda: _for_ever(_OK, b"X: " + b"x" * 60_000 + b"\r\n"),
        "interim answers": lambda: _for_ever(b"", b"HTTP/1.1 100 Continue\r\nX: x\r\n\r\n" * 10_000),
        "a bomb of gzip": lambda: _once(bomb, zipped),
        "a bomb in a bomb": lambda: _once(in_a_bomb, twice),
    }


async def _serve(ready: "Connection") -> None:
    ways = list(kinds().values())

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *headers = head.decode("latin-1").split("\r\n")
                lengths = [int(one[15:]) for one in headers if one.lower().startswith("content-length:")]
                await reader.readexactly(lengths[0] if lengths else 0)
                method, target, _ = line.split(" ")
                pieces = ways[int(target.split("/")[1])]() if method == "GET" else _once(TOKEN)
                async for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=1000, limit=4 * _BLOCK)
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _run(ready: "Connection") -> None:
    asyncio.run(_serve(ready))


@contextlib.contextmanager
def hostile() -> Iterator[str]:
    """Serve the vendor for the length of the block; its address."""
    receiving, sending = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(sending,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{receiving.recv()}"
    finally:
        process.terminate()
        process.join()


class Clients:
    """Ask for as long as they are told to; what came of it."""

    def __init__(self, url: str, token: str, connection: str, *, count: int) -> None:
        self._host = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._numbers = itertools.count(9_100_000_000_00)
        self._count = count
        self._connection = connection
        self.answers = self.found = 0
        self.longest = 0.0

    def ask(self, seconds: float) -> None:
        """Ask for that long."""
        ends = time.monotonic() + seconds
        threads = [threading.Thread(target=self._ask, args=(ends,)) for _ in range(self._count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _ask(self, ends: float) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=120)
        while time.monotonic() < ends:
            number = next(self._numbers)
            # One of four by an identifier as long as vendors may have to be sent.
            who = {"mobile": str(number)} if number % 4 else {"external_id": f"{number}" + "A" * 4000}
            body = json.dumps({"customer": who, "connections": [self._connection]})
            started = time.monotonic()
            connection.request("POST", "/v1/lookup", body, self._headers)
            told = connection.getresponse()
            text = told.read()
            if told.status != 200:
                raise SystemExit(f"a lookup was answered {told.status}")
            self.longest = max(self.longest, time.monotonic() - started)
            self.answers += 1
            self.found += b'"found"' in text


def resident(pid: int, figure: str) -> float:
    """MiB that a process and its children hold, by that figure of the kernel's: VmRSS now, VmHWM at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    own = next(line for line in status.splitlines() if line.startswith(figure))
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(own.split()[1]) / 1024 + sum(resident(int(child), figure) for child in children)


def main() -> None:
    """Load the server and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each kind")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--deadline", type=float, default=2.0)
    parser.add_argument("--only", default="", help="only the kinds whose name has this in it")
    arguments = parser.parse_args()
    lines = [f"[lookup]\ndeadline = {arguments.deadline}"]
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(hostile())
        # A connection each, so that each has a breaker that has not opened yet.
        upstreams = {f"way-{place}": f"{address}/{place}" for place in range(len(kinds()))}
        url, token, pid = stack.enter_context(served(upstreams, lines))
        print(
            "| The vendor sends | answers | found | longest s | MiB after | most MiB so far |\n|---|---:|---:|---:|---:|"
        )
        longest = 0.0
        for name, connection in zip(kinds(), upstreams, strict=True):
            if arguments.only not in name:
                continue
            clients = Clients(url, token, connection, count=arguments.clients)
            clients.ask(arguments.seconds)
            longest = max(longest, clients.longest)
            now, most = resident(pid, "VmRSS"), resident(pid, "VmHWM")
            print(
                f"| {name} | {clients.answers:,} | {clients.found:,} | {clients.longest:.1f} | {now:.0f} | {most:.0f} |",
                flush=True,
            )
        most = resident(pid, "VmHWM")
    print(
        f"\nThe server and its worker held {most:.0f} MiB at most; the longest answer took {longest:.1f} s."
    )
    sys.exit(most >= MOST_MIB or longest > 5 * arguments.deadline)


if __name__ == "__main__":
    main()
