"""Processes that share a store share a vendor's rate limit: together they never call more often than it allows."""

import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from couponhub import CouponHub, Customer, NewCouponList
from couponhub.errors import QuotaExhausted
from couponhub.models import Reason
from couponhub.testing import Harness
from tests.kit.processes import forked
from tests.promises.vendor_side import calls

WANTED = 90
"""Calls that each of two processes would like to make."""


def creates() -> None:
    """Create lists as fast as can be until couponhub holds one back, and print how many were made."""
    made = 0
    with CouponHub.from_config(sys.argv[1]) as hub, suppress(QuotaExhausted):
        for number in range(WANTED):
            name = f"{sys.argv[2]} {number}"
            hub["moengage"].lists.create(NewCouponList(name=name, expires=date(2099, 1, 1), created_by="me"))
            made += 1
    sys.stdout.write(f"{made}")


def looks_up() -> None:
    """Look up as fast as can be until couponhub holds one back, and print how many were answered."""
    answered = 0
    with CouponHub.from_config(sys.argv[1]) as hub:
        for _ in range(WANTED):
            (one,) = hub.lookup(Customer(email="nobody@example.com"), deadline=20).answers
            if one.reason is Reason.RATE_LIMITED:
                break
            assert one.reason is Reason.CUSTOMER_UNKNOWN, one.reason
            answered += 1
    sys.stdout.write(f"{answered}")


def together(program: Callable[[], None], config: Path) -> int:
    """Run the program in two processes at once; how many calls they got through."""
    both = [forked(program, str(config), name) for name in ("one", "two")]
    return sum(int(one.ended().stdout) for one in both)


def spend(harness: Harness, program: Callable[[], None], window: int) -> int:
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
    made = spend(moengage, creates, window=86_400)

    answers = Counter(call["status"] for call in calls(moengage, "POST", "/coupon-list"))
    assert ({201: 100}, 100) == (answers, made)


def test_two_processes_keep_a_rate_of_the_minute(capillary: Harness) -> None:
    """Told that Capillary takes 100 calls a minute, two processes that want 180 lookups make exactly those."""
    config = capillary.folder / "couponhub.toml"
    limits = "[connections.capillary.limits]\ncalls_per_minute = 100\n"
    config.write_text(f"{config.read_text(encoding='utf-8')}\n{limits}", encoding="utf-8")
    made = spend(capillary, looks_up, window=60)

    answers = Counter(call["status"] for call in calls(capillary, "GET", "/customer/coupons"))
    assert ({200: 100}, 100) == (answers, made)


def test_two_processes_heed_a_rate_that_nobody_knows(capillary: Harness) -> None:
    """Told nothing, they make what the vendor allows, and each calls no more once it was refused."""
    made = spend(capillary, looks_up, window=60)

    answers = Counter(call["status"] for call in calls(capillary, "GET", "/customer/coupons"))
    assert (100, 100) == (answers[200], made)
    assert answers[429] <= 2
