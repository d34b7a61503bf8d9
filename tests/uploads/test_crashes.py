"""Whatever kills a sender, the next one finds out what the vendor holds, and every code arrives once."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import attrs
import pytest

from couponhub.errors import Conflict
from couponhub.models import Part, UploadStatus
from couponhub.state import UploadRecord
from couponhub.state.sqlite.ledger import SqliteLedger
from tests.state.kit import codes_of
from tests.uploads.harness import LIST, UploadHarness, assert_balanced
from tests.uploads.vendors import FileVendor, Killed, StoredFile

FIVE = ["A1", "B2", "C3", "D4", "E5"]
TRANSITIONS = 7  # one begin, and for each of three parts: submitting, submitted


class DyingLedger(SqliteLedger):
    """A ledger whose process dies at a transition: before it is written, or right after."""

    countdown = TRANSITIONS
    written = False

    def begin(
        self, upload: UploadRecord, codes: Any = (), files: Any = (), rows: Path | None = None
    ) -> UploadRecord:
        """See `SqliteLedger.begin`."""
        return self._die_around(lambda: SqliteLedger.begin(self, upload, codes, files, rows))

    def mark_submitting(self, upload: UploadRecord, number: int) -> UploadRecord:
        """See `SqliteLedger.mark_submitting`."""
        return self._die_around(lambda: SqliteLedger.mark_submitting(self, upload, number))

    def mark_submitted(self, upload: UploadRecord, number: int, part: Part) -> UploadRecord:
        """See `SqliteLedger.mark_submitted`."""
        return self._die_around(lambda: SqliteLedger.mark_submitted(self, upload, number, part))

    def _die_around(self, write: Any) -> UploadRecord:
        dies = self.countdown == 0
        type(self).countdown -= 1
        if dies and not self.written:
            raise Killed
        record: UploadRecord = write()
        if dies:
            raise Killed
        return record


@attrs.define
class DyingVendor(FileVendor):
    """A vendor that has the file when the sender dies."""

    def take(self, file: StoredFile) -> Part:
        """Take it, and let the sender die."""
        part = FileVendor.take(self, file)
        if len(self.files) == self.polls_needed:
            raise Killed
        return part


def assert_nothing_lost(harness: UploadHarness, *, asked_first: bool) -> None:
    """Send the same batch after a crash, perhaps after looking at it, and find every code once."""
    harness.clock.sleep(31 if asked_first else 0)
    if asked_first:
        for record in harness.ledger().of_list(LIST):
            upload = harness.uploads.show(LIST, record.id)
            assert_balanced(upload)
            assert UploadStatus.UNKNOWN != upload.status
    with contextlib.suppress(Conflict):
        harness.uploads.send(LIST, FIVE)

    assert FIVE == harness.vendor.codes
    with pytest.raises(Conflict):
        harness.uploads.send(LIST, FIVE)
    assert FIVE == sorted(codes_of(harness.ledger().history(LIST).sent))


@pytest.mark.parametrize("asked_first", [False, True])
@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("transition", range(TRANSITIONS))
def test_death_around_any_transition(
    harness: UploadHarness, monkeypatch: pytest.MonkeyPatch, transition: int, written: bool, asked_first: bool
) -> None:
    """Before or after each thing that is written down."""
    monkeypatch.setattr(DyingLedger, "countdown", transition)
    monkeypatch.setattr(DyingLedger, "written", written)
    with pytest.raises(Killed):
        attrs.evolve(harness, ledger_kind=DyingLedger).uploads.send(LIST, FIVE)

    assert_nothing_lost(harness, asked_first=asked_first)


def test_death_while_an_earlier_one_is_taken_over(
    harness: UploadHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the new upload is written down, a worker goes on with the one before; nothing waits for a third call."""
    for transition, written in ((0, True), (0, False)):
        monkeypatch.setattr(DyingLedger, "countdown", transition)
        monkeypatch.setattr(DyingLedger, "written", written)
        with pytest.raises(Killed):
            attrs.evolve(harness, ledger_kind=DyingLedger).uploads.send(LIST, FIVE)

    for job in harness.jobs().all():
        harness.driver.drive(job.id)
    assert FIVE == harness.vendor.codes


