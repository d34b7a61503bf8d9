"""The client of `couponhub serve`: what comes back is what was said, or an error."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from couponhub.client import Client, ServedConnection
from couponhub.errors import (
    AuthRejected,
    ConfigError,
    Conflict,
    CouponhubError,
    NotFound,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    UnknownConnection,
    UnreadableReply,
    Unsupported,
    UsageError,
    VendorUnavailable,
)
from couponhub.models import (
    Answer,
    Coupon,
    CouponQuery,
    CouponStatus,
    Customer,
    Difference,
    DifferenceKind,
    Discount,
    ListId,
    LookupAnswer,
    Reason,
    Redemption,
    Source,
    Store,
    Strategy,
    Verdict,
)
from couponhub.serialization import to_document
from tests.kit.scripted_server import Script, ScriptedServer, Seen, hangs_up, is_silent, says, sends

TOKEN = "CANARY-TOKEN-1"
CODE = "CANARY-CODE-7"
CUSTOMER = Customer(mobile="919876543210")
NOW = datetime(2026, 1, 31, 10, 0, 0, 250_000, tzinfo=UTC)
COUPON = Coupon(
    connection="loyalty",
    code=CODE,
    list_id=ListId("7"),
    list_name="Winter",
    status=CouponStatus.REDEEMED,
    issued_at=NOW,
    expires_at=NOW,
    redemption_count=1,
    redemptions=(Redemption(id="1", at=NOW, transaction="T-1", store=Store(code="S", name="Shop")),),
    issued_at_store=Store(code="S"),
    discount=Discount(type="percent", value=Decimal("12.5")),
    properties={"colour": "red"},
    approximate=("issued_at",),
    source=Source.CACHE,
    as_of=NOW,
)
UNREACHABLE = VendorUnavailable("no answer", hint="wait", connection="engage", retry_after=3.0)
ANSWER = LookupAnswer(
    customer=CUSTOMER,
    answers=(
        Answer(connection="loyalty", verdict=Verdict.FOUND, coupons=(COUPON,), as_of=NOW, elapsed_ms=12),
        Answer(connection="engage", verdict=Verdict.UNKNOWN, reason=Reason.UNREACHABLE, error=UNREACHABLE),
        Answer(connection="club", verdict=Verdict.NONE, reason=Reason.NO_COUPONS, warnings=("odd",)),
    ),
)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server that answers what it is told."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[Client]:
    """A client of it, behind a path of a proxy."""
    with Client(f"{server.url}/coupons", token=TOKEN, timeout=2.0) as client:
        yield client


def document(**changes: Any) -> dict[str, Any]:
    """Write the answer as the server would, changed like that."""
    return {**to_document(ANSWER), **changes}


def written(document: object) -> bytes:
    """Write JSON."""
    return json.dumps(document).encode()


def problem(status: int, **members: Any) -> bytes:
    """Write a problem of RFC 9457."""
    return written({"type": "about:blank", "title": "x", "status": status, **members})


def test_the_answer_comes_back_as_the_hub_would_give_it(server: ScriptedServer, client: Client) -> None:
    """Every field of the models survives the way over JSON; the raw object and the vendor's number are not on it."""
    server.plays(says(body=written(document())))
    answer = client.lookup(CUSTOMER)
    assert ANSWER == answer
    error = answer.by_connection["engage"].error
    assert isinstance(error, VendorUnavailable)
    assert ("no answer", "wait", "engage", 3.0, True) == (
        error.message,
        error.hint,
        error.connection,
        error.retry_after,
        error.retryable,
    )


