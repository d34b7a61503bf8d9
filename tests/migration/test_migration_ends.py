"""A migration that is killed between two things that it writes down: whoever applies the plan next ends it, and nothing is doubled."""

import secrets
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from tests.kit.processes import started
from tests.kit.sudden_ends import SuddenEnd
from tests.torture.migrations import SOURCE, MigrationTorture, migration_torture
from tests.torture.uploads import Plan, live_by

FILES, PLAN, EVENT, JOB = "KeptMigration.keep", "KeptMigration.keep_plan", "RunLog.write", "Applier.begin"
BEGINNING = (
    SuddenEnd("left", 2, FILES),
    SuddenEnd("entered", 1, PLAN),
    SuddenEnd("left", 1, PLAN),
    SuddenEnd("left", 1, EVENT),
    SuddenEnd("left", 1, JOB),
    SuddenEnd("left", 1, "MigrationWork._create"),
    SuddenEnd("entered", 1, "UploadWork._prepare"),
    SuddenEnd("left", 1, "begin_upload"),
)
"""Job files are kept and the plan is not, the plan and no event, the event and no job, the job and nobody drives it, the list
is made and not written down, an upload is half prepared, or begun and not driven."""
ENDING = (
    SuddenEnd("entered", 1, "SecondLook.look"),
    SuddenEnd("left", 1, "SecondLook.look"),
    SuddenEnd("left", 1, "MigrationWork._look_again"),
)
"""Before and in the second look at the source, and when its event is written and its step is not."""
_RUNS = 30


def applied(tortured: MigrationTorture, end: SuddenEnd | None) -> int:
    """Apply once, with an end where one is chosen; return the exit code."""
    words = tortured.verbs["apply"]
    command = started(*words, folder=tortured.folder, before=partial(live_by, tortured.clock, end))
    ran = command.ended(within=60)
    tortured.said.append(f"{end}: {ran.returncode} {ran.stderr.strip()}")
    return ran.returncode


@pytest.mark.parametrize("target", SOURCE)
def test_killed_between_any_two_things_written_down(target: str, tmp_path: Path) -> None:
    """Each death happens where it was meant to, and at the end the target holds each code, with its customer, once."""
    plan = Plan(vendor=target, parts=6, kills=0, seed=secrets.randbelow(1_000_000), seconds=60.0)
    with migration_torture(plan, tmp_path) as tortured:
        tortured.prepare()
        codes = [applied(tortured, end) for end in BEGINNING]
        assert [-9] * len(BEGINNING) == codes, tortured.said
        for end in ENDING:
            # A wait for the vendor, or an upload that was never prepared, ends a run before.
            assert -9 in (applied(tortured, end) for _ in range(_RUNS)), tortured.said
        assert 0 in (applied(tortured, None) for _ in range(_RUNS)), tortured.said
        assert tortured.wanted == tortured.held, tortured.said
        assert Counter(dict.fromkeys(tortured.given, 1)) == tortured.given, tortured.said
