"""Each vendor in its harness, with one list."""

from collections.abc import Iterator

import pytest

from couponhub.testing import harness_for
from couponhub_capillary import PLUGIN as CAPILLARY
from couponhub_moengage import PLUGIN as MOENGAGE
from tests.strictness.tampering import StrictnessHarness

SERIES = {
    "discountCode": "STRICT",
    "discountType": "PERC",
    "discountValue": "10",
    "smsTemplate": "Hi {{first_name}}, your code is {{voucher}}",
}


@pytest.fixture
def moengage() -> Iterator[StrictnessHarness]:
    """A MoEngage workspace."""
    with harness_for(MOENGAGE, settings={"created_by": "strict"}, processing_delay=0) as harness:
        yield StrictnessHarness(harness)


@pytest.fixture
def capillary() -> Iterator[StrictnessHarness]:
    """A Capillary organisation."""
    with harness_for(CAPILLARY, list_extra=SERIES, processing_delay=0) as harness:
        yield StrictnessHarness(harness)