def test_what_is_sent(server: ScriptedServer, client: Client) -> None:
    """Only what was asked for, in the body; the token in its header alone."""
    server.plays(says(body=written(document())), says(body=written(document())))
    client.lookup(CUSTOMER)
    client.lookup(
        CUSTOMER,
        CouponQuery(status=frozenset({CouponStatus.ACTIVE}), list_id=ListId("7"), store_id="3", since=NOW),
        connections=["loyalty", "engage", "loyalty"],
        strategy="first-found",
        deadline=1.5,
    )
    plain, full = server.seen
    assert ("POST", "/coupons/v1/lookup") == (plain.method, plain.target)
    assert f"Bearer {TOKEN}" == plain.headers["authorization"]
    assert {"customer": {"mobile": "919876543210"}} == json.loads(plain.body)
    assert {
        "customer": {"mobile": "919876543210"},
        "connections": ["loyalty", "engage"],
        "strategy": "first-found",
        "status": ["active"],
        "list_id": "7",
        "store_id": "3",
        "since": "2026-01-31T10:00:00.250000+00:00",
        "deadline": 1.5,
    } == json.loads(full.body)


def test_a_newer_server_is_understood_as_far_as_it_goes(server: ScriptedServer, client: Client) -> None:
    """Further keys are passed over; further words become the weakest that is known, and never a whole answer."""
    said = document(more=1, complete=True)
    said["coupons"][0] |= {"status": "frozen", "source": "replica", "more": {}}
    said["answers"][0] |= {"reason": "tired", "more": []}
    said["answers"][1] |= {"verdict": "perhaps", "reason": None, "error": None}
    server.plays(says(body=written(said)))
    answer = client.lookup(CUSTOMER)
    found, perhaps, none = answer.answers
    assert (CouponStatus.UNKNOWN, Source.CACHE) == (found.coupons[0].status, found.coupons[0].source)
    assert (Verdict.FOUND, Reason.UNREADABLE) == (found.verdict, found.reason)
    assert "the server gives a reason that this version of couponhub does not know" in found.warnings
    assert (Verdict.UNKNOWN, Reason.UNREADABLE) == (perhaps.verdict, perhaps.reason)
    assert Verdict.NONE is none.verdict
    assert not answer.complete


def _changed(key: str, value: object, within: str | None = None, index: int = 0) -> dict[str, Any]:
    changed = document()
    place = changed[within][index] if within else changed
    place[key] = value
    return changed


def _without(key: str, within: str | None = None) -> dict[str, Any]:
    changed = document()
    del (changed[within][0] if within else changed)[key]
    return changed


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>CANARY-CODE-7</html>",
        written(document())[:-1],
        written([document()]),
        written({}),
        written({"items": []}),
        written(_without("coupons")),
        written(_without("answers")),
        written(_without("complete")),
        written(_without("customer")),
        written(_without("code", "coupons")),
        written(_without("verdict", "answers")),
        written(_without("reason", "answers")),
        written(_changed("coupons", [])),
        written(_changed("coupons", None)),
        written(_changed("answers", [])),
        written(_changed("complete", "true")),
        written(_changed("customer", {"mobile": "919876543211"})),
        written(_changed("customer", {"email": "919876543210"})),
        written(_changed("verdict", "none", "answers")),
        written(_changed("verdict", "found", "answers", 1)),
        written(_changed("connection", "club", "answers", 0)),
        written(_changed("connection", "strange", "coupons")),
        written(_changed("code", 12345678, "coupons")),
        written(_changed("redemption_count", "1", "coupons")),
        written(_changed("issued_at", "2026-01-31T10:00:00", "coupons")),
        written(_changed("issued_at", CODE, "coupons")),
        written({**document(), "complete": False, "answers": document()["answers"][::2]}),
    ],
)
def test_what_is_not_whole_is_an_error(server: ScriptedServer, client: Client, body: bytes) -> None:
    """Cut, contradictory, mistyped or about somebody else: it is never taken for an answer, nor quoted."""
    server.plays(says(body=body))
    with pytest.raises(UnreadableReply) as caught:
        client.lookup(CUSTOMER)
    shown = f"{caught.value} {caught.value!r} {caught.value.__context__!r} {caught.value.__cause__!r}"
    assert CODE not in shown
    assert "12345678" not in shown
    assert "9876543210" not in shown


