"""Documented answers with random damage: nothing escapes but our errors, and nothing false is said."""

import copy
import json
from contextlib import suppress
from datetime import UTC, datetime
from math import inf
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from couponhub.clock import Clock
from couponhub.errors import CouponhubError, RateLimited
from couponhub.models import CouponQuery, Customer
from couponhub.transport import Reply
from couponhub_capillary.adapter.customer_coupons import customer_coupons
from couponhub_capillary.mapping.anomalies import Anomalies
from couponhub_capillary.mapping.lists import list_from
from couponhub_capillary.mapping.parts import part_from
from couponhub_capillary.wire.customer_coupons import CustomerAnswer, read_customer_coupons
from couponhub_capillary.wire.series import read_series_page, read_written_series
from couponhub_capillary.wire.times import Zones
from couponhub_capillary.wire.uploads import read_accepted_upload, read_upload_jobs
from tests.kit.examples import examples

PLAIN = Zones(server=UTC, server_is_guess=False, store=None)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
UNKNOWN_CODES = {"701", "721", "816", "1011", "1012", "8015", "8109"}

COUPON = {
    "id": "163267982",
    "series_id": "12360",
    "series_name": "Spin and win",
    "redemption_count": 0,
    "created_date": "2019-07-29T16:13:14.000Z",
    "valid_till": "2019-12-31 23:59:59",
    "code": "6WRNA5UM",
    "transaction_number": None,
    "issued_at": {"code": "store_001", "name": "Main Store"},
    "purpose": "",
    "custom_properties": {"custom_property": [{"name": "a", "value": "b"}]},
    "redemptions": {"redemption": [{"id": "4", "date": "2016-12-12 12:12:12", "transaction_number": ""}]},
}
FOUND = {
    "response": {
        "pagination": {"limit": "100", "offset": "0", "total": 1},
        "status": {"success": "true", "code": 200, "message": "Success"},
        "customers": {
            "customer": [
                {
                    "firstname": "Tom",
                    "lastname": "Sawyer",
                    "email": "tom.sawyer@example.com",
                    "mobile": "919000000001",
                    "external_id": None,
                    "id": "98662653",
                    "coupons": {"coupon": [COUPON, COUPON | {"id": "2", "redemptions": {}}]},
                    "item_status": {"success": "true", "code": 1000, "message": "Coupons retrieved"},
                }
            ]
        },
    }
}
REFUSED = {
    "response": {
        "status": {"success": "false", "code": 500, "message": "All requests have failed due to errors"},
        "customers": {"customer": [{"item_status": {"success": "false", "code": 707, "message": "x"}}]},
    }
}
SERIES = {"id": 7, "description": "D", "validTillDate": "2027-01-31T00:00:00Z", "numUploadedTotal": 3}
LISTING = {
    "entity": [SERIES],
    "warnings": [],
    "pageDetails": {"offset": 0, "limit": 1, "numberOfElements": 1},
}
JOB = {
    "jobId": 1,
    "uploadStatus": "FINISHED",
    "createdOn": "1716811570000",
    "uploadedFileUrl": "u.csv",
    "actualRowCount": 2,
    "errorCount": 0,
}
UPLOADED = {"success": True, "status": 200, "result": {"uploadJobStatuses": [JOB], "fileName": "u.csv"}}

ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, 200, 401, 429, 500, 701, 707, 1000, 4000, 4001, 8109, 10**30]),
    st.sampled_from(
        ["", " ", "true", "false", "200", "1000", "701", "9999-12-31 23:59:59", "0001-01-01T00:00:00.000Z"]
    ),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from([[], {}, [[]], [None], {"x": 1}, {"coupon": []}, {"redemption": "x"}]),
)


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a decoded body."""
    found: list[tuple[Any, Any]] = []
    keys = node.keys() if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        found.append((node, key))
        found.extend(places(node[key]))
    return found


@st.composite
def damaged(draw: st.DrawFn, *bodies: dict[str, Any]) -> Reply:
    """Make a reply of one of the bodies with some values replaced or removed, and any status."""
    body = copy.deepcopy(draw(st.sampled_from(bodies)))
    for _ in range(draw(st.integers(1, 4))):
        spots = places(body)
        if not spots:
            break
        container, key = draw(st.sampled_from(spots))
        if draw(st.booleans()):
            del container[key]
        else:
            container[key] = copy.deepcopy(draw(ODD_VALUES))
    status = draw(st.sampled_from([200, 200, 200, 400, 401, 403, 404, 429, 500, 503]))
    return Reply(status=status, headers={}, body=json.dumps(body).encode())


class Answering:
    """Stands for a client whose one answer is known."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def customer_coupons(self, *_: object, **__: object) -> CustomerAnswer:
        """Read the reply."""
        return read_customer_coupons(self._reply)

    def coupon_page(self, *_: object, **__: object) -> None:
        """Be an organisation without v2, where nothing can be completed."""
        raise RateLimited("no v2")


