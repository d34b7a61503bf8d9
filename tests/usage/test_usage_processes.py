"""Several processes: readers while one imports, a kill in the middle, two imports at once, and nobody may write."""

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import attrs
import pytest

from couponhub.errors import LocalError
from couponhub.models import Customer
from couponhub.state.sqlite.pages import SqlitePages
from tests.kit.eventually import eventually
from tests.kit.processes import Command, forked
from tests.usage.reports_harness import ReportHarness, Row

MANY = 3000


def import_in_two_halves() -> None:
    """Import many rows in a process of its own, and wait for a line half way."""
    whole = SqlitePages.add

    def in_two_halves(pages: SqlitePages, fresh: Iterable[Any], **numbers: Any) -> Any:
        def told() -> Iterator[Any]:
            for count, page in enumerate(fresh):
                yield page
                if count == 1000:
                    sys.stdout.write("half way\n")
                    sys.stdout.flush()
                    sys.stdin.readline()

        return whole(pages, told(), **numbers)

    SqlitePages.add = in_two_halves  # type: ignore[method-assign, assignment]
    harness = ReportHarness(Path(sys.argv[1]))
    harness.vendor.create("L1", created=1)
    done = harness.take("L1", 1, 20, *(Row(f"N{number}", f"NEW-{number}", 5) for number in range(MANY)))
    sys.stdout.write(str(done.added))


def read_as_nobody() -> None:
    """Read where nothing may be written, in a process of its own."""
    if os.getuid() == 0:  # who may write everywhere, and whose Python others may not read
        os.setgid(65534)
        os.setuid(65534)
    folder = Path(sys.argv[1])
    harness = ReportHarness(folder)
    try:
        (folder / "probe").touch()
        sys.stdout.write("the folder can be written")
    except OSError:
        sys.stdout.write(" ".join([*harness.codes("E0"), harness.verdict("E1")]))


def forget() -> None:
    """Forget somebody, in a process of its own."""
    harness = ReportHarness(Path(sys.argv[1]))
    sys.stdout.write(str(harness.index.forget([Customer(external_id="E0")]).rows))


@attrs.frozen
class Importing:
    """Another process that has written half of an import, and waits for a line."""

    process: Command
    _told: TextIO

    def go_on(self) -> str:
        """Let it finish; what it says then."""
        self._told.write("\n")
        self._told.close()
        return self.process.ended().stdout.removeprefix("half way\n")


@contextmanager
def importing(reports: ReportHarness) -> Iterator[Importing]:
    """Let another process write half of an import."""
    reads, told = os.pipe()
    with (
        os.fdopen(told, "w") as line,
        forked(import_in_two_halves, str(reports.settings.path.parent), stdin=reads) as process,
    ):
        os.close(reads)
        eventually(lambda: process.out == "half way\n", "half of the import")
        yield Importing(process, line)


def test_others_read_what_was_there_until_an_import_is_done(reports: ReportHarness) -> None:
    """Half an import is never seen; all of it is seen at the next read."""
    reports.take("L1", 1, 5, Row("E0", "C-0", 2))
    with importing(reports) as other:
        assert ["C-0"] == reports.codes("E0")
        assert [] == [code for number in range(0, MANY, 7) for code in reports.codes(f"N{number}")]
        assert "unknown" == reports.verdict("E9")
        assert str(MANY) == other.go_on()
    assert ["NEW-7"] == reports.codes("N7")
    assert "none" == reports.verdict("E9")


def test_the_first_import_is_not_seen_before_it_is_done(reports: ReportHarness) -> None:
    """It is made aside."""
    with importing(reports) as other:
        assert not reports.stored.layout.reports.exists()
        assert reports.reports.answer() is False
        assert str(MANY) == other.go_on()
    assert reports.reports.answer() is True


def test_a_kill_in_the_middle_leaves_everything_as_it_was(reports: ReportHarness) -> None:
    """The old index is whole, what lay about is removed by the next import, and that succeeds."""
    reports.take("L1", 1, 5, Row("E0", "C-0", 2))
    with importing(reports) as other:
        other.process.kill()
    left = list(reports.stored.layout.imports.iterdir())
    assert left
    assert ["C-0"] == reports.codes("E0")
    assert [] == reports.codes("N7")
    reports.take("L1", 5, 20, Row("N7", "NEW-7", 6))
    assert ["NEW-7"] == reports.codes("N7")
    assert "none" == reports.verdict("E9")
    assert [] == list(reports.stored.layout.imports.iterdir())


