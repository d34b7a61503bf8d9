"""A lookup over two vendors of which one is slow, beside a lookup over the slow one alone.

.venv/bin/python benchmarks/two_vendors.py
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from served import config_text
from upstream import upstream

from couponhub import CouponHub, Customer

MOBILE = "919876543210"


def main() -> None:
    """Measure in turns and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--quick", type=float, default=0.02, help="seconds that one vendor takes")
    parser.add_argument("--slow", type=float, default=0.2, help="seconds that the other one takes")
    arguments = parser.parse_args()
    with (
        upstream(delay=arguments.quick) as quick,
        upstream(delay=arguments.slow) as slow,
        tempfile.TemporaryDirectory() as folder,
    ):
        config = Path(folder) / "couponhub.toml"
        config.write_text(
            config_text(Path(folder), {"quick": quick, "slow": slow})
            + "[lookup]\ncache_ttl = 0\nnegative_ttl = 0\nstale_if_error = 0\n"
        )
        with CouponHub.from_config(config) as hub:

            def seconds(*connections: str) -> float:
                started = time.perf_counter()
                answer = hub.lookup(Customer(mobile=MOBILE), connections=connections)
                took = time.perf_counter() - started
                if not answer.complete:
                    raise SystemExit(f"{connections}: the answer is not complete")
                return took

            seconds("quick", "slow")
            pairs = [(seconds("slow"), seconds("quick", "slow")) for _ in range(arguments.rounds)]
    alone, both = (statistics.median(side) * 1000 for side in zip(*pairs, strict=True))
    ratio = statistics.median(two / one for one, two in pairs)
    print("| Asked | median | ratio |\n|---|---|---|")
    print(f"| the vendor that takes {arguments.slow * 1000:.0f} ms | {alone:.1f} ms | 1.00 |")
    print(f"| that one and one that takes {arguments.quick * 1000:.0f} ms | {both:.1f} ms | {ratio:.3f} |")


if __name__ == "__main__":
    main()