@st.composite
def odd(draw: st.DrawFn) -> Reply:
    """Make a found answer of which fields have odd types on which neither identity nor the outcome rests."""
    body = copy.deepcopy(FOUND)
    response = body["response"]
    customer = response["customers"]["customer"][0]  # type: ignore[index] # its shape is known
    coupons = customer["coupons"]["coupon"]
    spots = [
        *places(response["pagination"]),
        *((customer, key) for key in customer.keys() - {"coupons", "item_status"}),
        *((block, "message") for block in (response["status"], customer["item_status"])),
        *((container, key) for coupon in coupons for container, key in places(coupon) if key != "code"),
        *((coupon["issued_at"], "code") for coupon in coupons),
    ]
    values = ODD_VALUES.filter(lambda value: value not in {inf, -inf} if type(value) is float else True)
    for container, key in draw(st.lists(st.sampled_from(spots), min_size=1, max_size=5)):
        container[key] = copy.deepcopy(draw(values))  # infinity is no JSON
    if draw(st.booleans()):
        coupons[0]["code"] = draw(st.integers(0, 10**15))
    return Reply(status=200, headers={}, body=json.dumps(body).encode())


def says_nothing_there(body: Any) -> bool:
    """Whether a body shows, in a documented way, a customer that was found and holds no coupons."""
    customers = body["response"]["customers"]["customer"]
    customer = customers[0] if isinstance(customers, list) else customers
    coupons = customer.get("coupons")
    if isinstance(coupons, dict) and "coupon" in coupons:
        coupons = coupons["coupon"]
    return customer["item_status"]["code"] in (1000, "1000") and coupons in (None, "", {}, [])


def says_unknown(body: Any) -> bool:
    """Whether a body's only item carries a code that means "no such customer"."""
    customers = body["response"]["customers"]["customer"]
    customer = customers[0] if isinstance(customers, list) else customers
    return str(customer["item_status"]["code"]).strip().removesuffix(".0") in UNKNOWN_CODES


@settings(max_examples=examples(600), deadline=None)
@given(damaged(FOUND, REFUSED))
def test_damaged_lookups_never_lie(reply: Reply) -> None:
    """Neither "no coupons" nor "unknown customer" is said unless the body says so, and only our errors rise."""
    try:
        answer = customer_coupons(
            Answering(reply),  # type: ignore[arg-type] # stands for the client
            Customer(mobile="919876543210"),
            CouponQuery(),
            connection="loyalty",
            zones=PLAIN,
            country_code=None,
            clock=Clock(now=lambda: NOW),
            deadline=None,
        )
    except CouponhubError as error:
        assert "6WRNA5UM" not in str(error)  # noqa: PT017 - most examples raise nothing
        return
    body = json.loads(reply.body)
    if not answer.customer_known:
        assert says_unknown(body)
        assert () == answer.coupons
    elif answer.complete and not answer.coupons:
        assert says_nothing_there(body)
    assert "6WRNA5UM" not in " ".join(answer.warnings)


