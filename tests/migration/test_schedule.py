"""The moments at which batches can have gone, told from counts and both vendors' limits."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import attrs
import pytest

from couponhub.capabilities import Capabilities
from couponhub.connection import Connection
from couponhub.migration.batches import BatchFile
from couponhub.migration.schedule import schedule_of

NOW = datetime(2026, 11, 29, tzinfo=UTC)


@attrs.frozen
class FakeConnection:
    """A connection with limits, and what is left of them."""

    limits: Mapping[str, int]
    left: Mapping[str, int] = attrs.field(factory=dict)

    @property
    def capabilities(self) -> Capabilities:
        """No more than its limits."""
        return Capabilities(supported=frozenset(), limits=self.limits)

    def quota_left(self) -> Mapping[str, int]:
        """Tell what is left now."""
        return self.left


def batch(parts: int) -> BatchFile:
    """A batch that becomes so many vendor files."""
    return BatchFile(
        kind="free",
        identifier=None,
        path=Path("x"),
        rows=parts,
        parts=parts,
        bytes=parts,
        fingerprint="1:0:0",
        codes=(),
    )


@pytest.mark.parametrize(
    ("limits", "left", "parts", "waits"),
    [
        ({}, {}, (9, 9), (timedelta(0), timedelta(0))),
        ({"upload_per_day": 50}, {}, (50, 1), (timedelta(0), timedelta(days=1))),
        (
            {"upload_per_day": 50},
            {"upload_per_day": 10},
            (11, 49, 1),
            (timedelta(days=1), timedelta(days=1), timedelta(days=2)),
        ),
        ({"upload_per_minute": 5, "upload_per_day": 0}, {}, (5, 6), (timedelta(0), timedelta(minutes=2))),
        ({"calls_per_minute": 100}, {"calls_per_minute": 0}, (1,), (timedelta(minutes=1),)),
        (
            {"upload_per_minute": 5, "upload_per_day": 50},
            {},
            (200, 1),
            (timedelta(days=3), timedelta(days=4)),
        ),
    ],
)
def test_batches_go_as_the_limits_of_the_target_let_them(
    limits: Mapping[str, int], left: Mapping[str, int], parts: tuple[int, ...], waits: tuple[timedelta, ...]
) -> None:
    """One after the other, beginning with what is left now; a limit of 0 is none."""
    target = cast("Connection", FakeConnection(limits, left))
    source = cast("Connection", FakeConnection({}))
    found = schedule_of([batch(one) for one in parts], source, target, customers=0, now=NOW)
    assert [NOW + wait for wait in waits] == [one.ends_at for one in found.batches]
    assert found.ends_at == found.batches[-1].ends_at
    assert [*range(1, len(parts) + 1)] == [one.number for one in found.batches]


def test_customers_are_asked_once_more_after_the_last_batch() -> None:
    """Under the limits of the source, which have begun anew by then."""
    source = cast("Connection", FakeConnection({"calls_per_minute": 100}, {"calls_per_minute": 0}))
    target = cast("Connection", FakeConnection({"upload_per_day": 1}))
    found = schedule_of([batch(2)], source, target, customers=1000, now=NOW)
    assert NOW + timedelta(days=1) == found.batches[0].ends_at
    assert NOW + timedelta(days=1, minutes=9) == found.ends_at
    assert 540 == found.asking


def test_nothing_to_send_ends_now() -> None:
    """There is no batch to wait for."""
    quiet = cast("Connection", FakeConnection({"upload_per_day": 1}, {"upload_per_day": 0}))
    assert NOW == schedule_of([], quiet, quiet, customers=0, now=NOW).ends_at
