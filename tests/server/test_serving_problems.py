"""What goes wrong comes as a problem of RFC 9457, with the kind and status of the error table."""

import json
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub import CouponHub, errors
from couponhub.errors import CouponhubError, QuotaExhausted, RateLimited, UsageError, VendorUnavailable
from couponhub.server.bodies import LARGEST_BODY
from couponhub.server.request_models import BatchRequest, LookupRequest, RequestReader
from couponhub.state import Scope
from tests.kit.examples import examples
from tests.server.harness import MOBILE, ServerHarness, problem

CLASSES = [getattr(errors, name) for name, *_ in errors.table()]
OF_THE_MACHINE = {"config", "local"}
READER = RequestReader()
FIELDS = (*(field.name for field in attrs.fields(LookupRequest)), "customers")
WORDS = st.sampled_from([*FIELDS, "mobile", "email", "external_id", "id"])
ASKED = {"customer": {"mobile": MOBILE}}


def raising(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Have the hub fail so."""

    def fails(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(CouponHub, "lookup", fails)


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_has_its_status(
    harness: ServerHarness, monkeypatch: pytest.MonkeyPatch, cls: type[CouponhubError]
) -> None:
    """And all that is known of it, under the names of the error object."""
    raising(
        monkeypatch, cls("it failed", hint="mend it", connection="loyalty", operation="read", vendor_code="7")
    )
    document = problem(
        harness.post("/v1/lookup", ASKED, harness.token(Scope.LOOKUP)), cls.http_status, cls.kind
    )
    is_told_whole = cls.kind not in OF_THE_MACHINE  # the others are the log's
    assert is_told_whole == (("it failed", "mend it") == (document["detail"], document["hint"]))
    assert ("loyalty", "read") == (document["connection"], document["operation"])
    assert ("7" if is_told_whole else None) == document["vendor_code"]
    assert cls.retryable == document["retryable"]
    assert document["title"]


def test_too_slow_is_a_504(harness: ServerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway's word for it."""
    error = VendorUnavailable("slow", too_slow=True)
    raising(monkeypatch, error)
    problem(harness.post("/v1/lookup", ASKED, harness.token(Scope.LOOKUP)), 504, "unavailable")


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RateLimited("x", retry_after=2.2), "3"),
        (RateLimited("x"), "1"),
        (RateLimited("x", retry_after=0), "1"),
        (QuotaExhausted("x", retry_after=3600), "3600"),
        (QuotaExhausted("x"), "60"),
    ],
)
def test_503_says_when_to_come_back(
    harness: ServerHarness, monkeypatch: pytest.MonkeyPatch, error: CouponhubError, seconds: str
) -> None:
    """In whole seconds, never zero."""
    raising(monkeypatch, error)
    answer = harness.post("/v1/lookup", ASKED, harness.token(Scope.LOOKUP))
    problem(answer, 503, error.kind)
    assert seconds == answer.headers["Retry-After"]


