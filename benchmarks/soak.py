"""A running server for ten minutes: good clients of good vendors, beside hostile vendors and clients that stop talking.

    .venv/bin/python benchmarks/soak.py

Half of the good lookups are about customers who were asked about before, half are about new ones, so that everything that
could grow has the chance to. Prints every minute, after one without the others, how long they took, and what the server and its workers hold: memory
(resident), threads, open files. Ends with 1 when a good lookup failed, or when one of these is not flat.
"""

import argparse
import collections
import contextlib
import http.client
import itertools
import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import attrs
from hostile import hostile, kinds
from served import COUPONHUB, configured, running, workers_of
from stalled import head, stalled
from stalled import kinds as kinds_of_stalled
from upstream import NEVER, upstream

GOOD = "loyalty"
MOST_GROWTH = 1.2
"""Of a figure from the third minute to the last: by then what is meant to be filled is."""
_STEADY = 3
_RESET = struct.pack("ii", 1, 0)
"""Of SO_LINGER: a close that says nothing, but to whoever sends."""


@attrs.define
class Tally:
    """The good lookups of one minute."""

    seconds: list[float] = attrs.field(factory=list)
    failed: collections.Counter[str] = attrs.field(factory=collections.Counter)

    def within(self, share: float) -> float:
        """Milliseconds within which that share of the good lookups were answered."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


@attrs.define
class Load:
    """Clients of every kind, until it is over."""

    address: tuple[str, int]
    tally: Tally = attrs.field(factory=Tally)
    hostile_answers: int = 0
    is_over: threading.Event = attrs.field(factory=threading.Event)
    _new: Iterator[int] = attrs.field(factory=lambda: itertools.count(9_100_000_000_00))

    def good(self, token: str, pause: float) -> None:
        """Ask the good vendor, with a pause after each answer."""
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        while not self.is_over.wait(pause):
            known = random.random() < 0.5  # noqa: S311 - whom to ask about is no secret
            number = random.randrange(9_100_000_000_00, 9_100_000_001_00) if known else next(self._new)  # noqa: S311
            begun, tally = time.perf_counter(), self.tally
            status, text = asked(connection, token, {"mobile": str(number)}, GOOD)
            tally.seconds.append(time.perf_counter() - begun)
            if status != 200:
                tally.failed[str(status)] += 1
            elif not (told := json.loads(text))["complete"]:
                tally.failed[told["answers"][0]["error"]["message"]] += 1

    def hostile(self, token: str, connections: Sequence[str]) -> None:
        """Ask hostile vendors, one after the other."""
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        for name in itertools.cycle(connections):
            if self.is_over.wait(0.05):
                return
            status, _ = asked(connection, token, {"mobile": str(next(self._new))}, name)
            self.hostile_answers += status == 200

    def stall(self, sent: bytes, count: int, *, half_closed: bool) -> None:
        """Keep so many clients that have sent this and stop talking; whoever was thrown out comes again."""
        clients: list[socket.socket] = []
        while not self.is_over.wait(1):
            clients = [one for one in clients if not has_ended(one)]
            more = stalled(self.address, sent, min(count - len(clients), 25))
            for one in more if half_closed else ():
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_WR)
            clients += more

    def reset(self, sent: bytes) -> None:
        """Break off in the midst of requests, ten times a second."""
        while not self.is_over.wait(0.1):
            (client,) = stalled(self.address, sent, 1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            client.close()


def asked(
    connection: http.client.HTTPConnection, token: str, customer: Mapping[str, str], name: str
) -> tuple[int, bytes]:
    """Status and body of one lookup; 0 for none."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request(
            "POST", "/v1/lookup", json.dumps({"customer": customer, "connections": [name]}), headers
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0, b""


def has_ended(client: socket.socket) -> bool:
    """Tell whether the server has ended its connection; an answer is left unread."""
    client.setblocking(False)
    try:
        # An answer stays where it is, so that its end is seen by the state of the connection alone.
        state = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    except OSError:
        state = 0
    if state in {1, 5}:  # established, or half closed by ourselves
        return False
    client.close()
    return True


@attrs.frozen
class Held:
    """Memory, threads, open files of the server and its workers now, and the seconds of CPU that they have taken."""

    mib: float
    threads: int
    files: int
    cpu: float


def held(pid: int) -> Held:
    """Return what a process and its children hold now."""
    processes = [pid, *workers_of(pid)]
    pages = sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in processes)
    return Held(
        mib=pages * os.sysconf("SC_PAGESIZE") / 2**20,
        threads=sum(len(list(Path(f"/proc/{one}/task").iterdir())) for one in processes),
        files=sum(len(list(Path(f"/proc/{one}/fd").iterdir())) for one in processes),
        cpu=sum(sum(map(int, _stat(one)[11:13])) for one in processes) / os.sysconf("SC_CLK_TCK"),
    )


