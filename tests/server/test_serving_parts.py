"""The parts that the server rests on: what /readyz and /metrics say of them, and that a silent one holds up nobody."""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from couponhub import CouponHub
from couponhub.clock import Clock
from couponhub.errors import LocalError
from couponhub.server.metrics import Metrics
from couponhub.server.parts import Parts
from couponhub.state import PartProbe, ReachedPart, Scope
from couponhub.testing import EmulatedVendors
from tests.kit.eventually import eventually
from tests.server.harness import NEIGHBOUR, ServerHarness, opened, problem

PLACE = "cache.internal:6379/0"


def looked_at(part: ReachedPart, look: Callable[[float], None] = lambda _: None) -> PartProbe:
    """A part with that look."""
    return PartProbe(part=part, kind="fake", place=PLACE, look=look)


def gone(_: float) -> None:
    """A part that is away."""
    raise LocalError("cache.internal:6379/0 does not answer")


@contextmanager
def serving(
    vendors: EmulatedVendors, monkeypatch: pytest.MonkeyPatch, *probes: PartProbe, is_draining: bool = False
) -> Iterator[ServerHarness]:
    """The application over a hub that rests on these parts."""
    metrics = Metrics()
    monkeypatch.setattr(CouponHub, "parts", probes)
    with CouponHub.from_config(vendors.config, observer=metrics) as hub:
        yield opened(vendors, hub, metrics, is_draining=lambda: is_draining)


def test_readiness_tells_of_every_part(harness: ServerHarness) -> None:
    """Of each whether it is there, since when, and how long it took to know; as the description of the endpoint has it."""
    document: Any = harness.get("/readyz").json
    assert ("ok", False) == (document["status"], document["degraded"])
    assert [("state", True), ("files", False), ("usage_index", False)] == [
        (one["part"], one["needed"]) for one in document["parts"]
    ]
    assert {("sqlite", True), ("folder", True)} == {(one["kind"], one["ok"]) for one in document["parts"]}
    described: Any = harness.get("/openapi.json").json
    schema = {"$ref": "#/components/schemas/readiness", "components": described["components"]}
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(document)
    assert all(one["seconds"] >= 0 and one["since"] for one in document["parts"])


def test_strangers_learn_no_place(harness: ServerHarness) -> None:
    """Only who asks from this machine, or has the scope that reads figures: a load balancer needs none of it."""

    def places(token: str | None = None, **more: Any) -> set[str | None]:
        document: Any = harness.get("/readyz", token, **more).json
        return {one["place"] for one in document["parts"]}

    database = str(harness.hub.config.store.path)
    assert {None} == places() == places("chub_x_y") == places(harness.token(Scope.LOOKUP))
    assert database in places(harness.token(Scope.ADMIN))
    assert database in places(environ_base=NEIGHBOUR)
    assert {None} == places(environ_base=NEIGHBOUR, headers={"X-Forwarded-For": "192.0.2.1"})


