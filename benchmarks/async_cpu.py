"""CPU of an awaited lookup, beside that of the same lookup in a program without an event loop.

Both ask the same server on loopback, which runs in a process of its own, and remember nothing. CPU is this process's user and
system time per call; the runs of both alternate, in an order that changes.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from served import config_text, served
from upstream import upstream

from couponhub import AsyncClient, AsyncCouponHub, Client, CouponHub, Customer

CUSTOMER = Customer(mobile="919876543210")
NOTHING_KEPT = ["[lookup]", "cache_ttl = 0", "negative_ttl = 0", "stale_if_error = 0", "deadline = 30.0"]


def blocking(call: Callable[[], object], calls: int) -> float:
    """Seconds of this process per call."""
    before = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - before) / calls


def awaited(call: Callable[[], Awaitable[object]], calls: int, runner: asyncio.Runner) -> float:
    """The same, one after the other on one event loop."""

    async def run() -> float:
        before = time.process_time()
        for _ in range(calls):
            await call()
        return (time.process_time() - before) / calls

    return runner.run(run())


def row(
    name: str, one: Callable[[int], float], other: Callable[[int], float], calls: int, rounds: int
) -> str:
    """A line of the table: the medians, and the median of the ratios."""
    one(calls // 4)
    other(calls // 4)
    pairs = []
    for number in range(rounds):
        if number % 2:
            theirs, mine = other(calls), one(calls)
        else:
            mine, theirs = one(calls), other(calls)
        pairs.append((mine, theirs))
    plain, ours = (statistics.median(side) * 1e6 for side in zip(*pairs, strict=True))
    ratio = statistics.median(theirs / mine for mine, theirs in pairs)
    return f"| {name} | {plain:.0f} us | {ours:.0f} us | {ratio:.2f} |"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--coupons", type=int, default=20)
    given = parser.parse_args()
    print("| | blocking | awaited | ratio |\n|---|---|---|---|")
    with (
        upstream(delay=0.0, coupons=given.coupons) as url,
        upstream(delay=0.0, coupons=given.coupons) as other,
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner() as runner,
    ):
        for title, names in (("one vendor", {"a": url}), ("two vendors", {"a": url, "b": other})):
            config = Path(folder) / f"{len(names)}.toml"
            config.write_text(config_text(Path(folder), names) + "\n".join(NOTHING_KEPT))
            ours = AsyncCouponHub.from_config(config)
            with CouponHub.from_config(config) as hub:
                print(
                    row(
                        f"`hub.lookup`, {title}",
                        lambda calls, hub=hub: blocking(lambda: hub.lookup(CUSTOMER), calls),  # type: ignore[misc]
                        lambda calls, ours=ours: awaited(lambda: ours.lookup(CUSTOMER), calls, runner),  # type: ignore[misc]
                        given.calls,
                        given.rounds,
                    )
                )
            runner.run(ours.close())
        with served({"a": url}, NOTHING_KEPT) as (address, token, _), Client(address, token=token) as client:
            mine = AsyncClient(address, token=token)
            print(
                row(
                    "`client.lookup`",
                    lambda calls: blocking(lambda: client.lookup(CUSTOMER), calls),
                    lambda calls: awaited(lambda: mine.lookup(CUSTOMER), calls, runner),
                    given.calls,
                    given.rounds,
                )
            )
            runner.run(mine.close())


if __name__ == "__main__":
    main()
