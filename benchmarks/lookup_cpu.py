"""CPU of one customer lookup through couponhub, beside the obvious `requests.Session().get(...).json()`.

Both ask the same server on loopback, which runs in a process of its own. CPU is this process's user and system
time per call; the runs of both alternate.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests
from served import config_text
from upstream import upstream

from couponhub import CouponHub, Customer

MOBILE = "919876543210"


def cpu_per_call(call: Callable[[], object], calls: int) -> float:
    """Seconds of this process per call."""
    before = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - before) / calls


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--coupons", type=int, default=20)
    arguments = parser.parse_args()
    with (
        upstream(delay=0.0, coupons=arguments.coupons) as url,
        tempfile.TemporaryDirectory() as folder,
        requests.Session() as session,
    ):
        config = Path(folder) / "couponhub.toml"
        config.write_text(config_text(Path(folder), {"loyalty": url}))
        with CouponHub.from_config(config) as hub:
            customers = hub["loyalty"].customers
            customer = Customer(mobile=MOBILE)

            def ours() -> object:
                return customers.coupons(customer).coupons

            def bare() -> object:
                parameters = {"mobile": MOBILE, "format": "json", "limit": "1000"}
                headers = {"X-CAP-API-OAUTH-TOKEN": "T", "Accept": "application/json"}
                return session.get(
                    f"{url}/v1.1/customer/coupons", params=parameters, headers=headers, timeout=30
                ).json()

            for call in (ours, bare):
                cpu_per_call(call, 50)
            pairs = [
                (cpu_per_call(ours, arguments.calls), cpu_per_call(bare, arguments.calls))
                for _ in range(arguments.rounds)
            ]
    ours_median, bare_median = (statistics.median(side) * 1e6 for side in zip(*pairs, strict=True))
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    print("| | CPU per call, median | ratio |\n|---|---|---|")
    print(f"| `requests.Session().get(...).json()` | {bare_median:.0f} us | 1.00 |")
    print(f"| `connection.customers.coupons(...)` | {ours_median:.0f} us | {ratio:.2f} |")


if __name__ == "__main__":
    main()
