"""What a resilient client costs: a fresh hit, an answer that is not asked for because the vendor is dead, and a whole ask.

    .venv/bin/python benchmarks/resilience.py

Time per call on one thread, of an answer of 20 coupons. "asked" goes to another thread and back; "a thread of its
own" is the same without a client, for comparison.
"""

import argparse
import statistics
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from couponhub.clock import Deadline
from couponhub.errors import VendorUnavailable
from couponhub.models import Coupon, CouponQuery, Customer, CustomerCoupons
from couponhub.resilience import Outcome, ResilienceSettings, ResilientClient

CUSTOMER = Customer(mobile="919876543210")
OTHER = Customer(mobile="919876543211")
ANSWER = CustomerCoupons(
    coupons=tuple(Coupon(connection="shop", code=f"6WRNA5UM{number:05d}") for number in range(20))
)


def answer(_: Customer, __: CouponQuery, ___: Deadline) -> CustomerCoupons:
    """Answer at once."""
    return ANSWER


def fail(_: Customer, __: CouponQuery, ___: Deadline) -> CustomerCoupons:
    """Fail at once."""
    raise VendorUnavailable("it broke", status=503)


def once(client: ResilientClient, customer: Customer) -> Outcome:
    """Ask, and wait."""
    heard: SimpleQueue[Outcome] = SimpleQueue()
    client.ask(customer, CouponQuery(), Deadline.after(5.0), heard.put)
    return heard.get(timeout=5)


def asking(client: ResilientClient) -> Callable[[], object]:
    """Ask, and do not wait; what is said comes on the caller's thread."""
    query = CouponQuery()

    def hear(_: Outcome) -> None:
        pass

    return lambda: client.ask(CUSTOMER, query, Deadline.after(5.0), hear)


def threaded() -> Outcome:
    """Ask on a thread that is started for it."""
    heard: SimpleQueue[Outcome] = SimpleQueue()
    threading.Thread(
        target=lambda: heard.put(Outcome(found=answer(CUSTOMER, CouponQuery(), Deadline.after(5.0)))),
        daemon=True,
    ).start()
    return heard.get(timeout=5)


def microseconds(call: Callable[[], object], calls: int, rounds: int) -> float:
    """The median over the rounds."""
    figures = []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(calls):
            call()
        figures.append((time.perf_counter() - started) / calls * 1e6)
    return statistics.median(figures)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    remembering = ResilientClient("remembering", answer, settings=ResilienceSettings(cache_ttl=3600.0))
    once(remembering, CUSTOMER)
    forgetful = ResilientClient(
        "forgetful", answer, settings=ResilienceSettings(cache_ttl=0.0, negative_ttl=0.0, stale_if_error=0.0)
    )
    dead = ResilientClient(
        "dead", fail, check=lambda _: None, settings=ResilienceSettings(probe_every=3600.0)
    )
    while dead.status().breaker == "closed":
        once(dead, OTHER)
    rows = (
        ("a fresh hit", asking(remembering)),
        ("not asked, for the breaker is open", asking(dead)),
        ("asked", lambda: once(forgetful, CUSTOMER)),
        ("a thread of its own, without a client", threaded),
    )
    print("| | median |\n|---|---|")
    for name, call in rows:
        print(f"| {name} | {microseconds(call, arguments.calls, arguments.rounds):.1f} us |")


if __name__ == "__main__":
    main()
