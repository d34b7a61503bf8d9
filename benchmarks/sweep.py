"""All coupons of a customer who holds very many, from Capillary's emulator over HTTP.

    .venv/bin/python benchmarks/sweep.py

Prints how many calls a lookup made, beside the fewest in which v2's pages can bring that many, and how much
memory it took at its peak, beside what its answer keeps.
"""

import argparse
import gc
import time
import tracemalloc
from datetime import timedelta

from couponhub.clock import utc_now
from couponhub.models import Customer, NewCouponList
from couponhub.registry import Registry
from couponhub.testing import harness_for
from couponhub_capillary.wire.customer_coupons_v2 import PAGE_SIZE

MOBILE = "919876543210"
SERIES = {
    "discountCode": "SWEEP",
    "discountType": "PERC",
    "discountValue": "10",
    "smsTemplate": "Hi {{first_name}}, your code is {{voucher}}",
}
LOOKUP = "/customer/coupons"
PAGE = "/customers/coupons"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--coupons", type=int, default=50_000)
    arguments = parser.parse_args()
    settings = {"timeout": 120.0}
    with harness_for(Registry().load("capillary"), list_extra=SERIES, settings=settings) as harness:
        new = NewCouponList(
            name="sweep", expires=(utc_now() + timedelta(days=30)).date(), extra=harness.list_extra
        )
        list_id = harness.connection.lists.create(new).id
        harness.control.add_customer(mobile=MOBILE)
        for begin in range(0, arguments.coupons, 10_000):
            codes = [f"C{number:08d}" for number in range(begin, min(begin + 10_000, arguments.coupons))]
            harness.control.issue(list_id, {"mobile": MOBILE}, codes=codes)
        before = len(harness.control.requests())
        # The emulator lives in this process too: what it keeps is there before, what it sends is in the peak.
        gc.collect()
        tracemalloc.start()
        started = time.perf_counter()
        answer = harness.connection.customers.coupons(Customer(mobile=MOBILE))
        seconds = time.perf_counter() - started
        kept, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        paths = [request["path"] for request in harness.control.requests()[before:]]
    if len({coupon.id for coupon in answer.coupons}) != arguments.coupons or not answer.complete:
        raise SystemExit(f"{len(answer.coupons)} coupons came, complete: {answer.complete}")
    calls = sum(path.endswith((LOOKUP, PAGE)) for path in paths)
    fewest = -(-arguments.coupons // PAGE_SIZE)
    print(f"| {arguments.coupons} coupons | | ratio |\n|---|---|---|")
    print(f"| calls made, fewest possible | {calls}, {fewest} | {calls / fewest:.2f} |")
    print(f"| peak memory, kept by the answer | {peak >> 20} MiB, {kept >> 20} MiB | {peak / kept:.2f} |")
    print(f"| time, memory being traced | {seconds:.1f} s | |")


if __name__ == "__main__":
    main()
