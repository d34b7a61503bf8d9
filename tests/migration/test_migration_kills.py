"""Migrations whose processes are killed again and again, two at a time; `make torture` does the same at greater size."""

import secrets
from pathlib import Path

import pytest

from tests.torture.migrations import SOURCE, migration_torture
from tests.torture.uploads import Plan

_PATIENCE = 100.0


@pytest.mark.parametrize("target", SOURCE)
def test_each_code_arrives_once_with_its_customer(target: str, tmp_path: Path) -> None:
    """Killed anywhere by applying, working and resuming in turns, one list is made, and it holds what was planned."""
    plan = Plan(vendor=target, parts=12, kills=6, seed=secrets.randbelow(1_000_000), seconds=_PATIENCE)

    with migration_torture(plan, tmp_path) as tortured:
        outcome = tortured.run()

    assert outcome.is_sound, "\n".join([outcome.row, *tortured.said])
