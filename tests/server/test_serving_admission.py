"""Who is let in, and how much at once: nobody takes the last thread, and no body costs more than another."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from couponhub import CouponHub
from couponhub.clock import Clock
from couponhub.errors import RateLimited
from couponhub.models import LookupAnswer
from couponhub.server.admission import Gate
from couponhub.server.auth import Principal
from couponhub.server.bounds import LONGEST_TEXT, MOST_CUSTOMERS, MOST_ITEMS
from couponhub.server.health import Health
from couponhub.server.operations import OperationRequest
from couponhub.server.parts import Parts
from couponhub.state import Scope
from couponhub.testing import EmulatedVendors
from tests.server.harness import MOBILE, NEIGHBOUR, ServerHarness, opened, problem

CUSTOMER = {"mobile": MOBILE}


def held(gate: Gate, who: str) -> int:
    """As many requests as it gets in, one after the other, which all stay."""
    count = 0
    try:
        while True:
            gate.enter(who)
            count += 1
    except RateLimited:
        return count


def test_nobody_takes_the_last_thread() -> None:
    """Alone a token gets four fifths, the next one that wants all it can get four fifths of the rest, and so on."""
    gate = Gate(threads=125)
    assert [100, 20, 4] == [held(gate, who) for who in ("a", "b", "c")]
    for _ in range(100):
        gate.leave("a")
    assert 81 == held(gate, "d")


def test_batches_are_held_to_less() -> None:
    """Alone a token gets half of them, for each waits for its reader, and asks with threads of its own."""
    gate = Gate(streams=10)
    for _ in range(5):
        gate.begin_stream("a")
    with pytest.raises(RateLimited):
        gate.begin_stream("a")
    gate.begin_stream("b")
    gate.end_stream("a")
    gate.begin_stream("a")


def test_that_somebody_found_no_room_is_known_for_a_while() -> None:
    """Bodies have less time then."""
    now = [100.0]
    gate = Gate(threads=1, clock=Clock(monotonic=lambda: now[0]))
    assert not gate.has_refused(2)
    assert 1 == held(gate, "a")
    now[0] = 101.5
    assert gate.has_refused(2)
    now[0] = 102.5
    assert not gate.has_refused(2)


@pytest.fixture
def small(vendors: EmulatedVendors, harness: ServerHarness) -> ServerHarness:
    """An application with room for five requests, of which one token gets four."""
    return opened(vendors, harness.hub, harness.metrics, gate=Gate(threads=5, streams=2))


@contextmanager
def waiting(harness: ServerHarness, token: str, count: int) -> Iterator[list[int]]:
    """So many lookups that wait for as long as the block lasts; the statuses that they come to."""
    began, go_on = threading.Semaphore(0), threading.Event()
    lookup = CouponHub.lookup
    statuses: list[int] = []

    def held(*given: Any, **named: Any) -> LookupAnswer:
        began.release()
        go_on.wait(60)
        return lookup(*given, **named)

    def ask(number: int) -> None:
        asked = harness.lookup(token, customer={"mobile": f"9187654321{number:02}"}, deadline=20)
        statuses.append(asked.status_code)

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(count)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CouponHub, "lookup", held)
        for one in asking:
            one.start()
        for _ in asking:
            assert began.acquire(timeout=60)
        yield statuses
        go_on.set()
        for one in asking:
            one.join()


def test_others_are_served_while_one_token_waits(small: ServerHarness) -> None:
    """Its next request is told at once when to come back; another token, health and the neighbours are served."""
    busy, calm = (small.token(Scope.LOOKUP, Scope.LISTS_READ) for _ in range(2))
    with waiting(small, busy, 4) as statuses:
        refused = small.lookup(busy)
        assert "too many requests" in problem(refused, 503, "rate_limited")["detail"]
        assert ("1", "close") == (refused.headers["Retry-After"], refused.headers["Connection"])
        assert 200 == small.get("/v1/connections", calm).status_code
        assert [200, 200] == [small.get(path).status_code for path in ("/healthz", "/readyz")]
        assert 200 == small.get("/metrics", environ_base=NEIGHBOUR).status_code
    assert [200] * 4 == statuses
    assert 200 == small.lookup(busy).status_code


def test_a_batch_holds_its_place_until_it_is_read(small: ServerHarness) -> None:
    """Or until its reader goes away."""
    token = small.token(Scope.LOOKUP)
    body = {"customers": [CUSTOMER] * 3, "connections": ["capillary"]}
    unread = small.post("/v1/lookup/batch", body, token, buffered=False)
    problem(small.post("/v1/lookup/batch", body, token), 503, "rate_limited")
    assert 200 == small.lookup(token).status_code
    unread.close()
    assert 3 == len(small.post("/v1/lookup/batch", body, token).text.splitlines())


def test_a_batch_of_which_nothing_is_taken_gives_its_place_back(small: ServerHarness) -> None:
    """A reader may be gone before the first piece, so that nothing was begun which could end."""
    token = small.token(Scope.LOOKUP)
    body: Any = {"customers": [CUSTOMER] * 3, "connections": ["capillary"]}
    environ = EnvironBuilder(
        path="/v1/lookup/batch",
        method="POST",
        json=body,
        headers=[("Authorization", f"Bearer {token}")],
        environ_base=NEIGHBOUR,
    ).get_environ()
    application: Any = small.client.application
    for _ in range(6):
        pieces = application(environ, lambda *_: None)
        pieces.close()
        environ["wsgi.input"].seek(0)
    assert 3 == len(small.post("/v1/lookup/batch", body, token).text.splitlines())
    assert [200] * 7 == [line["status"] for line in small.logged()]


def test_places_are_given_back(small: ServerHarness) -> None:
    """Whatever becomes of requests: more are refused than there are places, and then all are there again."""
    token = small.token(Scope.LOOKUP)
    for _ in range(6):
        problem(small.post("/v1/lookup", {}, token), 400, "usage")
        problem(small.post("/v1/lookup/batch", {"customers": []} | {"x": 1}, token), 400, "usage")
        problem(small.post("/v1/lookup", {}, token, content_type="text/plain"), 415, "usage")
    with waiting(small, token, 4) as statuses:
        pass
    assert [200] * 4 == statuses


def test_readiness_waits_for_nobody(harness: ServerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks while somebody else is looking is told what was found before: a slow disk holds one thread."""
    clock = Clock(monotonic=lambda: 0.0)
    (_, ready) = Health(harness.hub, Parts(()), is_draining=lambda: False, clock=clock).operations()
    go_on, looking = threading.Event(), threading.Event()

    def slow(_: CouponHub) -> Iterator[str]:
        looking.set()
        go_on.wait(30)
        return iter(())

    monkeypatch.setattr(CouponHub, "__iter__", slow)
    first = threading.Thread(target=lambda: ready.run(OperationRequest(caller=Principal())))
    first.start()
    looking.wait(30)
    with pytest.raises(Exception, match="still being looked"):
        ready.run(OperationRequest(caller=Principal()))
    go_on.set()
    first.join()
    assert 200 == ready.run(OperationRequest(caller=Principal())).status


