"""Uploads whose processes are killed again and again, two at a time; `make torture` does the same at ten times the size."""

import secrets
from pathlib import Path

import pytest

from tests.torture.uploads import VENDORS, Plan, torture

_PATIENCE = 100.0


@pytest.mark.parametrize("vendor", VENDORS)
def test_nothing_is_lost_or_doubled(vendor: str, tmp_path: Path) -> None:
    """Killed anywhere by sending, working and resuming in turns, each code is at the vendor once and was given to it once."""
    plan = Plan(vendor=vendor, parts=16, kills=8, seed=secrets.randbelow(1_000_000), seconds=_PATIENCE)

    with torture(plan, tmp_path) as tortured:
        outcome = tortured.run()

    assert outcome.is_sound, "\n".join([outcome.row, *tortured.said])
