"""What people may set on a new series, and how wrong fields are told."""

import pytest

from couponhub.errors import UsageError
from couponhub_capillary.wire.new_series import read_new_series

REQUIRED = {
    "discountCode": "X",
    "discountType": "ABS",
    "discountValue": "10",
    "smsTemplate": "Hi {{voucher}} ",
}


def test_required_fields_and_our_defaults() -> None:
    """Four fields must be given; the rest is set up for codes that are uploaded."""
    assert {
        "discountCode": "X",
        "discountType": "ABS",
        "discountValue": 10,
        "smsTemplate": "Hi {{voucher}} ",
        "anyUser": False,
        "clientHandlingType": "DISC_CODE_PIN",
        "expiryStrategyType": "SERIES_EXPIRY",
    } == read_new_series(REQUIRED).as_json()


def test_texts_become_what_the_vendor_documents() -> None:
    """Flags, numbers, arrays and objects are typed; texts that hold JSON stay texts."""
    extra = {
        "anyUser": "true",
        "maxCreate": "-1",
        "minBillAmount": "12.5",
        "discountUpto": "3",
        "customPropertyMap": '{"a": "b"}',
        "productInfo": "[]",
        "redemptionRange": '{"dom":[-1]}',
    }

    made = read_new_series(REQUIRED | extra).as_json()

    assert {
        "anyUser": True,
        "maxCreate": -1,
        "minBillAmount": 12.5,
        "discountUpto": 3,
        "customPropertyMap": {"a": "b"},
        "productInfo": [],
        "redemptionRange": '{"dom":[-1]}',
    } == {name: made[name] for name in extra}


def test_all_faults_are_told_at_once() -> None:
    """Missing, unknown and wrong fields stand in one error, with near matches and without values."""
    with pytest.raises(UsageError) as caught:
        read_new_series(
            {
                "discountCod": "X",
                "discountType": "hunter2",
                "maxCreate": "1.5",
                "numIssued": "1",
                "description": "D",
            }
        )

    message = caught.value.message
    for told in (
        "there is no field discountCod, perhaps discountCode",
        "discountType: expected one of ABS, PERC",
        "maxCreate: expected a whole number",
        "numIssued is kept by Capillary itself",
        "description is the list's name",
        "missing: discountCode, discountValue, smsTemplate",
    ):
        assert told in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("anyUser", "yes"),
        ("anyUser", "True"),
        ("discountValue", "ten"),
        ("discountValue", " 10"),
        ("minBillAmount", "1e5"),
        ("productInfo", "{}"),
        ("productInfo", '[{"productType": "SKU", "productIds": [1], "productCodes": ["A"]}]'),
        ("customPropertyMap", "x"),
    ],
)
def test_wrong_texts_are_refused(name: str, text: str) -> None:
    """Nothing is guessed into a type."""
    with pytest.raises(UsageError, match=f"{name}: expected"):
        read_new_series(REQUIRED | {name: text})


def test_a_common_code_is_required_for_generic() -> None:
    """A series with one code for everybody needs that code."""
    with pytest.raises(UsageError, match="missing: genericCode"):
        read_new_series(REQUIRED | {"clientHandlingType": "GENERIC"})