def test_without_the_state_nothing_is_served(
    vendors: EmulatedVendors, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """503, with the parts; the log says why, once, and callers are not told."""
    caplog.set_level(logging.WARNING)
    probes = (looked_at(ReachedPart.STATE, gone), looked_at(ReachedPart.SHARED))
    with serving(vendors, monkeypatch, *probes) as harness:
        for _ in range(3):
            answer = harness.get("/readyz")
            told = problem(answer, 503, "local")
            assert [False, True] == [one["ok"] for one in told["parts"]]
            assert "cache.internal" not in answer.text
            assert answer.headers["Retry-After"].isdigit()
            assert 200 == harness.get("/healthz").status_code
    assert 1 == caplog.text.count("the part state cannot be reached: cache.internal:6379/0 does not answer")


@pytest.mark.parametrize("part", [ReachedPart.SHARED, ReachedPart.FILES, ReachedPart.USAGE_INDEX])
def test_without_another_part_it_goes_on(
    vendors: EmulatedVendors, monkeypatch: pytest.MonkeyPatch, part: ReachedPart
) -> None:
    """200, for lookups are answered; it says that something is away."""
    with serving(vendors, monkeypatch, looked_at(ReachedPart.STATE), looked_at(part, gone)) as harness:
        answer = harness.get("/readyz")
        document: Any = answer.json
        assert (200, "ok", True) == (answer.status_code, document["status"], document["degraded"])
        assert [True, False] == [one["ok"] for one in document["parts"]]


def test_a_server_that_drains_says_so(vendors: EmulatedVendors, monkeypatch: pytest.MonkeyPatch) -> None:
    """/readyz alone refuses, so that a balancer sends nobody any more."""
    with serving(vendors, monkeypatch, looked_at(ReachedPart.STATE), is_draining=True) as harness:
        told = problem(harness.get("/readyz"), 503, "local")
        assert told["draining"] is True
        assert "draining" in told["detail"]
        assert 200 == harness.get("/healthz").status_code
        assert 200 == harness.lookup(harness.token(Scope.LOOKUP)).status_code


def test_figures_tell_which_parts_are_up(vendors: EmulatedVendors, monkeypatch: pytest.MonkeyPatch) -> None:
    """One figure for each part, with no other label."""
    probes = (looked_at(ReachedPart.STATE), looked_at(ReachedPart.SHARED, gone))
    with serving(vendors, monkeypatch, *probes) as harness:
        shown = harness.get("/metrics", environ_base=NEIGHBOUR).text
        assert ['couponhub_part_up{part="state"} 1.0', 'couponhub_part_up{part="shared"} 0.0'] == re.findall(
            r"^couponhub_part_up.*$", shown, re.MULTILINE
        )
        assert 2 == len(re.findall(r"^couponhub_part_look_seconds\{part=\"\w+\"\} ", shown, re.MULTILINE))


def test_a_silent_part_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at once at a time, what was seen before holds for a while, and then it counts as away."""
    now, looks, go_on, is_silent = [0.0], [0], threading.Event(), [False]

    def look(_: float) -> None:
        looks[0] += 1
        if is_silent[0]:
            go_on.wait(30)

    monkeypatch.setattr("couponhub.server.parts._WAIT_SECONDS", 0.01)
    parts = Parts(
        [looked_at(ReachedPart.STATE, look), looked_at(ReachedPart.SHARED)],
        clock=Clock(monotonic=lambda: now[0]),
    )

    def seen_as(*wanted: bool) -> bool:
        return [*wanted] == [one.is_up for one in parts.standings()]

    eventually(partial(seen_as, True, True), "the first looks")
    is_silent[0], now[0] = True, 5.0
    assert seen_as(True, True)
    before = looks[0]
    now[0] = 9.0
    assert seen_as(True, True)
    now[0] = 10.1
    eventually(partial(seen_as, False, True), "the silent part to count as away")
    assert before == looks[0]
    go_on.set()
    eventually(partial(seen_as, True, True), "the part to be back")


def test_nothing_is_ready_before_the_first_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of which nothing is known yet is not taken for one that is there."""
    go_on = threading.Event()
    monkeypatch.setattr("couponhub.server.parts._WAIT_SECONDS", 0.01)

    def look(_: float) -> None:
        go_on.wait(30)

    parts = Parts([looked_at(ReachedPart.STATE, look)])
    (standing,) = parts.standings()
    go_on.set()
    assert (False, None) == (standing.is_up, standing.since)


def test_a_store_that_breaks_and_comes_back(
    harness: ServerHarness, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in its place that is no database is noticed, though the one that is open still answers."""
    monkeypatch.setattr("couponhub.server.parts._FRESH_SECONDS", 0.0)
    caplog.set_level(logging.INFO)
    harness.token(Scope.LOOKUP)
    assert 200 == harness.get("/readyz").status_code
    path = Path(harness.hub.config.store.path)
    kept = path.rename(path.with_suffix(".kept"))
    path.write_bytes(b"no database" * 1000)
    told = problem(harness.get("/readyz"), 503, "local")
    assert "the store cannot be used" == told["detail"]
    assert str(path) not in json.dumps(told)
    kept.replace(path)
    assert 200 == harness.get("/readyz").status_code
    assert "the part state can be reached again" in caplog.text