@settings(max_examples=examples(400), deadline=None)
@given(odd())
def test_odd_fields_take_no_coupon_away(reply: Reply) -> None:
    """Whatever the types of what only describes: nothing becomes unreadable, every coupon stays."""
    found = json.loads(reply.body)["response"]["customers"]["customer"][0]["coupons"]["coupon"]
    # Rows of one code and number are one coupon, however the number is spelled.
    assume(len({str(row.get("id")).strip().removesuffix(".0") for row in found}) == len(found))
    answer = customer_coupons(
        Answering(reply),  # type: ignore[arg-type] # stands for the client
        Customer(mobile="919876543210"),
        CouponQuery(),
        connection="loyalty",
        zones=PLAIN,
        country_code=None,
        clock=Clock(now=lambda: NOW),
        deadline=None,
    )
    assert sorted(str(row["code"]) for row in found) == sorted(coupon.code for coupon in answer.coupons)
    assert answer.customer_known


@settings(max_examples=examples(200), deadline=None)
@given(damaged(FOUND), st.data())
def test_cut_lookups_never_lie(reply: Reply, data: st.DataObject) -> None:
    """An answer that breaks off anywhere is an error, never a shorter answer."""
    length = data.draw(st.integers(0, len(reply.body) - 1))
    cut = Reply(status=200, headers={}, body=reply.body[:length])

    try:
        answer = read_customer_coupons(cut)
    except CouponhubError:
        return
    raise AssertionError(f"{len(answer.rows)} coupons were read from a broken body")


@settings(max_examples=examples(200), deadline=None)
@given(st.data())
def test_odd_fields_take_no_list_and_no_part_away(data: st.DataObject) -> None:
    """Whatever the types of all but the id: the list or the part is there, and no count is made up."""
    series, job = dict(SERIES), dict(JOB)
    for row, name in ((series, "id"), (job, "jobId")):
        for key in data.draw(st.lists(st.sampled_from(sorted(row.keys() - {name})), min_size=1)):
            row[key] = copy.deepcopy(data.draw(ODD_VALUES))
    odd = Anomalies()

    made = list_from(series, connection="loyalty", zones=PLAIN, now=NOW, odd=odd)
    part = part_from(job, odd)

    assert ("7", None, None) == (made.id, made.total, made.available)  # no series of uploaded codes
    assert "1" == part.id
    assert part.accepted is None or part.accepted + (part.rejected or 0) == part.rows


@settings(max_examples=examples(200), deadline=None)
@given(damaged(LISTING, SERIES))
def test_damaged_series_raise_only_our_errors(reply: Reply) -> None:
    """Listings and created series, damaged, give models or errors of ours."""
    try:
        rows = [*read_series_page(reply, limit=1000).rows]
        assert isinstance(json.loads(reply.body)["entity"], list)
    except CouponhubError:
        rows = []
    with suppress(CouponhubError):
        rows.append(read_written_series(reply))
    for row in rows:
        try:
            made = list_from(
                row if isinstance(row, dict) else {},
                connection="loyalty",
                zones=PLAIN,
                now=NOW,
                odd=Anomalies(),
            )
        except CouponhubError:
            continue
        assert made.total is None or made.total >= 0


@settings(max_examples=examples(200), deadline=None)
@given(damaged(UPLOADED))
def test_damaged_uploads_raise_only_our_errors(reply: Reply) -> None:
    """Uploads and their jobs, damaged, give parts that balance or errors of ours."""
    jobs: list[Any] = []
    with suppress(CouponhubError):
        jobs += read_upload_jobs(reply)
        jobs.append(read_accepted_upload(reply))
    for job in jobs:
        try:
            part = part_from(job if isinstance(job, dict) else {}, Anomalies())
        except CouponhubError:
            continue
        if part.accepted is not None:
            assert part.accepted + (part.rejected or 0) == part.rows