def _stat(pid: int) -> list[str]:
    """Return the kernel's figures of a process, those behind its name."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def good_clients(load: Load, token: str, given: argparse.Namespace) -> list[Callable[[], None]]:
    """Return the clients whose lookups are measured."""
    return [lambda: load.good(token, given.clients / given.rate)] * given.clients


def bad_clients(
    load: Load, tokens: Sequence[str], hostile_names: Sequence[str], given: argparse.Namespace
) -> list[Callable[[], None]]:
    """Return those that ask hostile vendors, stop talking, or break off."""
    bad, sender, reader = tokens
    jobs: list[Callable[[], None]] = [
        lambda start=start: load.hostile(bad, [*hostile_names[start:], *hostile_names[:start]])  # type: ignore[misc]
        for start in range(given.hostile)
    ]
    stalling = dict(kinds_of_stalled(sender, reader))
    body = head("/v1/lookup", sender, 1000) + b"{"
    stopped = [(sent, False) for sent in stalling.values()]
    stopped += [(sent, True) for sent in (body, stalling["answers unread"])]
    jobs += [
        lambda sent=sent, closed=closed: load.stall(sent, given.stalled, half_closed=closed)  # type: ignore[misc]
        for sent, closed in stopped
    ]
    return [*jobs, lambda: load.reset(body), lambda: load.reset(stalling["answers unread"])]


def start(jobs: Sequence[Callable[[], None]]) -> None:
    """Start clients."""
    for job in jobs:
        threading.Thread(target=job, daemon=True).start()


def minute(load: Load, pid: int, name: str) -> tuple[Tally, Held]:
    """Wait for a minute, and print its line."""
    load.tally, answers, begun = Tally(), load.hostile_answers, held(pid)
    time.sleep(60)
    tally, now = load.tally, held(pid)
    print(
        f"| {name} | {len(tally.seconds):,} | {tally.failed.total()} | {tally.within(0.5):.1f}"
        f" | {tally.within(0.99):.1f} | {load.hostile_answers - answers:,} | {now.mib:.0f} | {now.threads}"
        f" | {now.files} | {now.cpu - begun.cpu:.0f} | {os.getloadavg()[0]:.1f} |",
        flush=True,
    )
    return tally, now


def main() -> None:
    """Load the server and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--clients", type=int, default=8, help="good ones")
    parser.add_argument("--rate", type=float, default=40.0, help="lookups a second of the good ones, at most")
    parser.add_argument("--hostile", type=int, default=8, help="clients who ask hostile vendors")
    parser.add_argument("--stalled", type=int, default=50, help="of each kind")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        bad = stack.enter_context(hostile())
        names = {f"way-{place}": f"{bad}/{place}" for place in range(len(kinds()))}
        names["silent"] = stack.enter_context(upstream(delay=NEVER))
        upstreams = {GOOD: stack.enter_context(upstream(delay=0.005)), **names}
        environment = stack.enter_context(configured(upstreams, ["[lookup]", "deadline = 2.0"]))
        url, good, pid = stack.enter_context(running(environment))
        new = [*COUPONHUB, "token", "new", "--scope", "lookup", "-o", "json"]
        others = [str(json.loads(subprocess.check_output(new, env=environment))["token"]) for _ in range(3)]
        time.sleep(3)  # until the tokens count
        place = urlsplit(url)
        load = Load((place.hostname or "", place.port or 0))
        print(
            "| Minute | good lookups | failed | median ms | 99 of 100 within ms | hostile lookups"
            " | MiB | threads | files | CPU s | load |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
        )
        start(good_clients(load, good, given))
        minute(load, pid, "calm")
        start(bad_clients(load, others, list(names), given))
        rows = [minute(load, pid, str(number)) for number in range(1, given.minutes + 1)]
        load.is_over.set()
    sys.exit(bool(faults(rows)))


def faults(rows: Sequence[tuple[Tally, Held]]) -> list[str]:
    """Return what was not as it should be, and print it."""
    failed = sum((tally.failed for tally, _ in rows), collections.Counter[str]())
    found = [f"{count} good lookups failed: {text}" for text, count in failed.items()]
    if len(rows) > _STEADY:
        early, late = rows[_STEADY - 1][1], rows[-1][1]
        for name, first, last in zip(
            ("memory", "threads", "files"), attrs.astuple(early), attrs.astuple(late), strict=False
        ):
            if last > MOST_GROWTH * first:
                found.append(f"{name} grew from {first:.0f} to {last:.0f}")
    print("\n".join(found) or "flat")
    return found


if __name__ == "__main__":
    main()
