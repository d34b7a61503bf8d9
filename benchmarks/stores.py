"""One durable step, the mark of a part, in a store in SQLite and in one in PostgreSQL. See README.md here.

A server is started for it, with its log written through to the disk as with anybody's, in the same folder as SQLite's
files. The stores take turns, so that a busy moment of the machine hits both. The goal is at most twice SQLite's time.

.venv/bin/python benchmarks/stores.py
.venv/bin/python benchmarks/stores.py --store postgresql://user:password@host/database
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from couponhub.state import State, StoreSettings, UploadRecord, open_state
from couponhub.testing.state_conformance.samples import begin
from tests.kit.servers import running_postgresql

_ROUNDS = 20


@contextmanager
def stores(url: str | None) -> Iterator[dict[str, State]]:
    """One store of each kind, which was never used."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        if url is None:
            server = held.enter_context(running_postgresql(is_durable=True))
            url = server.url(server.new_database())
        addresses = {"SQLite": f"sqlite:///{folder}/couponhub.db", "PostgreSQL": url}
        yield {
            kind: held.enter_context(open_state(StoreSettings(url=address)))
            for kind, address in addresses.items()
        }


def marked(state: State, steps: int) -> list[float]:
    """Seconds of each step of one upload: a part is marked as about to be sent, and as not sent after all."""
    ledger = state.ledger("shop")
    upload: UploadRecord = begin(ledger, ["A"])
    taken = []
    for number in range(steps):
        began = time.perf_counter()
        upload = (ledger.mark_absent if number % 2 else ledger.mark_submitting)(upload, 1)
        taken.append(time.perf_counter() - began)
    return taken


def main() -> None:
    """Measure, and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--store", metavar="URL", help="of an empty database; a server is started when left out"
    )
    arguments.add_argument("--steps", type=int, default=100, help="of each round")
    given = arguments.parse_args()
    taken: dict[str, list[float]] = {}
    with stores(given.store) as opened:
        for _ in range(_ROUNDS):
            for kind, state in opened.items():
                taken.setdefault(kind, []).extend(marked(state, given.steps))
    least = statistics.median(taken["SQLite"])
    print("| One durable step | Median ms | 99 of 100 within ms | Ratio |")
    print("|---|---:|---:|---:|")
    for kind, seconds in taken.items():
        half, most = statistics.median(seconds), statistics.quantiles(seconds, n=100)[98]
        print(f"| {kind} | {half * 1000:.2f} | {most * 1000:.1f} | {half / least:.2f} |")
    print(f"\nload {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
