"""What a vendor says of its rate limits is heeded, in whatever form, and nonsense is no word at all."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from couponhub.errors import RateLimited
from tests.faults.fault_harness import FaultHarness, PacedClock, fault_harness_of
from tests.faults.mishaps import (
    GARBLED_RESET,
    HOUR,
    RATE_LIMITS,
    RESET_IN_3_S,
    RESET_IN_AN_HOUR,
    RESET_LONG_AGO,
    RETRY_AT_A_DATE,
    Mishap,
)
from tests.faults.operations import PATIENCE, codes_of

VENDORS = ("moengage", "capillary")
ON_EACH = pytest.mark.parametrize("vendor", VENDORS)
SLACK = 2.0
"""Seconds that pass while one test runs, and that dates without fractions lose."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], AbstractContextManager[FaultHarness]]:
    """Open a harness whose hub counts rate limits, as it does when nobody says otherwise."""
    paced = PacedClock()
    paced.rule(monkeypatch)

    @contextmanager
    def opened(vendor: str) -> Iterator[FaultHarness]:
        with fault_harness_of(vendor, paced, limits={}) as faulty:
            faulty.connection.check()  # so that a sign-in is not what is refused
            paced.pauses.clear()
            faulty.harness.server.app.recorder.clear()
            yield faulty

    return opened


@pytest.mark.parametrize(
    ("mishap", "least", "most"),
    [
        (RESET_IN_3_S, 3 - SLACK, 3.0),
        (RETRY_AT_A_DATE, 3 - SLACK, 3.0),
        (RESET_LONG_AGO, 0.0, 0.0),
        (GARBLED_RESET, 0.0, 0.0),
    ],
    ids=lambda value: getattr(value, "name", value),
)
@ON_EACH
def test_a_short_wait_is_waited_out(
    opened: Callable[[str], AbstractContextManager[FaultHarness]],
    vendor: str,
    mishap: Mishap,
    least: float,
    most: float,
) -> None:
    """One refusal is waited out as long as was asked for, and the answer comes; the past and nonsense ask for nothing."""
    with opened(vendor) as faulty:
        faulty.spoil(mishap, 1)
        list(faulty.connection.lists.iterate())
        assert 1 == faulty.mend()
        assert least <= sum(faulty.paced.pauses) <= most


@ON_EACH
def test_a_long_wait_is_told(
    opened: Callable[[str], AbstractContextManager[FaultHarness]], vendor: str
) -> None:
    """An hour is not waited out: the caller is told how long, and until then the vendor is left in peace."""
    with opened(vendor) as faulty:
        faulty.spoil(RESET_IN_AN_HOUR, None)
        for _ in range(3):
            with pytest.raises(RateLimited) as caught:
                list(faulty.connection.lists.iterate())
            assert caught.value.retry_after is not None
            assert HOUR - 60 <= caught.value.retry_after <= HOUR
        asked = faulty.mend()
        assert [] == faulty.paced.pauses
        assert 1 == asked
        left = faulty.connection.quota_left()
        assert bool(left) is (vendor == "moengage")  # of Capillary's limits nobody knows any
        assert all(count >= 0 for count in left.values())


@pytest.mark.parametrize("mishap", RATE_LIMITS, ids=lambda mishap: mishap.name)
@ON_EACH
def test_an_upload_comes_through(
    opened: Callable[[str], AbstractContextManager[FaultHarness]], vendor: str, mishap: Mishap
) -> None:
    """A refused submission is nowhere, so that it is repeated as soon as that is allowed, and arrives once."""
    with opened(vendor) as faulty:
        list_id, codes = faulty.harness.create_list("Patient").id, codes_of(faulty, 3)
        faulty.spoil(mishap, 1, "POST */files" if vendor == "moengage" else "POST *upload*")
        upload = faulty.connection.uploads.send(
            list_id, codes, wait=True, timeout=2 * HOUR if mishap is RESET_IN_AN_HOUR else PATIENCE
        )
        assert 1 == faulty.mend()
        assert ("done", 3) == (upload.status, upload.accepted)
        assert dict.fromkeys(codes, 1) == faulty.held(list_id)
        assert 1 == len(faulty.files(list_id, str(upload.name)))
