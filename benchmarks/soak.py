"""Memory of a running server under load for ten minutes.

    .venv/bin/python benchmarks/soak.py

Half of the lookups are about customers who were asked about before, half are about new ones, so that everything that
could grow has the chance to. Prints what the server and its workers hold (resident), every minute.
"""

import argparse
import http.client
import itertools
import json
import os
import random
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from served import served
from upstream import upstream


def main() -> None:
    """Load the server and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--step", type=float, default=60.0, help="seconds between two lines")
    arguments = parser.parse_args()
    with upstream(delay=0.005) as address, served({"loyalty": address}) as (url, token, pid):
        count = Count()
        for _ in range(arguments.clients):
            threading.Thread(target=client, args=(url, token, count), daemon=True).start()
        print("| Minute | lookups | MiB |\n|---:|---:|---:|")
        started = time.monotonic()
        while (passed := time.monotonic() - started) < arguments.minutes * 60 + 1:
            print(f"| {passed / 60:.1f} | {count.lookups:,} | {resident(pid) / 2**20:.0f} |", flush=True)
            time.sleep(arguments.step)
        count.is_over = True
        time.sleep(1)  # for the answers that are under way


class Count:
    """Lookups that were answered, and numbers for new customers."""

    def __init__(self) -> None:
        self.lookups = 0
        self.new = itertools.count(9_100_000_000_00)
        self.is_over = False


def client(url: str, token: str, count: Count) -> None:
    """Ask until it is over."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    while not count.is_over:
        known = random.random() < 0.5  # noqa: S311 - whom to ask about is no secret
        number = random.randrange(9_100_000_000_00, 9_100_000_010_00) if known else next(count.new)  # noqa: S311
        connection.request("POST", "/v1/lookup", json.dumps({"customer": {"mobile": str(number)}}), headers)
        if not json.loads(connection.getresponse().read())["complete"]:
            raise SystemExit("an answer was not complete")
        count.lookups += 1


def resident(pid: int) -> int:
    """Bytes that a process and its children hold in memory."""
    own = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(resident(int(child)) for child in children)


if __name__ == "__main__":
    main()
