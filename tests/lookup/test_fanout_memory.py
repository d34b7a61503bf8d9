"""What a lookup leaves behind: nothing that only the collector of circles could find, which a server seldom runs."""

import gc
import threading
import weakref
from collections.abc import Iterator
from contextlib import closing

import pytest

from couponhub.clock import Deadline
from couponhub.models import Coupon, CouponQuery, Customer, CustomerCoupons
from couponhub.resilience import ResilientClient
from tests.kit.lookups import lookup
from tests.lookup.fake_clients import BUYER

HELD = CustomerCoupons(coupons=(Coupon(connection="shop", code="A-1"),))


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Nobody looks for circles."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.usefixtures("uncollected")
def test_an_answer_goes_with_who_was_told(is_late: bool) -> None:
    """As soon as nobody holds it, an answer is gone, whether the vendor answered in time or not."""
    may_answer = threading.Event()

    def ask(_: Customer, __: CouponQuery, ___: Deadline) -> CustomerCoupons:
        may_answer.wait(20)
        return HELD

    if not is_late:
        may_answer.set()
    with closing(ResilientClient("shop", ask)) as client:
        answer = lookup([client], BUYER, CouponQuery(), 0.05 if is_late else 20.0)
        assert is_late == (answer.answers[0].error is not None)
        kept = weakref.ref(answer.answers[0])
        del answer
        assert kept() is None
        may_answer.set()
