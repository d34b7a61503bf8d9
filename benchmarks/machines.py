"""Uncached lookups a second over one server and over two that share their state, beside vendors that take their time.

Each server has as many clients of its own, and every request asks about another customer, so that two servers answer
twice as much unless what they share makes them wait for each other. The vendor's time is what counts, not the cores:
two of those suffice. The goal is 1.8 times.

.venv/bin/python benchmarks/machines.py
.venv/bin/python benchmarks/machines.py --store postgresql://user:password@host/database --shared redis://host:6379/0
"""

import argparse
import http.client
import itertools
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from served import config_text, running
from upstream import upstream

_CUSTOMERS = itertools.count(910000000000)
_A_MINUTE = 200_000
"""Calls that are allowed: far more than are made, and few enough that processes come back to the counters."""


def tables(folder: Path, url: str, store: str | None, shared: str | None) -> str:
    """The config of a machine: one connection, nothing remembered, and what it shares with the others."""
    text = config_text(folder, {"loyalty": url}).replace(
        "calls_per_minute = 100000000", f"calls_per_minute = {_A_MINUTE}"
    )
    if store is not None:
        text = f'{text[: text.index("[store]")]}[store]\nurl = "{store}"\nkey = "{"5f" * 32}"\n'
    more = "" if shared is None else f'[shared]\nurl = "{shared}"\n'
    return f"{text}{more}[lookup]\ncache_ttl = 0\nnegative_ttl = 0\nstale_if_error = 0\ndeadline = 20\n"


@contextmanager
def servers(folder: Path, text: str, count: int) -> Iterator[list[tuple[str, str]]]:
    """Serve from so many machines, each with a home of its own; the address of each, and a token."""
    with ExitStack() as held:
        begun = []
        for number in range(count):
            home = folder / f"machine{number}"
            home.mkdir(exist_ok=True)
            config = home / "couponhub.toml"
            config.write_text(text)
            environment = {**os.environ, "HOME": str(home), "COUPONHUB_CONFIG": str(config)}
            url, token, _ = held.enter_context(running(environment))
            begun.append((url, token))
        yield begun


def asks(url: str, token: str, until: float, seconds: list[float]) -> None:
    """Ask about one customer after the other, over one connection."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    while time.monotonic() < until:
        body = json.dumps({"customer": {"mobile": str(next(_CUSTOMERS))}})
        began = time.monotonic()
        connection.request("POST", "/v1/lookup", body, headers)
        answer = connection.getresponse()
        found = json.loads(answer.read())
        if answer.status != 200 or not found["complete"]:
            raise SystemExit(f"not answered: {found}")
        seconds.append(time.monotonic() - began)


def rate(begun: Sequence[tuple[str, str]], clients: int, length: float) -> tuple[float, float]:
    """Lookups a second, and the median of their milliseconds."""
    seconds: list[float] = []
    until = time.monotonic() + length
    threads = [
        threading.Thread(target=asks, args=(url, token, until, seconds))
        for url, token in begun
        for _ in range(clients)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(seconds) / (time.monotonic() - began), 1000 * statistics.median(seconds)


def main() -> None:
    """Measure one and two in turns, and print the median ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", help="[store] url of all; a SQLite database of the run's own by default")
    parser.add_argument("--shared", help="[shared] url of all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=16, help="of each server")
    parser.add_argument("--delay", type=float, default=0.25, help="seconds of the vendor")
    given = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory() as place, upstream(delay=given.delay) as url:
        text = tables(Path(place), url, given.store, given.shared)
        for _ in range(given.rounds):
            found = []
            for count in (1, 2):
                with servers(Path(place), text, count) as begun:
                    rate(begun, given.clients, 1)  # connections are made
                    found.append(rate(begun, given.clients, given.seconds))
            (one, one_ms), (two, two_ms) = found
            ratios.append(two / one)
            print(
                f"one: {one:.0f} a second, {one_ms:.0f} ms; two: {two:.0f} a second, {two_ms:.0f} ms; ratio"
                f" {two / one:.2f}; load {os.getloadavg()[0]:.1f}"
            )
    print(f"median ratio {statistics.median(ratios):.2f}, goal 1.8")


if __name__ == "__main__":
    main()
