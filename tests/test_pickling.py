"""What answers and errors hold survives pickling and copying, as caches and task queues do it; what lives does not."""

import copy
import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest

from couponhub import (
    Alerts,
    AlertsChange,
    Answer,
    Client,
    Coupon,
    CouponHub,
    CouponhubError,
    CouponQuery,
    Customer,
    FileUrl,
    ListChange,
    NewCouponList,
    Tagging,
    Upload,
    UsageError,
    Verdict,
    WaitTimeout,
)
from couponhub import errors as tree
from couponhub.models import UploadStatus
from couponhub.testing import EmulatedVendors, emulated_vendors

HOLDER = Customer(mobile="919876543210")
ERRORS = [one for one in vars(tree).values() if isinstance(one, type) and issubclass(one, CouponhubError)]
WAYS: list[Callable[[Any], Any]] = [
    *(lambda thing, protocol=protocol: pickle.loads(pickle.dumps(thing, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),  # noqa: S301 - our own
    copy.copy,
    copy.deepcopy,
]  # fmt: skip


@pytest.fixture(scope="module")
def vendors() -> Iterator[EmulatedVendors]:
    """Both vendors, with the demo's holdings."""
    with emulated_vendors() as served:
        yield served


def fields_of(model: Any) -> dict[str, Any]:
    """All that a model holds, what stands outside equality included."""
    return {field.name: getattr(model, field.name) for field in attrs.fields(type(model))}


def survives(thing: Any) -> None:
    """Equal, and with everything that it held, whichever way it went."""
    for way in WAYS:
        back = way(thing)
        assert thing == back
        assert type(thing) is type(back)


def test_answers_survive(vendors: EmulatedVendors) -> None:
    """An answer of both vendors, its coupons with their properties and raw objects, and its errors."""
    answer = vendors.hub.lookup(HOLDER)
    survives(answer)
    assert {"found", "unknown"} == {one.verdict for one in answer.answers}
    for way in WAYS:
        back = way(answer)
        assert [fields_of(coupon) for coupon in answer.coupons] == [
            fields_of(coupon) for coupon in back.coupons
        ]
        assert [one.error and facts_of(one.error) for one in answer.answers] == [
            one.error and facts_of(one.error) for one in back.answers
        ]
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            back.coupons[0].code = "other"


def test_what_a_vendor_shows_survives(vendors: EmulatedVendors) -> None:
    """Lists, uploads, what one vendor alone says of a customer, capabilities, and an explanation."""
    for at in map(vendors.hub.__getitem__, vendors.hub):
        for coupon_list in at.lists.iterate():
            survives(coupon_list)
            assert fields_of(coupon_list) == fields_of(pickle.loads(pickle.dumps(coupon_list)))  # noqa: S301 - our own
            for upload in at.uploads.iterate(coupon_list.id):
                survives(upload)
        survives(at.capabilities)
    survives(vendors.hub["capillary"].customers.coupons(HOLDER))
    survives(vendors.hub.explain(HOLDER))
    survives(vendors.hub.forget(Customer(email="nobody@example.com")))


@pytest.mark.parametrize(
    "model",
    [
        HOLDER,
        CouponQuery(),
        CouponQuery(status="active", since=date(2026, 1, 1), until=datetime(2026, 2, 1, tzinfo=UTC), list_id="1"),
        Alerts(subscribers=("a@example.com",)),
        AlertsChange(shortage=None),
        ListChange(alerts=AlertsChange(success=True)),
        NewCouponList(name="a", expires=date(2026, 1, 1)),
        NewCouponList(name="a", expires=date(2026, 1, 1), extra={"b": "c"}),
        ListChange(name="a"),
        FileUrl(url="https://example.com/a.csv", password="secret"),
        Tagging(identifier="email"),
        Coupon(connection="a", code="X"),
        Answer(connection="a", verdict=Verdict.NONE),
    ],
    ids=lambda model: type(model).__name__,
)  # fmt: skip
def test_models_survive(model: Any) -> None:
    """Those that callers make, with what they left out."""
    survives(model)
    assert all(fields_of(model) == fields_of(way(model)) for way in WAYS)


def test_hash_of_a_query_is_made_anew() -> None:
    """Another process hashes words otherwise, so that a hash must not travel."""
    query = CouponQuery(status="active")
    hash(query)
    back = pickle.loads(pickle.dumps(query))  # noqa: S301 - our own
    assert {query} == {back}


def facts_of(error: CouponhubError) -> dict[str, Any]:
    """All that an error tells."""
    return {
        "text": str(error),
        "class": type(error),
        "retryable": error.retryable,
        "args": error.args,
        **vars(error),
    }


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_survive(kind: type[CouponhubError]) -> None:
    """Every class, with all its facts, those that were added later included."""
    error = kind(
        "it failed", hint="mend it", connection="a", operation="b", vendor_code="7", status=400, request_id="r",
        retry_after=1.5,
    )  # fmt: skip
    error.message += "; and more"
    error.retryable = not error.retryable
    if isinstance(error, WaitTimeout):
        error.upload = Upload(connection="a", list_id="1", id="2", name="c", status=UploadStatus.PENDING)  # type: ignore[arg-type] # ids are text
    assert all(facts_of(error) == facts_of(way(error)) for way in WAYS)


def test_an_error_of_a_vendor_survives(vendors: EmulatedVendors) -> None:
    """One that an adapter raised, as a process pool hands it on."""
    with pytest.raises(CouponhubError) as caught:
        vendors.hub["capillary"].lists.get("123456789")
    assert ("capillary", facts_of(caught.value)) == (
        caught.value.connection,
        facts_of(pickle.loads(pickle.dumps(caught.value))),  # noqa: S301 - our own
    )


def test_what_lives_in_a_process_is_refused(vendors: EmulatedVendors) -> None:
    """A hub, a connection, its rooms and a client say so in words, whichever way they were to go."""
    hub, at = vendors.hub, vendors.hub["capillary"]
    with Client(vendors.url) as client:
        for living in (hub, at, at.lists, at.uploads, at.customers, at.coupons, at.usage, client):
            for way in WAYS:
                with pytest.raises(
                    UsageError, match="lives in its process, and can be neither pickled nor copied"
                ):
                    way(living)
    assert isinstance(hub, CouponHub)


def test_answer_of_a_report_survives() -> None:
    """Nothing empty in it is a view that no pickle takes."""
    coupon = Coupon(connection="a", code="X", issued_at=datetime.now(UTC) - timedelta(days=1))
    assert ({}, {}) == (dict(copy.deepcopy(coupon).raw), dict(copy.deepcopy(coupon).properties))