@pytest.mark.parametrize("asked_first", [False, True])
@pytest.mark.parametrize("part", [1, 2, 3])
def test_death_while_the_vendor_takes_a_part(harness: UploadHarness, part: int, asked_first: bool) -> None:
    """The vendor has it, and nobody was told."""
    with pytest.raises(Killed):
        attrs.evolve(harness, vendor=DyingVendor(files=harness.vendor.files, polls_needed=part)).uploads.send(
            LIST, FIVE
        )

    assert part == len(harness.vendor.files)
    assert_nothing_lost(harness, asked_first=asked_first)


def test_part_in_doubt_stays_unknown_until_absence_counts(
    harness: UploadHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too soon after it may have been sent, nobody says that it was not."""
    monkeypatch.setattr(DyingLedger, "countdown", 1)
    monkeypatch.setattr(DyingLedger, "written", True)
    with pytest.raises(Killed):
        attrs.evolve(harness, ledger_kind=DyingLedger).uploads.send(LIST, FIVE[:2])
    (record,) = harness.ledger().of_list(LIST)

    harness.clock.sleep(29)
    assert (UploadStatus.UNKNOWN, 2) == _seen(harness, record)
    harness.clock.sleep(1)
    assert (UploadStatus.PENDING, 0) == _seen(harness, record)


def test_part_in_doubt_stays_unknown_while_its_sender_lives(
    harness: UploadHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large file may take longer to send than absence takes to count."""
    monkeypatch.setattr(DyingLedger, "countdown", 1)
    monkeypatch.setattr(DyingLedger, "written", True)
    with pytest.raises(Killed):
        attrs.evolve(harness, ledger_kind=DyingLedger).uploads.send(LIST, FIVE[:2])
    (record,) = harness.ledger().of_list(LIST)
    harness.clock.sleep(3600)

    with harness.ledger().list_lock(LIST, timeout=0):
        assert (UploadStatus.UNKNOWN, 2) == _seen(harness, record)
    assert (UploadStatus.PENDING, 0) == _seen(harness, record)


def test_clock_set_back_does_not_prolong_the_wait(
    harness: UploadHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part in doubt that seems to be sent tomorrow is waited for as long as any other."""
    monkeypatch.setattr(DyingLedger, "countdown", 1)
    monkeypatch.setattr(DyingLedger, "written", True)
    harness.clock.passed = 86_400
    with pytest.raises(Killed):
        attrs.evolve(harness, ledger_kind=DyingLedger).uploads.send(LIST, FIVE[:2])
    harness.clock.passed = 0

    harness.uploads.send(LIST, FIVE[:2])
    assert [30.0] == harness.clock.sleeps
    assert FIVE[:2] == harness.vendor.codes


def test_killed_process_frees_the_list(harness: UploadHarness, tmp_path: Path) -> None:
    """A real process, really killed while it holds the right to send, stands in nobody's way."""
    harness.uploads.send(LIST, FIVE)
    ready = tmp_path / "ready"
    script = f"""
        import pathlib, time
        from couponhub.state.sqlite.ledger import SqliteLedger
        from couponhub.state.sqlite.database import LedgerDatabase
        from couponhub.state import StoreSettings

        ledger = SqliteLedger(LedgerDatabase(StoreSettings(url={harness.store.settings.url!r})), "shop")
        with ledger.list_lock("L1", timeout=0):
            pathlib.Path({str(ready)!r}).touch()
            time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)]) as process:  # noqa: S603 - ourselves
        try:
            for _ in range(500):
                if ready.exists():
                    break
                time.sleep(0.02)
            (record,) = harness.ledger().of_list(LIST)
            assert harness.ledger().is_locked(record)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    with harness.ledger().list_lock(LIST, timeout=0):
        pass


def _seen(harness: UploadHarness, record: UploadRecord) -> tuple[UploadStatus, int | None]:
    upload = harness.uploads.show(LIST, record.id)
    return upload.status, upload.unknown
