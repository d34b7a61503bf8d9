"""What is wrong on the server's machine is told in its log, and to nobody who asks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from couponhub import CouponHub
from couponhub.connection import Connection
from couponhub.errors import ConfigError, CouponhubError, LocalError
from couponhub.models import LookupAnswer
from couponhub.server.app import make_app
from couponhub.state import Scope, StoreSettings, open_state
from couponhub_capillary.adapter import CapillaryAdapter
from tests.server.harness import MOBILE, STRANGER, ServerHarness, problem

SECRET = "/srv/coupons/inner.db"
ERRORS = [LocalError, ConfigError]
ASKED = {"customer": {"mobile": MOBILE}, "connections": ["capillary"]}


def failing(cls: type[CouponhubError]) -> CouponhubError:
    """Such an error, which names a file in its text and in its hint."""
    return cls(f"the file {SECRET} is broken", hint=f"look at {SECRET}")


def told_to_the_log_alone(answer: TestResponse, log: str) -> None:
    """Check who was told what."""
    assert SECRET not in answer.text
    assert f"the file {SECRET} is broken (look at {SECRET})" in log


def test_a_store_that_cannot_be_used_is_a_503_to_who_calls_back(
    harness: ServerHarness, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A vendor will call again; a stranger, who needs no token here, learns nothing of where the store lies."""
    place = tmp_path / "state.db"
    place.write_bytes(b"no database " * 1000)
    callbacks = open_state(StoreSettings(url=f"sqlite:///{place.as_posix()}")).callbacks
    app = make_app(harness.hub, harness.access, callbacks, metrics=harness.metrics, log=harness.log)
    answer = Client(app).post("/v1/callbacks/anything", environ_base=STRANGER)
    problem(answer, 503, "local")
    assert "Retry-After" in answer.headers
    assert str(tmp_path) not in answer.text
    assert str(place) in caplog.text


@pytest.mark.parametrize("cls", ERRORS)
def test_a_problem_tells_no_path(
    harness: ServerHarness,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    cls: type[CouponhubError],
) -> None:
    """A lookup that cannot even begin is a problem of that kind, and says where to look."""

    def fails(*_: Any, **__: Any) -> None:
        raise failing(cls)

    monkeypatch.setattr(CouponHub, "lookup", fails)
    answer = harness.post("/v1/lookup", ASKED, harness.token(Scope.LOOKUP))
    document = problem(answer, 400, cls.kind)
    assert "the server's log says what it is" == document["hint"]
    told_to_the_log_alone(answer, caplog.text)


WHO = {"mobile": "919800000077"}
QUESTIONS: dict[str, dict[str, Any]] = {
    "/v1/lookup": {"customer": WHO},
    "/v1/lookup/batch": {"customers": [WHO]},
}


@pytest.mark.parametrize("path", QUESTIONS)
@pytest.mark.parametrize("cls", ERRORS)
def test_an_answer_tells_no_path(
    harness: ServerHarness,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    cls: type[CouponhubError],
    path: str,
) -> None:
    """Where one connection cannot tell, its kind and the connection stay; those who see codes learn no more."""

    def fails(*_: Any, **__: Any) -> None:
        raise failing(cls)

    monkeypatch.setattr(CapillaryAdapter, "customer_coupons", fails)
    for scopes in ([Scope.LOOKUP], [Scope.LOOKUP, Scope.CODES_REVEAL]):
        asked = {**QUESTIONS[path], "connections": ["capillary"]}
        answer = harness.post(path, asked, harness.token(*scopes))
        assert 200 == answer.status_code
        assert f'"kind":"{cls.kind}"' in answer.text
        assert '"connection":"capillary"' in answer.text
        told_to_the_log_alone(answer, caplog.text)
        caplog.clear()


@pytest.mark.parametrize("cls", ERRORS)
def test_a_batch_that_breaks_off_tells_no_path(
    harness: ServerHarness,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    cls: type[CouponhubError],
) -> None:
    """Its last line has the kind alone."""

    def breaks_off(hub: CouponHub, customers: Any, *_: Any, **__: Any) -> Iterator[LookupAnswer]:
        yield hub.lookup(customers[0], connections=["capillary"])
        raise failing(cls)

    monkeypatch.setattr(CouponHub, "lookup_many", breaks_off)
    asked = {"customers": [{"mobile": MOBILE}, {"mobile": MOBILE}]}
    answer = harness.post("/v1/lookup/batch", asked, harness.token(Scope.LOOKUP))
    last = answer.text.splitlines()[-1]
    assert last.startswith(f'{{"error":{{"kind":"{cls.kind}"')
    told_to_the_log_alone(answer, caplog.text)


def test_a_connection_that_cannot_be_opened_tells_no_path(
    harness: ServerHarness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The list of connections says that it is wrong, and the log why."""

    def fails(_: CouponHub, __: str) -> Connection:
        raise failing(ConfigError)

    monkeypatch.setattr(CouponHub, "__getitem__", fails)
    answer = harness.get("/v1/connections", harness.token(Scope.LISTS_READ))
    assert answer.json is not None
    assert {"config"} == {one["error"]["kind"] for one in answer.json["items"]}
    told_to_the_log_alone(answer, caplog.text)


@pytest.mark.parametrize("cls", ERRORS)
def test_a_listing_that_breaks_off_tells_no_path(
    harness: ServerHarness,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    cls: type[CouponhubError],
) -> None:
    """What could be read comes, with the kind of what ended it."""
    lists = harness.hub["moengage"].lists
    first = next(iter(lists.iterate()))

    def breaks_off(*_: Any, **__: Any) -> Iterator[Any]:
        yield first
        raise failing(cls)

    monkeypatch.setattr(type(lists), "iterate", breaks_off)
    answer = harness.get("/v1/connections/moengage/lists", harness.token(Scope.LISTS_READ))
    assert answer.json is not None
    assert (1, cls.kind) == (len(answer.json["items"]), answer.json["error"]["kind"])
    told_to_the_log_alone(answer, caplog.text)
