"""One vendor dead (it accepts and never answers), one healthy: how long lookups over both take.

    .venv/bin/python benchmarks/dead_vendor.py

A running server is sent lookups at an even pace, whether or not the ones before have been answered, each about
another customer, over as many connections as it takes. Time counts from the moment at which a lookup was due.
First both vendors are healthy, then one is dead and the breaker has to find out, then it has.
"""

import argparse
import http.client
import itertools
import json
import queue
import statistics
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import attrs
from served import served
from upstream import NEVER, upstream


@attrs.frozen
class Sample:
    """One lookup: seconds after its due moment, and what the healthy connection's verdict was."""

    seconds: float
    healthy: str


class Load:
    """Clients with a connection each, which send lookups at the pace asked for."""

    def __init__(self, url: str, token: str, *, clients: int) -> None:
        self._host = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._due: queue.SimpleQueue[tuple[float, int, list[str]]] = queue.SimpleQueue()
        self._samples: queue.SimpleQueue[Sample] = queue.SimpleQueue()
        self._numbers = itertools.count(9_198_000_000_00)
        for _ in range(clients):
            threading.Thread(target=self._client, daemon=True).start()

    def run(self, seconds: float, *, rate: float, connections: list[str]) -> list[Sample]:
        """Send for that long, and wait for the last answer."""
        count, started = int(seconds * rate), time.perf_counter()
        for index in range(count):
            due = started + index / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            self._due.put((due, next(self._numbers), connections))
        return [self._samples.get(timeout=60) for _ in range(count)]

    def _client(self) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=60)
        while True:
            due, number, connections = self._due.get()
            body = json.dumps({"customer": {"mobile": str(number)}, "connections": connections})
            connection.request("POST", "/v1/lookup", body, self._headers)
            answer = json.loads(connection.getresponse().read())
            seconds = time.perf_counter() - due
            verdict = next(one["verdict"] for one in answer["answers"] if one["connection"] == "healthy")
            self._samples.put(Sample(seconds, verdict))


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="for each phase")
    parser.add_argument("--rate", type=float, default=100.0, help="lookups a second")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--deadline", type=float, default=1.0)
    arguments = parser.parse_args()
    lines = [
        f"[lookup]\ndeadline = {arguments.deadline}\ncache_ttl = 0\nnegative_ttl = 0\nstale_if_error = 0"
    ]
    with (
        upstream(delay=0.02) as healthy,
        upstream(delay=NEVER) as dead,
        served({"healthy": healthy, "dead": dead}, lines) as (url, token, _),
    ):
        load = Load(url, token, clients=arguments.clients)
        load.run(2, rate=arguments.rate, connections=["healthy"])
        alone = load.run(arguments.seconds, rate=arguments.rate, connections=["healthy"])
        both = ["healthy", "dead"]
        learning = load.run(arguments.deadline * 3, rate=arguments.rate, connections=both)
        opened = load.run(arguments.seconds, rate=arguments.rate, connections=both)
    print(
        f"Deadline {arguments.deadline:g} s, {arguments.rate:g} lookups a second, {arguments.clients} connections.\n"
    )
    print("| | lookups | p50 ms | p99 ms | longest ms | the healthy vendor's part found |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, samples in {
        "the healthy vendor alone": alone,
        "both, while the breaker learns": learning,
        "both, after it has opened": opened,
    }.items():
        print(f"| {name} | {' | '.join(figures(samples))} |")


def figures(samples: list[Sample]) -> Iterator[str]:
    """What the table shows of one phase."""
    times = sorted(sample.seconds * 1000 for sample in samples)
    yield str(len(times))
    yield f"{statistics.median(times):.0f}"
    yield f"{times[int(len(times) * 0.99)]:.0f}"
    yield f"{times[-1]:.0f}"
    yield f"{sum(sample.healthy == 'found' for sample in samples) / len(samples):.1%}"


if __name__ == "__main__":
    main()
