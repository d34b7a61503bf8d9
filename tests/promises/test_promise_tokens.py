"""A token that ends is renewed by the way, once for all who need it, and nobody notices."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from couponhub.clock import utc_now
from couponhub.connection import Customers
from couponhub.models import Customer
from couponhub.testing import Harness
from tests.promises.test_promise_whole import HOLDER, ask, hand_out
from tests.promises.vendor_side import calls, codes

TOKENS = "/v3/oauth/token/generate"
THREADS = 50


@pytest.mark.parametrize(("token_calls", "v1_unauthorized_as_200"), [(1, True), (2, False)])
def test_tokens_that_end_in_a_sweep_are_not_noticed(
    capillary: Harness, token_calls: int, v1_unauthorized_as_200: bool
) -> None:
    """2,500 coupons take several calls; a token ends after every one or two of them, under either form of refusal."""
    list_id = hand_out(capillary, 2500, in_one_second=300)
    capillary.control.set_options(token_calls=token_calls, v1_unauthorized_as_200=v1_unauthorized_as_200)

    answer = ask(capillary)

    assert codes(capillary, list_id) == Counter(coupon.code for coupon in answer.coupons)
    assert answer.complete
    sweep = [call for call in calls(capillary, "GET", "/customers/coupons") if call["status"] == 200]
    assert len(sweep) >= 3
    assert len(calls(capillary, "POST", TOKENS)) > len(sweep) // token_calls


def test_fifty_threads_with_an_expired_token_fetch_one(capillary: Harness) -> None:
    """The vendor's clock ends the token behind the client's back; all fifty call at once, one fetches."""
    capillary.control.add_customer(**HOLDER)
    with capillary.unpaced_hub() as hub:
        customers = hub["capillary"].customers
        customers.coupons(Customer(mobile=HOLDER["mobile"]))
        assert 1 == len(calls(capillary, "POST", TOKENS))
        capillary.control.set_clock(utc_now() + timedelta(hours=1))

        assert [True] * THREADS == known_by_all(customers)

    assert 2 == len(calls(capillary, "POST", TOKENS))
    refused = [call for call in calls(capillary, "GET", "/customer/coupons") if call["status"] == 401]
    assert refused  # the token had truly ended


def test_fifty_threads_without_a_token_fetch_one(capillary: Harness) -> None:
    """Nor does anybody fetch a second one at the start."""
    capillary.control.add_customer(**HOLDER)

    with capillary.unpaced_hub() as hub:
        assert [True] * THREADS == known_by_all(hub["capillary"].customers)

    assert 1 == len(calls(capillary, "POST", TOKENS))


def known_by_all(customers: Customers) -> list[bool]:
    """Whether the holder is known, asked by fifty threads at one moment."""
    together = threading.Barrier(THREADS)

    def ask_along(_: int) -> bool:
        together.wait(30)
        return customers.coupons(Customer(mobile=HOLDER["mobile"])).customer_known

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(ask_along, range(THREADS)))
