"""Reading a customer's coupons out of Capillary's bytes, beside `json.loads` alone.

    .venv/bin/python benchmarks/decode.py

Both get the same answer of 200 coupons, made here in the proportions of the large answer that Capillary
documents: a third with their series' properties, mostly blank, two fifths issued at a store, one in twelve
redeemed, in no order. Ours ends with a tuple of checked `Coupon`, newest first, each once. Rounds alternate, the
garbage of either is collected between them, and CPU is what counts, so that a busy machine disturbs little.
"""

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from couponhub.models import Coupon, CouponQuery, selected
from couponhub.transport import Reply
from couponhub_capillary.adapter.collected import CollectedCoupons
from couponhub_capillary.mapping.context import MappingContext
from couponhub_capillary.mapping.coupons import coupon_from
from couponhub_capillary.wire.customer_coupons import read_customer_coupons
from couponhub_capillary.wire.times import Zones

BEGIN = datetime(2019, 7, 29, 16, 13, 14, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = Zones(server=UTC, server_is_guess=False, store=None)
PROPERTIES = (
    "standard_image_1",
    "milestone",
    "trackerid",
    "standard_image_2",
    "standard_description",
    "standard_image_3",
    "standard_terms_and_conditions",
)


def row(number: int) -> dict[str, Any]:
    """One coupon as v1.1 prints it."""
    issued = BEGIN + timedelta(hours=37 * number, seconds=7 * number)
    made: dict[str, Any] = {
        "id": str(163267982 + 4831 * number),
        "series_id": str(12360 + number % 23),
        "series_name": f"{number % 23}% Journey - welcome",
        "redemption_count": 0,
        "created_date": f"{issued:%Y-%m-%dT%H:%M:%S}.000Z",
        "valid_till": f"{2022 + number % 23}-12-31 23:59:59",
        "code": f"6WRNA{number:05d}",
        "transaction_number": None,
    }
    if number % 5 < 2:
        made["issued_at"] = {"code": f"store_{number % 4}", "name": "International Business Park"}
    names = PROPERTIES if number % 3 == 0 else ()
    made["purpose"] = ""
    made["custom_properties"] = {
        "custom_property": [
            {"name": name, "value": "20" if name == "milestone" and number % 30 == 0 else ""}
            for name in names
        ]
    }
    made["redemptions"] = {}
    if number % 12 == 0:
        used = {
            "id": str(4359526 + number),
            "date": f"{issued + timedelta(days=3):%Y-%m-%dT%H:%M:%S}.000Z",
            "transaction_number": "ZDCsddfg",
            "redeemed_at": {"code": "store_2", "name": "International Business Park"},
        }
        made |= {"redemption_count": 1, "redemptions": {"redemption": [used]}}
    return made


def answer(coupons: int) -> bytes:
    """The whole answer."""
    customer = {
        "firstname": "Tom",
        "mobile": "9988776655",
        "id": "98662653",
        "coupons": {"coupon": [row(number * 37 % coupons) for number in range(coupons)]},
        "item_status": {"success": "true", "code": 1000, "message": "Coupons retrieved successfully"},
    }
    status = {"success": "true", "code": 200, "message": "Success"}
    return json.dumps({"response": {"status": status, "customers": {"customer": [customer]}}}).encode()


def ours(body: bytes) -> tuple[Coupon, ...]:
    """Everything between a reply and the answer of a lookup."""
    found = read_customer_coupons(Reply(status=200, headers={}, body=body))
    held = CollectedCoupons(MappingContext(connection="loyalty", zones=ZONES, now=NOW))
    held.first(found.rows, coupon_from, None)
    return selected(held.coupons(), CouponQuery())


def seconds(call: Callable[[], object], calls: int) -> float:
    """How much CPU one call takes."""
    gc.collect()
    before = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - before) / calls


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--coupons", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--calls", type=int, default=5)
    arguments = parser.parse_args()
    body = answer(arguments.coupons)
    if len(ours(body)) != arguments.coupons:
        raise SystemExit("coupons were lost")
    rounds = [
        (seconds(lambda: ours(body), arguments.calls), seconds(lambda: json.loads(body), arguments.calls))
        for _ in range(arguments.rounds)
    ]
    mine, bare = (statistics.median(side) * 1e6 for side in zip(*rounds, strict=True))
    ratio = statistics.median(mine / bare for mine, bare in rounds)
    print(f"| {arguments.coupons} coupons, {len(body)} bytes | CPU, median | ratio |\n|---|---|---|")
    print(f"| `json.loads` | {bare:.0f} us | 1.00 |")
    print(f"| ours, to a tuple of `Coupon` | {mine:.0f} us | {ratio:.2f} |")


if __name__ == "__main__":
    main()
