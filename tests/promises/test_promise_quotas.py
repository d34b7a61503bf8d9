"""Processes that share a store share a vendor's rate limit: together they never call more often than it allows."""

import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from couponhub.testing import Harness
from tests.promises.vendor_side import calls

# Each makes calls as fast as it can until couponhub holds one back, and prints how many were made.
CREATES = """
import sys
from datetime import date
from couponhub import CouponHub, NewCouponList
from couponhub.errors import QuotaExhausted

with CouponHub.from_config(sys.argv[1]) as hub:
    for number in range(90):
        try:
            hub["moengage"].lists.create(
                NewCouponList(name=f"{sys.argv[2]} {number}", expires=date(2099, 1, 1), created_by="me")
            )
        except QuotaExhausted:
            break
    else:
        number = 90
print(number)
"""
LOOKUPS = """
import sys
from couponhub import CouponHub, Customer
from couponhub.models import Reason

with CouponHub.from_config(sys.argv[1]) as hub:
    for number in range(90):
        (one,) = hub.lookup(Customer(email="nobody@example.com"), deadline=20).answers
        if one.reason is Reason.RATE_LIMITED:
            break
        assert one.reason is Reason.CUSTOMER_UNKNOWN, one.reason
    else:
        number = 90
print(number)
"""


def together(program: str, config: Path) -> int:
    """Run the program in two processes at once; how many calls they got through."""
    with ExitStack() as running:
        processes = [
            running.enter_context(
                subprocess.Popen(  # noqa: S603 - our own program
                    [sys.executable, "-c", program, str(config), name], stdout=subprocess.PIPE, text=True
                )
            )
            for name in ("one", "two")
        ]
        return sum(int(process.communicate(timeout=60)[0]) for process in processes)


def spend(harness: Harness, program: str, window: int) -> int:
    """Run it with the vendor's documented limits on, in one of the vendor's windows of so many seconds."""
    for _ in range(5):
        harness.control.reset()
        for file in harness.folder.glob("couponhub.quotas.db*"):
            file.unlink()
        harness.emulator.set_rate_limits(documented=True)
        began = time.time() // window
        done = together(program, harness.folder / "couponhub.toml")
        if began == time.time() // window:
            return done
    pytest.fail("no run was fast enough")


def test_two_processes_keep_a_quota_of_the_day(moengage: Harness) -> None:
    """MoEngage makes 100 lists a day; of 180 that two processes want, exactly those are asked for."""
    made = spend(moengage, CREATES, window=86_400)

    answers = Counter(call["status"] for call in calls(moengage, "POST", "/coupon-list"))
    assert ({201: 100}, 100) == (answers, made)


def test_two_processes_keep_a_rate_of_the_minute(capillary: Harness) -> None:
    """Told that Capillary takes 100 calls a minute, two processes that want 180 lookups make exactly those."""
    config = capillary.folder / "couponhub.toml"
    limits = "[connections.capillary.limits]\ncalls_per_minute = 100\n"
    config.write_text(f"{config.read_text(encoding='utf-8')}\n{limits}", encoding="utf-8")
    made = spend(capillary, LOOKUPS, window=60)

    answers = Counter(call["status"] for call in calls(capillary, "GET", "/customer/coupons"))
    assert ({200: 100}, 100) == (answers, made)


def test_two_processes_heed_a_rate_that_nobody_knows(capillary: Harness) -> None:
    """Told nothing, they make what the vendor allows, and each calls no more once it was refused."""
    made = spend(capillary, LOOKUPS, window=60)

    answers = Counter(call["status"] for call in calls(capillary, "GET", "/customer/coupons"))
    assert (100, 100) == (answers[200], made)
    assert answers[429] <= 2