def test_a_connection_that_was_asked_for_has_to_answer(server: ScriptedServer, client: Client) -> None:
    """Without it the answer would look complete."""
    server.plays(says(body=written(document())))
    with pytest.raises(UnreadableReply, match="missing"):
        client.lookup(CUSTOMER, connections=["loyalty", "other"])


def test_differences_that_were_asked_for_have_to_come(server: ScriptedServer, client: Client) -> None:
    """An answer without them says nothing of whether there are any."""
    found = {"reference": "loyalty", "connection": "engage", "kind": "extra", "count": 2}
    server.plays(says(body=written(document(differences=[found]))), says(body=written(document())))
    answer = client.lookup(CUSTOMER, strategy="compare")
    kind = DifferenceKind.EXTRA
    assert (Difference(reference="loyalty", connection="engage", kind=kind, count=2),) == answer.differences
    with pytest.raises(UnreadableReply, match="the differences are missing"):
        client.lookup(CUSTOMER, strategy=Strategy.COMPARE)


def test_with_first_found_the_rest_need_not_answer(server: ScriptedServer, client: Client) -> None:
    """Behind one that has found coupons nobody was asked; where nobody has, everybody has to answer."""
    first = document(answers=document()["answers"][:1], complete=True)
    nobody = document(coupons=[], answers=document()["answers"][2:], complete=True)
    server.plays(says(body=written(first)), says(body=written(first)), says(body=written(nobody)))
    answer = client.lookup(CUSTOMER, connections=["loyalty", "engage"], strategy=Strategy.FIRST_FOUND)
    assert answer.complete
    with pytest.raises(UnreadableReply, match="missing"):
        client.lookup(CUSTOMER, connections=["loyalty", "engage"])
    with pytest.raises(UnreadableReply, match="missing"):
        client.lookup(CUSTOMER, connections=["club", "engage"], strategy="first-found")
    with pytest.raises(UsageError, match="the strategy is one of merge, first-found"):
        client.lookup(CUSTOMER, strategy="fastest")


def people(count: int) -> list[Customer]:
    """So many customers."""
    return [Customer(external_id=f"P-{number}") for number in range(count)]


def about(customer: Customer) -> dict[str, Any]:
    """Write the answer about that customer."""
    return document(customer={"external_id": customer.external_id})


def answers_each(seen: Seen) -> Script:
    """Answer a batch as a server would."""
    asked = json.loads(seen.body)["customers"]
    return says(body=b"".join(written(document(customer=customer)) + b"\n" for customer in asked))


def test_many_customers_are_asked_about_some_at_a_time(server: ScriptedServer, client: Client) -> None:
    """Answers come in the order of the customers; those behind what is consumed are not asked about yet."""
    server.otherwise = answers_each
    customers = people(40)
    answers = client.lookup_many(customers, deadline=1.0)
    assert customers[0] == next(answers).customer
    assert 1 == len(server.seen)
    assert customers[1:] == [answer.customer for answer in answers]
    assert [16, 16, 8] == [len(json.loads(seen.body)["customers"]) for seen in server.seen]
    assert [1.0] * 3 == [json.loads(seen.body)["deadline"] for seen in server.seen]


def test_a_batch_that_breaks_off_says_why(server: ScriptedServer, client: Client) -> None:
    """What came before the error counts, and then the error comes."""
    ended = {"error": {"kind": "not_found", "message": "no such list", "connection": "loyalty"}}
    server.plays(says(body=written(about(people(1)[0])) + b"\n" + written(ended) + b"\n"))
    answers = client.lookup_many(people(3))
    assert people(1)[0] == next(answers).customer
    with pytest.raises(NotFound, match="no such list"):
        next(answers)


def test_a_cut_batch_is_an_error(server: ScriptedServer, client: Client) -> None:
    """Fewer lines than customers, half a line, or the lines of others: nothing of it is an answer."""
    first, second = map(about, people(2))
    for lines in ([first], [first, second, second], [second, first], [first, "x"]):
        server.plays(says(body=b"\n".join(map(written, lines)) + b"\n"))
        with pytest.raises(UnreadableReply):
            list(client.lookup_many(people(2)))
    server.plays(says(body=written(first) + b"\n" + written(second)[:-5]))
    with pytest.raises(UnreadableReply):
        list(client.lookup_many(people(2)))


