"""CPU of one customer lookup at a vendor, with and without the console that keeps what calls came to.

Both ask the same server on loopback, which runs in a process of its own. CPU is this process's user and system time per
call, with that of the thread that writes; short runs of both alternate, so that other work on the machine meets both.

.venv/bin/python benchmarks/kept_calls.py
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from lookup_cpu import MOBILE, cpu_per_call
from served import config_text
from upstream import upstream

from couponhub import CouponHub, Customer
from couponhub.console.call_recorder import CallRecorder
from couponhub.console.call_writer import CallWriter
from couponhub.server.metrics import Metrics
from couponhub.state import open_state


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=25, help="in one run")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--coupons", type=int, default=20)
    arguments = parser.parse_args()
    customer = Customer(mobile=MOBILE)
    with upstream(delay=0.0, coupons=arguments.coupons) as url, tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "couponhub.toml"
        config.write_text(config_text(Path(folder), {"loyalty": url}))
        with CouponHub.from_config(config, observer=Metrics()) as plain:
            recorder = CallRecorder(Metrics(), CallWriter(open_state(plain.config.store)))
            with CouponHub.from_config(config, observer=recorder) as kept:
                hubs = (plain, kept)
                for hub in hubs:
                    cpu_per_call(lambda hub=hub: hub["loyalty"].customers.coupons(customer), 100)  # type: ignore[misc]
                pairs = [
                    [
                        cpu_per_call(
                            lambda hub=hub: hub["loyalty"].customers.coupons(customer),  # type: ignore[misc]
                            arguments.calls,
                        )
                        for hub in hubs
                    ]
                    for _ in range(arguments.rounds)
                ]
            recorder.close()
            counted = sum(plain.state.vendor_calls.left_out().values())
            written = len(plain.state.vendor_calls.newest(most=100_000))
    without, with_pages = (statistics.median(side) * 1e6 for side in zip(*pairs, strict=True))
    ratio = statistics.median(mine / theirs for theirs, mine in pairs)
    print("| | CPU per call, median | ratio |\n|---|---|---|")
    print(f"| without the console | {without:.0f} us | 1.00 |")
    print(f"| with it: {written} calls kept, {counted} counted | {with_pages:.0f} us | {ratio:.3f} |")


if __name__ == "__main__":
    main()
