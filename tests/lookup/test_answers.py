"""What a connection's error, or its answer beside an error, becomes: the vendor's code stands where it is looked for."""

import pytest

from couponhub.errors import VendorUnavailable
from couponhub.lookup.answers import concluded, failed
from couponhub.models import CouponQuery, Customer, CustomerCoupons
from couponhub.resilience import Outcome

BUYER = Customer(mobile="919876543210")
ERROR = VendorUnavailable("down", vendor_code="4001")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (None, "4001"),
        (CustomerCoupons(coupons=(), customer_known=True), "4001"),
        (CustomerCoupons(coupons=(), customer_known=True, vendor_code="1000"), "1000"),
    ],
)
def test_an_errors_code_is_the_answers(found: CustomerCoupons | None, told: str) -> None:
    """Unless a remembered answer has one of its own."""
    known = Outcome(found=found, error=ERROR)
    answer = concluded("loyalty", known, asked=BUYER, query=CouponQuery(), named_by=None, elapsed_ms=1)
    assert (told, "4001") == (answer.vendor_code, getattr(answer.error, "vendor_code", None))


def test_a_failures_code_is_the_answers() -> None:
    """Where nothing is known, what the vendor said about it is."""
    assert "4001" == failed("loyalty", ERROR).vendor_code