def test_two_first_imports_at_once_are_both_there(reports: ReportHarness) -> None:
    """The one that ends later is written into the index that the other has made."""
    with importing(reports) as other:
        assert 1 == reports.take("L1", 1, 20, Row("E5", "C-5", 6)).added
        assert other.go_on().endswith(f"\n{MANY}")  # half way it was once more
    assert ["C-5"] == reports.codes("E5")
    assert ["NEW-7"] == reports.codes("N7")
    assert 2 == len(reports.usage.reports())
    assert [] == list(reports.stored.layout.imports.iterdir())


def test_two_imports_at_once_wait_for_each_other(reports: ReportHarness) -> None:
    """The second is written when the first is done, and both are there."""
    reports.take("L1", 1, 5, Row("E0", "C-0", 2))
    with importing(reports) as other:
        second = threading.Thread(target=reports.take, args=("L1", 1, 20, Row("E5", "C-5", 6)))
        second.start()
        second.join(0.3)
        assert second.is_alive()
        assert str(MANY) == other.go_on()
        second.join(30)
    assert (["C-5"], ["NEW-7"]) == (reports.codes("E5"), reports.codes("N7"))


def test_what_another_process_forgets_is_gone_at_the_next_read(reports: ReportHarness) -> None:
    """An open index reads anew."""
    reports.take("L1", 1, 20, Row("E0", "C-0", 2))
    assert ["C-0"] == reports.codes("E0")
    assert "1" == forked(forget, str(reports.settings.path.parent)).ended().stdout
    assert [] == reports.codes("E0")
    assert "unknown" == reports.verdict("E0")


def test_it_is_read_where_nobody_may_write(reports: ReportHarness) -> None:
    """A reader that can write neither the files nor the folder answers, from a copy that is at rest."""
    reports.take("L1", 1, 20, Row("E0", "C-0", 2))
    reports.close()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in reports.settings.path.parent.glob("couponhub.*"):
            if path.is_file():
                shutil.copy(path, folder)
                (folder / path.name).chmod(0o444)
        folder.chmod(0o555)
        run = forked(read_as_nobody, name).ended()
        folder.chmod(0o755)
    assert "C-0 none" == run.stdout, run.stderr


def test_reading_makes_no_files(reports: ReportHarness) -> None:
    """Not even the folder."""
    assert () == reports.index.explain("C-1")
    assert not reports.index.codes_of(Customer(external_id="E1")).issued
    assert not reports.settings.path.parent.exists()


def test_a_lost_key_is_told_and_proves_nothing(reports: ReportHarness) -> None:
    """Without its key every customer would seem to have nothing; so with another one."""
    reports.take("L1", 1, 20, Row("E0", "C-0", 2))
    reports.stored.close()
    key = reports.stored.layout.key
    kept = key.read_bytes()
    for spoilt in (None, bytes(32), b"short"):
        key.unlink()
        if spoilt is not None:
            key.write_bytes(spoilt)
        fresh = ReportHarness(reports.settings.path.parent)
        fresh.vendor.create("L1", created=1)
        with pytest.raises(LocalError, match="key"):
            fresh.codes("E0")
        with pytest.raises(LocalError, match="key"):
            fresh.take("L1", 1, 20, Row("E1", "C-1", 2))
        assert fresh.reports.identifiers is None
        key.write_bytes(kept)
        assert ["C-0"] == fresh.codes("E0")
        fresh.close()


def test_a_damaged_index_is_told(reports: ReportHarness) -> None:
    """In one line that names the file."""
    reports.take("L1", 1, 20, Row("E0", "C-0", 2))
    reports.stored.close()
    path = reports.stored.layout.reports
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(LocalError, match=r"couponhub\.usage\.db cannot be used"):
        reports.codes("E0")


def test_an_index_that_was_removed_is_started_anew(reports: ReportHarness) -> None:
    """Also by a process that had it open."""
    reports.take("L1", 1, 20, Row("E0", "C-0", 2))
    assert ["C-0"] == reports.codes("E0")
    for path in reports.settings.path.parent.glob("couponhub.usage.db*"):
        path.unlink()
    assert reports.reports.answer() is False
    reports.take("L1", 1, 20, Row("E0", "C-1", 2))
    assert ["C-1"] == reports.codes("E0")