def test_a_fault_of_ours_tells_no_data(
    harness: ServerHarness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own text may quote a customer: it stands neither in the answer nor in the log, but where it was does."""
    raising(monkeypatch, KeyError(f"CANARY {MOBILE}"))
    answer = harness.post("/v1/lookup", ASKED, harness.token(Scope.LOOKUP))
    problem(answer, 500, "internal")
    assert "KeyError" in caplog.text
    (told,) = [record.__dict__["fields"] for record in caplog.records if "fields" in record.__dict__]
    assert any("lookup_endpoints.py" in place for place in told["at"])
    assert answer.headers["X-Request-Id"] == told["request_id"]
    for told in (answer.text, caplog.text):
        assert "CANARY" not in told
        assert MOBILE not in told


FAULTS: dict[str, tuple[Any, str]] = {
    "no object": ([], "the body must be a JSON object"),
    "a text": ("x", "the body must be a JSON object"),
    "null": (None, "the body must be a JSON object"),
    "no customer": ({}, "customer: missing"),
    "a customer of text": ({"customer": MOBILE}, "customer: expected an object"),
    "no identifier": ({"customer": {}}, "exactly one identifier, 0 were given"),
    "two identifiers": ({"customer": {"mobile": MOBILE, "email": "a@b.example"}}, "identifier, 2 were given"),
    "a number": ({"customer": {"mobile": 919876543210}}, "customer.mobile: expected text"),
    "a blank": ({"customer": {"mobile": " "}}, "is blank"),
    "a control character": ({"customer": {"email": "a\u0000@b"}}, "customer: the customer's email holds a"),
    "no mobile": ({"customer": {"mobile": "abc"}}, "no number"),
    "a misspelled identifier": (
        {"customer": {"mobil": MOBILE}},
        'customer.mobil: unknown key; did you mean "mobile"',
    ),
    "an unknown field": ({**ASKED, "colour": "red"}, "colour: unknown key"),
    "raw of text": ({**ASKED, "raw": "yes"}, "raw: expected"),
    "an unknown order": ({**ASKED, "sort": "amount"}, "sort: expected one of created, created_by, expires"),
    "a limit of nothing": ({**ASKED, "limit": 0}, "limit: expected a whole number of coupons, at least 1"),
    "no order to turn round": ({**ASKED, "descending": True}, "descending turns an order round"),
    "connections of text": ({**ASKED, "connections": "capillary"}, "connections: expected a list"),
    "connections of none": ({**ASKED, "connections": []}, "connections must not be empty"),
    "a connection of null": ({**ASKED, "connections": [None]}, "connections[0]: expected text"),
    "an unknown strategy": (
        {**ASKED, "strategy": "fastest"},
        "strategy: expected one of merge, first-found, compare",
    ),
    "an unknown status": ({**ASKED, "status": ["gone"]}, "status[0]: expected one of active"),
    "a status of numbers": ({**ASKED, "status": 7}, "status: expected a list"),
    "no day": ({**ASKED, "since": "yesterday"}, "since: is neither a day nor an RFC 3339 instant"),
    "no offset": ({**ASKED, "since": "2026-01-31T10:00:00"}, "since: lacks its offset"),
    "a day of numbers": ({**ASKED, "until": 20260131}, "until: expected text"),
    "before the calendar": (
        {**ASKED, "since": "0001-01-01T00:00:00+14:00"},
        "since: is outside of the calendar",
    ),
    "nothing between": (
        {**ASKED, "since": "2026-01-02", "until": "2026-01-01"},
        "since must lie before until",
    ),
    "no deadline": ({**ASKED, "deadline": 0}, "deadline: expected a number of seconds above 0, at most 60"),
    "a deadline too long": ({**ASKED, "deadline": 60.1}, "deadline: expected"),
    "a deadline of text": ({**ASKED, "deadline": "2"}, "deadline: expected a number"),
    "a deadline of truth": ({**ASKED, "deadline": True}, "deadline: expected a number"),
    "an empty list": ({**ASKED, "connections": ["capillary"], "list_id": ""}, "list_id: expected 1 to"),
    "a list for many": (
        {**ASKED, "connections": ["capillary", "moengage"], "list_id": "7"},
        "exactly one connection",
    ),
    "an id for many": (
        {"customer": {"id": "7"}, "connections": ["capillary", "moengage"]},
        "exactly one connection",
    ),
}


@pytest.mark.parametrize("what", FAULTS)
def test_what_cannot_be_asked_names_the_field(harness: ServerHarness, what: str) -> None:
    """400 of kind usage, for each fault of a body."""
    body, detail = FAULTS[what]
    document = problem(harness.post("/v1/lookup", body, harness.token(Scope.LOOKUP)), 400, "usage")
    assert detail in document["detail"]
    assert MOBILE not in document["detail"]


def test_all_faults_are_told_at_once(harness: ServerHarness) -> None:
    """And those of many customers by their places; a flood of them is cut."""
    body = {"customers": [{"mobile": 7}] * 50, "deadline": 99, "strategy": "x"}
    detail = problem(harness.post("/v1/lookup/batch", body, harness.token(Scope.LOOKUP)), 400, "usage")[
        "detail"
    ]
    assert "deadline: expected" in detail
    assert "strategy: expected one of" in detail
    assert "customers[0].mobile: expected text" in detail
    assert detail.endswith("and more")
    assert len(detail) < 2000


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(body=JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)))
@settings(max_examples=examples(300), deadline=None)
def test_any_json_is_an_answer_or_a_problem(body: Any) -> None:
    """Never a fault of ours: it is a request, or it is refused with the field named."""
    told = []
    for cls in (LookupRequest, BatchRequest):
        try:
            READER.read(json.loads(json.dumps(body)), cls).query()
        except UsageError as error:
            told.append(error.message)
    assert told  # no body is a request of both kinds
    assert all(told)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"customer":NaN}', b'"\\ud800"', b"[" * 100_000])
def test_what_is_no_json_is_a_problem(harness: ServerHarness, body: bytes) -> None:
    """Whatever it is instead; it is not quoted."""
    problem(harness.post("/v1/lookup", None, harness.token(Scope.LOOKUP), data=body), 400, "usage")


@pytest.mark.parametrize(
    "media", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx"]
)
def test_what_is_not_called_json_is_refused(harness: ServerHarness, media: str | None) -> None:
    """415, and what to send."""
    answer = harness.post("/v1/lookup", ASKED, harness.token(Scope.LOOKUP), content_type=media)
    assert "application/json" in problem(answer, 415, "usage")["hint"]


def test_json_may_name_its_charset(harness: ServerHarness) -> None:
    """There is but one, and clients add it."""
    answer = harness.lookup(harness.token(Scope.LOOKUP))
    media = "Application/JSON; charset=utf-8"
    again = harness.post("/v1/lookup", ASKED, harness.token(Scope.LOOKUP), content_type=media)
    assert (200, 200) == (answer.status_code, again.status_code)


def test_a_body_that_is_too_large_is_not_read(harness: ServerHarness) -> None:
    """413, whether its length is told or not."""
    token = harness.token(Scope.LOOKUP)
    large = json.dumps({"customer": {"mobile": "1" * LARGEST_BODY}}).encode()
    problem(harness.post("/v1/lookup", None, token, data=large), 413, "usage")
    lying = {"CONTENT_LENGTH": str(10**30)}
    problem(harness.post("/v1/lookup", None, token, data=b"{}", environ_overrides=lying), 413, "usage")
    chunked = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    problem(harness.post("/v1/lookup", None, token, data=large, environ_overrides=chunked), 413, "usage")
    small = harness.post("/v1/lookup", ASKED, token, environ_overrides=chunked)
    assert 200 == small.status_code


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/lookup/", "//v1/lookup", "/v1/connections/a/lists/b/c", "/nothing\u20ac", "/v1/%ff"],
)
def test_what_is_not_there_is_a_problem(harness: ServerHarness, path: str) -> None:
    """With a token or without: there is nothing to learn. The title speaks of no vendor, who was not asked."""
    assert "Not Found" == problem(harness.get(path), 404, "not_found")["title"]
    assert "-" == harness.logged()[-1]["route"]


def test_another_method_is_a_problem(harness: ServerHarness) -> None:
    """405, and which are taken."""
    answer = harness.get("/v1/lookup")
    problem(answer, 405, "usage")
    assert "POST" == answer.headers["Allow"]
    strange = harness.client.open("/v1/connections", method="BREW")
    problem(strange, 405, "usage")
    assert {"GET", "HEAD"} == {*strange.headers["Allow"].split(", ")}
    assert "-" == harness.logged()[-1]["method"]


def test_an_unknown_connection_is_404(harness: ServerHarness) -> None:
    """In a body or in a path; of kind usage, as on the command line."""
    asked = {**ASKED, "connections": ["nowhere"]}
    problem(harness.post("/v1/lookup", asked, harness.token(Scope.LOOKUP)), 404, "usage")
    token = harness.token(Scope.LISTS_READ)
    for path in ("lists", "lists/1", "lists/1/uploads", "lists/1/uploads/2"):
        problem(harness.get(f"/v1/connections/nowhere/{path}", token), 404, "usage")


@pytest.mark.parametrize("given", ["", "a b", "x\ny", "a" * 65, "\u20ac", 'a"b', "<a>"])
def test_a_request_id_that_is_none_is_replaced(harness: ServerHarness, given: str) -> None:
    """It goes into a header, and into a line of the log."""
    answer = harness.client.get("/healthz", environ_overrides={"HTTP_X_REQUEST_ID": given})
    assert given != answer.headers["X-Request-Id"]
    assert answer.headers["X-Request-Id"].isalnum()
    assert answer.headers["X-Request-Id"] == harness.logged()[-1]["request_id"]


def test_a_sane_request_id_is_kept(harness: ServerHarness) -> None:
    """So that a request can be followed through several services."""
    given = "0af7651916cd43dd-8448:eb211c80319c.1_a"
    answer = harness.get("/healthz", headers={"X-Request-Id": given})
    assert given == answer.headers["X-Request-Id"]
    assert given == harness.logged()[-1]["request_id"]