LONG = "1" * (LONGEST_TEXT + 1)
TOO_MUCH: dict[str, tuple[str, Any, str]] = {
    "customers": (
        "/batch",
        {"customers": [CUSTOMER] * (MOST_CUSTOMERS + 1)},
        "customers: at most 1000 items",
    ),
    "connections": (
        "",
        {"customer": CUSTOMER, "connections": ["x"] * (MOST_ITEMS + 1)},
        "connections: at most",
    ),
    "status": (
        "",
        {"customer": CUSTOMER, "status": ["active"] * (MOST_ITEMS + 1)},
        "status: at most 100 items",
    ),
    "an identifier": ("", {"customer": {"mobile": LONG}}, "customer.mobile: at most 256 characters"),
    "one of many": ("/batch", {"customers": [CUSTOMER, {"email": LONG}]}, "customers[1].email: at most 256"),
    "a name": ("", {"customer": CUSTOMER, "connections": [LONG]}, "connections[0]: at most 256 characters"),
    "a key": ("", {"customer": CUSTOMER, LONG: 1}, "the body: a key has more than 256 characters"),
    "keys": ("", {"customer": {str(number): "1" for number in range(40)}}, "customer: at most 8 keys"),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_what_is_too_much_is_named(harness: ServerHarness, what: str) -> None:
    """With the limit, and without what it was."""
    path, body, detail = TOO_MUCH[what]
    refused = problem(harness.post(f"/v1/lookup{path}", body, harness.token(Scope.LOOKUP)), 400, "usage")
    assert refused["detail"].startswith(detail)
    assert LONG not in json.dumps(refused)


def test_as_many_as_may_be_are_answered(harness: ServerHarness) -> None:
    """The limit itself is within."""
    body = {"customers": [CUSTOMER] * MOST_CUSTOMERS, "connections": ["capillary"]}
    answer = harness.post("/v1/lookup/batch", body, harness.token(Scope.LOOKUP))
    assert MOST_CUSTOMERS == len(answer.text.splitlines())


def test_each_customer_of_a_batch_counts(harness: ServerHarness, vendors: EmulatedVendors) -> None:
    """What is more than the limit lets through is owed, up to a minute's worth; other tokens owe nothing."""
    slow = opened(vendors, harness.hub, harness.metrics, rate_limit=1)
    token, calm = harness.token(Scope.LOOKUP), harness.token(Scope.LOOKUP)

    def batch(count: int, token: str) -> Any:
        return slow.post(
            "/v1/lookup/batch", {"customers": [CUSTOMER] * count, "connections": ["capillary"]}, token
        )

    assert 200 == batch(40, token).status_code
    refused = batch(1, token)
    problem(refused, 429, "rate_limited")
    assert 30 < int(refused.headers["Retry-After"]) <= 40
    assert "at most 60 items" in problem(batch(61, calm), 400, "usage")["detail"]


def test_a_small_batch_passes_any_rate(harness: ServerHarness, vendors: EmulatedVendors) -> None:
    """As many as the client of ours asks about together."""
    slow = opened(vendors, harness.hub, harness.metrics, rate_limit=0.1)
    body = {"customers": [CUSTOMER] * 16, "connections": ["capillary"]}
    assert 200 == slow.post("/v1/lookup/batch", body, harness.token(Scope.LOOKUP)).status_code


@pytest.mark.parametrize(
    ("path", "token", "more"),
    [
        ("/v1/lookup", None, {}),
        ("/v1/lookup", "lists:read", {}),
        ("/v1/lookup", "lookup", {"content_type": "text/plain"}),
        ("/v1/callbacks/x", None, {}),
        ("/nowhere", None, {}),
    ],
)
def test_an_unread_body_ends_its_connection(
    harness: ServerHarness, path: str, token: str | None, more: dict[str, Any]
) -> None:
    """And says so: who goes on using it would lose the next answer."""
    given = token and harness.token(Scope(token))
    assert "close" == harness.post(path, {"customer": CUSTOMER}, given, **more).headers.get("Connection")


def test_a_body_that_was_read_keeps_its_connection(harness: ServerHarness) -> None:
    """Whether or not anything could be made of it; so does a request that has none."""
    token = harness.token(Scope.LOOKUP)
    answers = [harness.lookup(token), harness.post("/v1/lookup", {}, token), harness.get("/healthz")]
    assert [200, 400, 200] == [answer.status_code for answer in answers]
    assert [None] * 3 == [answer.headers.get("Connection") for answer in answers]
