"""Clients that stop talking, of every kind at once; how long others wait meanwhile.

.venv/bin/python benchmarks/stalled.py
"""

import argparse
import itertools
import json
import socket
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

import requests
from served import COUPONHUB, configured, running
from upstream import upstream

CUSTOMER = {"mobile": "919876543210"}
MANY = 1000
COUPONS = 99
"""Many, for answers that nobody reads; not as many as may be a page that was cut, which is remembered by nobody."""


def head(path: str, token: str | None, length: int) -> bytes:
    """The head of a POST."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    lines += [] if token is None else [f"Authorization: Bearer {token}"]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


def kinds(sender: str, reader: str) -> Mapping[str, bytes]:
    """What each kind of client sends before it stops; those that send bodies and those that read have a token each."""
    many = json.dumps({"customers": [CUSTOMER] * MANY}).encode()
    return {
        "idle": b"",
        "head half sent": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ",
        "body half sent": head("/v1/lookup", sender, 1000) + b"{",
        "body half sent, no token": head("/v1/lookup", None, 1000) + b"{",
        "answers unread": head("/v1/lookup/batch", reader, len(many)) + many,
    }


def stalled(address: tuple[str, int], sent: bytes, count: int) -> list[socket.socket]:
    """That many clients that have sent this, and neither send nor read from now on."""
    clients = []
    for _ in range(count):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(5)
        client.connect(address)
        with suppress(OSError):  # refused before all of it was sent
            client.sendall(sent)
        clients.append(client)
    return clients


def timed(ask: Callable[[], requests.Response]) -> tuple[float, int]:
    """Milliseconds, and the status or 0."""
    begun = time.perf_counter()
    try:
        status = ask().status_code
    except requests.RequestException:
        status = 0
    return (time.perf_counter() - begun) * 1000, status


def others(url: str, token: str, seconds: float, new: Iterator[int]) -> None:
    """Ask as somebody else, on a connection of its own each time, and print how long it took."""
    headers = {"Authorization": f"Bearer {token}"}

    def look_up(mobile: str) -> requests.Response:
        asked = {"customer": {"mobile": mobile}}
        return requests.post(f"{url}/v1/lookup", json=asked, headers=headers, timeout=10)

    asked: Mapping[str, Callable[[], requests.Response]] = {
        "remembered lookup": lambda: look_up(CUSTOMER["mobile"]),
        "new lookup": lambda: look_up(str(next(new))),
        "healthz": lambda: requests.get(f"{url}/healthz", timeout=10),
    }
    took: dict[str, list[tuple[float, int]]] = {name: [] for name in asked}
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for name, ask in asked.items():
            took[name].append(timed(ask))
        time.sleep(0.05)
    for name, found in took.items():
        times = sorted(milliseconds for milliseconds, _ in found)
        print(
            f"  {name:17} {len(times):4} asked, median {statistics.median(times):5.1f} ms,"
            f" 99 of 100 within {times[int(len(times) * 0.99)]:5.1f} ms, longest {times[-1]:5.1f} ms,"
            f" statuses {dict(Counter(status for _, status in found))}",
            flush=True,
        )


def answered(clients: list[socket.socket]) -> str:
    """What clients got so far: statuses, or nothing."""
    got: Counter[str] = Counter()
    for client in clients:
        client.setblocking(False)
        try:
            data = client.recv(16)
            got[data[9:12].decode() or "closed"] += 1
        except BlockingIOError:
            got["open"] += 1
        except OSError:
            got["closed"] += 1
        client.close()
    return ", ".join(f"{count} {what}" for what, count in sorted(got.items()))


def main() -> None:
    """Measure calm, then with all kinds at once, for longer than any of them is borne."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=300, help="of each kind")
    parser.add_argument("--seconds", type=float, default=40)
    given = parser.parse_args()
    with (
        upstream(delay=0.0, coupons=COUPONS) as vendor,
        configured({"vendor": vendor}, ["[lookup]", "cache_ttl = 3600"]) as environment,
        running(environment) as (url, token, _),
    ):
        command = [*COUPONHUB, "token", "new", "--scope", "lookup", "-o", "json"]
        other, reader = (
            json.loads(subprocess.check_output(command, env=environment))["token"] for _ in range(2)
        )
        place = urlsplit(url)
        address = (place.hostname or "", place.port or 0)
        time.sleep(3)  # until the token counts
        new = itertools.count(919_876_600_000)
        print("calm:")
        others(url, other, 5, new)
        clients = {}
        for name, sent in kinds(token, reader).items():
            clients[name] = stalled(address, sent, given.clients)
        print(f"{given.clients} of each kind:")
        others(url, other, given.seconds, new)
        for name, ones in clients.items():
            print(f"  {name:26} {answered(ones)}")
        time.sleep(1)
        print("afterwards:")
        others(url, other, 5, new)


if __name__ == "__main__":
    main()