def test_connections(server: ScriptedServer, client: Client) -> None:
    """What the server can ask, and why it cannot open one."""
    loyalty = to_document(
        ServedConnection(
            connection="loyalty",
            adapter="capillary",
            vendor="Capillary",
            capabilities=("lists.read",),
            limits={"a": 1},
        )
    )
    broken = to_document(ServedConnection(connection="old", adapter="x", error=ConfigError("no key")))
    server.plays(says(body=written({"items": [loyalty, broken]})), says(body=b"{}"))
    first, second = client.connections()
    assert ("loyalty", "capillary", "Capillary", ("lists.read",), {"a": 1}, None) == (
        first.connection,
        first.adapter,
        first.vendor,
        first.capabilities,
        first.limits,
        first.error,
    )
    assert second.capabilities is None
    assert isinstance(second.error, ConfigError)
    with pytest.raises(UnreadableReply):
        client.connections()


def test_a_body_cut_on_its_way_is_an_error(server: ScriptedServer, client: Client) -> None:
    """Fewer bytes than announced are none."""
    body = written(document())
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    server.otherwise = lambda _: sends(head + body[:-20])
    with pytest.raises(VendorUnavailable):
        client.lookup(CUSTOMER)


@pytest.mark.parametrize(
    ("status", "members", "expected"),
    [
        (401, {"kind": "credentials", "detail": "no such token"}, AuthRejected),
        (403, {"kind": "permission", "detail": "scope lookup is missing"}, PermissionDenied),
        (400, {"kind": "usage", "detail": "no"}, UsageError),
        (404, {"kind": "usage", "detail": "no"}, UnknownConnection),
        (404, {"kind": "not_found", "detail": "no"}, NotFound),
        (409, {"kind": "conflict", "detail": "no"}, Conflict),
        (501, {"kind": "unsupported", "detail": "no"}, Unsupported),
        (502, {"kind": "credentials", "detail": "no", "connection": "loyalty"}, AuthRejected),
        (502, {"kind": "unavailable", "detail": "no"}, VendorUnavailable),
        (503, {"kind": "quota", "detail": "no", "retry_after": 60}, QuotaExhausted),
        (500, {"kind": "internal", "detail": "no"}, CouponhubError),
        (500, {"kind": "brand_new", "detail": "no"}, CouponhubError),
    ],
)
def test_problems_are_the_same_errors(
    server: ScriptedServer,
    client: Client,
    status: int,
    members: dict[str, Any],
    expected: type[CouponhubError],
) -> None:
    """The kind of a problem names the class; its text, where and hint come along."""
    server.otherwise = lambda _: says(status, problem(status, **members, hint="do this"))
    with pytest.raises(CouponhubError) as caught:
        client.lookup(CUSTOMER)
    assert expected is type(caught.value)
    assert (members["detail"], "do this") == (caught.value.message, caught.value.hint)
    assert members.get("retry_after") == caught.value.retry_after
    assert caught.value.connection == members.get("connection", server.url.removeprefix("http://"))


def test_a_gateway_too_slow_is_told_as_such(server: ScriptedServer, client: Client) -> None:
    """504 stays 504 for whoever serves this answer on."""
    server.otherwise = lambda _: says(504, problem(504, kind="unavailable", detail="slow"))
    with pytest.raises(VendorUnavailable) as caught:
        client.lookup(CUSTOMER)
    assert caught.value.too_slow


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, AuthRejected),
        (403, PermissionDenied),
        (404, NotFound),
        (429, RateLimited),
        (502, VendorUnavailable),
        (301, UnreadableReply),
    ],
)
def test_what_is_no_problem_is_judged_by_its_status(
    server: ScriptedServer, client: Client, status: int, expected: type[CouponhubError]
) -> None:
    """A proxy in between answers pages; redirects are never followed."""
    server.otherwise = lambda _: says(status, b"<html>", {"Location": f"{server.url}/other"})
    with pytest.raises(expected):
        client.lookup(CUSTOMER)
    assert {"/coupons/v1/lookup"} == set(server.targets)


def test_a_rate_limit_is_not_waited_out(server: ScriptedServer, client: Client) -> None:
    """Whoever asks is waiting; how long it lasts stands in the error."""
    server.otherwise = lambda _: says(503, problem(503, kind="rate_limited"), {"Retry-After": "30"})
    with pytest.raises(RateLimited) as caught:
        client.lookup(CUSTOMER)
    assert 30.0 == caught.value.retry_after
    assert 1 == len(server.seen)


def test_a_silent_server_costs_the_timeout(server: ScriptedServer) -> None:
    """An answer that does not come is an error, in time."""
    server.otherwise = lambda _: is_silent()
    with Client(server.url, timeout=0.2) as client, pytest.raises(VendorUnavailable) as caught:
        client.lookup(CUSTOMER)
    assert caught.value.too_slow


def test_a_server_that_is_not_there_is_named() -> None:
    """The error says where it was looked for, and speaks of no vendor."""
    with Client("http://127.0.0.1:9", timeout=0.5) as client, pytest.raises(VendorUnavailable) as caught:
        client.connections()
    assert str(caught.value).startswith("127.0.0.1:9 connections: the server could not be reached")
    assert "vendor" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://coupons.example.com",
        "ftp://coupons.example.com",
        "coupons.example.com",
        "https://joe:CANARY@coupons.example.com",
        "https://coupons.example.com/?a=b",
        "",
    ],
)
def test_addresses_that_tokens_must_not_travel_to(url: str) -> None:
    """https, or this machine; no credentials, query or fragment."""
    with pytest.raises(ConfigError) as caught:
        Client(url, token=TOKEN)
    assert "CANARY" not in str(caught.value)


def test_a_deadline_has_to_fit_the_timeout(client: Client) -> None:
    """Otherwise the client would give up before the server has."""
    with pytest.raises(UsageError, match="below the client's timeout"):
        client.lookup(CUSTOMER, deadline=2.0)


def test_netrc_and_proxies_of_the_environment_are_passed_over(
    server: ScriptedServer, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """The token is the one that was given, and goes where it was told to."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login joe password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.plays(says(body=written(document())))
    client.lookup(CUSTOMER)
    assert f"Bearer {TOKEN}" == server.seen[0].headers["authorization"]


def test_no_token_is_sent_where_there_is_none(server: ScriptedServer) -> None:
    """A server on this machine asks for none."""
    server.plays(says(body=written({"items": []})))
    with Client(server.url) as client:
        assert () == client.connections()
    assert "authorization" not in server.seen[0].headers


def test_nothing_leaks(server: ScriptedServer, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """Neither logs at DEBUG, nor errors, nor reprs show the token, the customer or a code."""
    caplog.set_level(logging.DEBUG)
    broken = says(body=written(_changed("verdict", TOKEN, "answers") | {"complete": None}))
    server.plays(says(body=written(document())), broken, says(401, TOKEN.encode()), hangs_up())
    answer = client.lookup(CUSTOMER)
    told = [repr(client), repr(vars(client)), repr(vars(client._transport)), repr(answer)]
    for _ in range(3):
        with pytest.raises(CouponhubError) as caught:
            client.lookup(CUSTOMER)
        told += [str(caught.value), repr(vars(caught.value))]
    told += [caplog.text, *(str(vars(record)) for record in caplog.records)]
    assert [] == [text for text in told for canary in (TOKEN, CODE, "9876543210") if canary in text]
    assert "operation=lookup" in caplog.text


def test_a_token_that_is_empty_is_called_that() -> None:
    """As of a variable that is not set; nothing is said of characters that there are not."""
    with pytest.raises(UsageError, match="the token is empty"):
        Client("https://coupons.example.com", token="")
