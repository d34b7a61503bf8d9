"""The report of an upload says of each row of its source what became of it, and of none more than is proven."""

import csv
import io
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.codes.new_file import new_file
from couponhub.errors import (
    Conflict,
    CouponhubError,
    LocalError,
    NotFound,
    QuotaExhausted,
    RequestRejected,
    Unsupported,
    UsageError,
    VendorUnavailable,
)
from couponhub.models import (
    Coupon,
    Evidence,
    FileUrl,
    ListId,
    Part,
    RowOutcome,
    Upload,
    UploadReport,
    UploadStatus,
)
from couponhub.state import StoreSettings
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.uploads import report_file
from tests.kit.clock import FakeClock
from tests.kit.examples import examples
from tests.uploads.harness import LIST, UploadHarness
from tests.uploads.vendors import FileVendor, Lost, UrlVendor


@attrs.define
class AskedVendor(FileVendor):
    """Takes files, and can be asked about codes.

    Attributes:
        shown: The list in which it shows a code; those that are not here it does not show.
        asked: The codes that it was asked about.
        quota: How many more questions it takes.
    """

    shown: dict[str, str] = attrs.field(factory=dict)
    asked: list[str] = attrs.field(factory=list)
    quota: int = 1_000_000

    def coupons_by_code(self, codes: Sequence[str]) -> tuple[Coupon, ...]:
        """See `FindsCoupons.coupons_by_code`."""
        if not self.quota:
            raise QuotaExhausted("the quota is spent", retry_after=60.0)
        self.quota -= 1
        self.asked += codes
        return tuple(
            Coupon(connection="shop", code=code, list_id=ListId(self.shown[code]))
            for code in codes
            if code in self.shown
        )


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a report."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def outcomes(path: Path) -> list[tuple[str, str, str, str]]:
    """Code, part, outcome and evidence of each row."""
    return [(row["code"], row["part"], row["outcome"], row["evidence"]) for row in rows_of(path)]


def assert_reported(report: UploadReport, source: Sequence[tuple[int, str]]) -> list[dict[str, str]]:
    """A report has each row of the source, in its order, and its counts are those of its rows; all of them balance."""
    rows = rows_of(Path(report.path))
    assert list(source) == [(int(row["line"]), row["code"]) for row in rows]
    found = Counter(row["outcome"] for row in rows)
    counts = attrs.asdict(report) | {"duplicate": report.duplicates}
    assert {str(outcome): counts[outcome] for outcome in RowOutcome} == {
        str(outcome): found[outcome] for outcome in RowOutcome
    }
    assert len(source) == report.rows == sum(found.values())
    evidence = Counter(row["evidence"] for row in rows)
    assert {str(kind): evidence[kind] for kind in Evidence} == dict(report.evidence)
    for part in report.parts:
        own = Counter(row["outcome"] for row in rows if row["part"] == str(part.number))
        told = {
            name: getattr(part, name) for name in ("accepted", "rejected", "not_sent", "pending", "unknown")
        }
        assert told == {name: own[name] for name in told}
        assert part.rows == sum(told.values()) == sum(own.values())
    assert sum(not row["part"] for row in rows) == report.rows - sum(part.rows for part in report.parts)
    return rows


def ends(kind: str) -> Callable[[Part, list[str]], Part]:
    """Return how a vendor ends a part: it takes all, all but the codes with an R, none, or it does not say."""

    def end(part: Part, codes: list[str]) -> Part:
        taken = [code for code in codes if "R" not in code]
        match kind:
            case "counts":
                status = UploadStatus.DONE if taken == codes else UploadStatus.PARTIAL
                return attrs.evolve(
                    part, status=status, accepted=len(taken), rejected=len(codes) - len(taken)
                )
            case "fails":
                return attrs.evolve(part, status=UploadStatus.FAILED)
            case "does not count":
                return attrs.evolve(part, status=UploadStatus.DONE)
            case _:
                return part

    return end


def sent(harness: UploadHarness, source: Any, *, wait: bool = True) -> Upload:
    """Send codes, and have the vendor work through them."""
    upload = harness.uploads.send(LIST, source)
    return harness.uploads.show(LIST, upload.id) if wait else upload


@settings(max_examples=examples(60))
@given(
    codes=st.lists(
        st.sampled_from(["A1", "A2", "A3", "R1", "R2", "B1", "B2", "B3", ""]), min_size=1, max_size=14
    ).filter(any),
    earlier=st.lists(st.sampled_from(["A1", "B1", "R1", "C1"]), unique=True, max_size=3),
    earlier_ends=st.sampled_from(["counts", "does not count"]),
    ending=st.sampled_from(["counts", "fails", "does not count", "goes on"]),
    lost=st.booleans(),
    shows=st.sampled_from(["all", "nothing", "elsewhere"]),
    probe=st.integers(0, 12),
    most=st.integers(1, 4),
)
def test_every_row_is_told_and_all_counts_balance(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    codes: list[str],
    earlier: list[str],
    earlier_ends: str,
    ending: str,
    lost: bool,
    shows: str,
    probe: int,
    most: int,
) -> None:
    """Whatever stands twice, was sent before, or becomes of parts: no row is missing, doubled, or told more of than is true."""
    folder = tmp_path_factory.mktemp("report")
    vendor = AskedVendor()
    vendor.file_rules = attrs.evolve(vendor.file_rules, max_rows=most)
    store = LedgerDatabase(StoreSettings(url=f"sqlite:///{folder}/state/hub.db"))
    harness = UploadHarness(vendor=vendor, store=store, clock=FakeClock())
    held: set[str] = set()
    if earlier:
        vendor.outcome = ends(earlier_ends)
        sent(harness, earlier)
        held = {code for code in earlier if "R" not in code}
    file = folder / "codes.csv"
    file.write_text("code\n" + "".join(f"{code}\n" for code in codes), encoding="utf-8")
    source = [(line, code) for line, code in enumerate(codes, start=2) if code]
    vendor.outcome = ends(ending)
    vendor.polls_needed = 10**9 if ending == "goes on" else 1
    if lost:
        vendor.fates = [Lost.BEFORE]
        vendor.look_faults = [VendorUnavailable("away")] * 20
    try:
        upload = sent(harness, file)
    except Conflict:
        return  # the very codes that were sent before: there is no upload to report of
    except CouponhubError:
        upload = harness.uploads.recorded()[0]
    vendor.look_faults = []
    there = {code for part in vendor.files for code in part.codes}
    if ending != "fails":
        held |= {code for code in there if "R" not in code}
    if shows != "nothing":
        vendor.shown = dict.fromkeys(held, LIST if shows == "all" else "L9")

    report = harness.uploads.report(upload.id, folder / "report.csv", probe=probe)

    store.close()
    assert len(vendor.asked) == len(set(vendor.asked)) == report.asked <= probe
    first: set[str] = set()
    for row in assert_reported(report, source):
        code, outcome = row["code"], row["outcome"]
        assert (code in first) == (outcome == "duplicate")
        first.add(code)
        assert (
            bool(row["part"]) == (outcome in {"accepted", "rejected", "not_sent", "pending"})
            or outcome == "unknown"
        )
        assert (
            outcome not in {"accepted", "skipped"}
            or code in held
            or earlier_ends != "counts"
            or code in earlier
        )
        assert outcome != "rejected" or code not in held or code in earlier or ending == "goes on"
        assert outcome != "not_sent" or code not in there or code in earlier
    if shows != "all" or not probe:
        assert report.accepted <= (upload.accepted or 0)
        assert report.rejected <= (upload.rejected or 0)


@pytest.fixture
def asked(store: LedgerDatabase) -> UploadHarness:
    """A harness whose vendor can be asked about codes."""
    return UploadHarness(vendor=AskedVendor(), store=store, clock=FakeClock())


def asked_vendor(harness: UploadHarness) -> AskedVendor:
    """Its vendor."""
    assert isinstance(harness.vendor, AskedVendor)
    return harness.vendor


def test_counts_tell_of_whole_parts_alone(asked: UploadHarness, tmp_path: Path) -> None:
    """A part that was taken or refused whole is told by its counts; of one with both nothing is said of any row."""
    asked.vendor.outcome = ends("counts")
    upload = sent(asked, ["A1", "A2", "R1", "R2", "A3", "R3"])
    report = asked.uploads.report(upload.id, tmp_path / "r.csv")
    assert [
        ("A1", "1", "accepted", "counted"),
        ("A2", "1", "accepted", "counted"),
        ("R1", "2", "rejected", "counted"),
        ("R2", "2", "rejected", "counted"),
        ("A3", "3", "unknown", ""),
        ("R3", "3", "unknown", ""),
    ] == outcomes(tmp_path / "r.csv")
    assert (report.is_complete, report.asked, report.warnings) == (False, 0, ())
    assert [(1, 1)] == [(part.vendor_accepted, part.vendor_rejected) for part in report.parts[2:]]


def test_a_part_that_failed_without_counts_is_assumed_to_be_refused(
    asked: UploadHarness, tmp_path: Path
) -> None:
    """Nobody has counted its rows."""
    asked.vendor.outcome = ends("fails")
    upload = sent(asked, ["A1"])
    report = asked.uploads.report(upload.id, tmp_path / "r.csv")
    assert ([("A1", "1", "rejected", "assumed")], True) == (outcomes(tmp_path / "r.csv"), report.is_complete)
    assert [(None, None)] == [(part.vendor_accepted, part.vendor_rejected) for part in report.parts]


def test_a_part_that_ended_without_counts_is_not_known(asked: UploadHarness, tmp_path: Path) -> None:
    """A vendor's "done" alone proves nothing of any row."""
    asked.vendor.outcome = ends("does not count")
    upload = sent(asked, ["A1"])
    asked.uploads.report(upload.id, tmp_path / "r.csv")
    (row,) = rows_of(tmp_path / "r.csv")
    assert ("unknown", "the vendor ended its part without counts") == (row["outcome"], row["reason"])


def test_what_the_vendor_shows_was_taken_and_what_it_does_not_show_is_open(
    asked: UploadHarness, tmp_path: Path
) -> None:
    """No more codes are asked about than was said; the others stay unknown."""
    asked.vendor.outcome = ends("counts")
    asked.vendor.file_rules = attrs.evolve(asked.vendor.file_rules, max_rows=9)
    upload = sent(asked, ["A1", "A2", "R1", "A3"])
    asked_vendor(asked).shown = {"A1": LIST, "A2": "L9", "A3": LIST}
    report = asked.uploads.report(upload.id, tmp_path / "r.csv", probe=3)
    assert [
        ("A1", "1", "accepted", "asked"),
        ("A2", "1", "unknown", ""),
        ("R1", "1", "unknown", ""),
        ("A3", "1", "unknown", ""),
    ] == outcomes(tmp_path / "r.csv")
    assert (["A1", "A2", "R1"], 3) == (asked_vendor(asked).asked, report.asked)
    reasons = [row["reason"].partition("; asked, ")[2] for row in rows_of(tmp_path / "r.csv")]
    assert [
        "",
        "it shows the code, and not in this list, which proves nothing",
        "it does not show the code, which proves nothing",
        "",
    ] == reasons


def test_where_all_that_was_taken_is_shown_the_rest_is_assumed_to_be_refused(
    asked: UploadHarness, tmp_path: Path
) -> None:
    """Each code of the part was asked about, and the list has as many of them as the vendor counts."""
    asked.vendor.outcome = ends("counts")
    asked.vendor.file_rules = attrs.evolve(asked.vendor.file_rules, max_rows=9)
    upload = sent(asked, ["A1", "R1", "A2"])
    asked_vendor(asked).shown = dict.fromkeys(["A1", "A2"], LIST)
    report = asked.uploads.report(upload.id, tmp_path / "r.csv", probe=3)
    assert [
        ("A1", "1", "accepted", "asked"),
        ("R1", "1", "rejected", "assumed"),
        ("A2", "1", "accepted", "asked"),
    ] == outcomes(tmp_path / "r.csv")
    assert report.is_complete


def test_codes_that_were_there_before_prove_nothing(asked: UploadHarness, tmp_path: Path) -> None:
    """Where the list has more codes of a part than were taken, of none is said that this upload brought it."""
    asked.vendor.outcome = ends("counts")
    upload = sent(asked, ["A1", "R1"])
    asked_vendor(asked).shown = dict.fromkeys(["A1", "R1"], LIST)
    report = asked.uploads.report(upload.id, tmp_path / "r.csv", probe=9)
    assert [("A1", "1", "unknown", ""), ("R1", "1", "unknown", "")] == outcomes(tmp_path / "r.csv")
    (warning,) = report.warnings
    assert "the list has 2 codes of part 1, of which the vendor counts 1 as taken" in warning


def test_a_spent_quota_leaves_the_rest_unknown(asked: UploadHarness, tmp_path: Path) -> None:
    """What was answered until then counts, and the report says how far it came."""
    asked.vendor.outcome = ends("does not count")
    asked.vendor.file_rules = attrs.evolve(asked.vendor.file_rules, max_rows=999)
    codes = [f"A{at}" for at in range(120)]
    upload = sent(asked, codes)
    asked_vendor(asked).shown = dict.fromkeys(codes, LIST)
    asked_vendor(asked).quota = 2
    report = asked.uploads.report(upload.id, tmp_path / "r.csv", probe=110)
    assert (100, 20, 100) == (report.accepted, report.unknown, report.asked)
    assert ("the vendor was asked about 100 codes of 110: the quota is spent",) == report.warnings


def test_rows_left_out_in_doubt_are_unknown_until_the_vendor_shows_them(
    asked: UploadHarness, tmp_path: Path
) -> None:
    """They were sent before, in a part of which nobody knows; shown in the list, they were left out rightly."""
    asked.vendor.outcome = ends("does not count")
    sent(asked, ["A1", "A2"])
    asked.vendor.outcome = ends("counts")
    upload = sent(asked, ["A1", "B1", "A2", "A1"])
    asked.uploads.report(upload.id, tmp_path / "r.csv")
    assert [
        ("A1", "", "unknown", ""),
        ("B1", "1", "accepted", "counted"),
        ("A2", "", "unknown", ""),
        ("A1", "", "duplicate", ""),
    ] == outcomes(tmp_path / "r.csv")
    asked_vendor(asked).shown = {"A2": LIST}
    report = asked.uploads.report(upload.id, tmp_path / "r2.csv", probe=5)
    assert [("A1", "", "unknown", ""), ("A2", "", "skipped", "asked")] == [
        row for row in outcomes(tmp_path / "r2.csv") if row[0].startswith("A") and row[2] != "duplicate"
    ]
    assert (1, 1) == (report.unknown, report.skipped)


def test_what_was_never_sent_is_told(asked: UploadHarness, tmp_path: Path) -> None:
    """Of an upload that stopped half way the one part is the vendor's, and the other was not sent."""
    asked.vendor.fates = [None, RequestRejected("no")]
    with pytest.raises(CouponhubError):
        asked.uploads.send(LIST, ["A1", "A2", "B1"])
    (upload,) = asked.uploads.recorded()
    asked.uploads.report(upload.id, tmp_path / "r.csv")
    assert ["accepted", "accepted", "not_sent"] == [row[2] for row in outcomes(tmp_path / "r.csv")]
    assert "its part never reached the vendor" == rows_of(tmp_path / "r.csv")[2]["reason"]


def test_an_upload_of_which_all_was_sent_before_has_a_report(asked: UploadHarness, tmp_path: Path) -> None:
    """It has no part, and each of its rows is skipped or stands twice."""
    sent(asked, ["A1", "A2"])
    upload = sent(asked, ["A2", "A1", "A2"])
    report = asked.uploads.report(upload.id, tmp_path / "r.csv")
    assert (["skipped", "skipped", "duplicate"], ()) == (
        [row[2] for row in outcomes(tmp_path / "r.csv")],
        report.parts,
    )


def test_lines_are_those_of_the_source(asked: UploadHarness, tmp_path: Path) -> None:
    """Blank lines count, and a row of several lines stands on its last."""
    source = b'code,note\r\n\r\nA1,x\r\n"B,1","two\nlines"\r\n  \r\nA1,\r\nC1,\r\n'
    asked.vendor.file_rules = attrs.evolve(asked.vendor.file_rules, quoting=True)
    upload = asked.uploads.send(LIST, io.BytesIO(source), name="x")
    asked.uploads.report(upload.id, tmp_path / "r.csv")
    assert [("3", "A1"), ("5", "B,1"), ("7", "A1"), ("8", "C1")] == [
        (row["line"], row["code"]) for row in rows_of(tmp_path / "r.csv")
    ]


def test_parquet_says_the_same_as_csv(
    asked: UploadHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines and parts are numbers there, and what is empty is null."""
    from pyarrow import parquet

    monkeypatch.setattr(report_file, "_AT_ONCE", 2)
    asked.vendor.outcome = ends("counts")
    upload = sent(asked, ["A1", "A2", "R1", "B1", "A1"])
    asked.uploads.report(upload.id, tmp_path / "r.csv")
    asked.uploads.report(upload.id, tmp_path / "r.parquet")
    table = parquet.read_table(tmp_path / "r.parquet")
    assert list(report_file.COLUMNS) == table.column_names
    found = [
        {key: "" if value is None else str(value) for key, value in row.items()} for row in table.to_pylist()
    ]
    assert rows_of(tmp_path / "r.csv") == found
    assert {"line": 1, "code": "A1", "part": 1} == {
        key: table.to_pylist()[0][key] for key in ("line", "code", "part")
    }
    assert 0o600 == (tmp_path / "r.parquet").stat().st_mode & 0o777


def test_parquet_without_its_library_is_refused_before_anything_is_read(
    asked: UploadHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line names the extra."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match="Parquet needs a library") as caught:
        asked.uploads.report("up_none", tmp_path / "r.parquet")
    assert "pip install 'couponhub[files]', or let the name end in .csv" == caught.value.hint


def test_what_cannot_be_reported_is_one_line(asked: UploadHarness, tmp_path: Path) -> None:
    """A file that is there, a name without a form, a folder that is not there, and an upload that nobody knows."""
    upload = sent(asked, ["A1"])
    (tmp_path / "there.csv").write_text("mine", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere")
    for name, kind, words in (
        ("there.csv", LocalError, "there.csv cannot be written: File exists"),
        ("link.csv", LocalError, "link.csv cannot be written: File exists"),
        ("null\0.csv", LocalError, "cannot be written: no file can be named so"),
        ("report.txt", UsageError, "does not say which form is meant"),
        ("nowhere/report.csv", LocalError, "cannot be written: No such file or directory"),
    ):
        with pytest.raises(kind, match=words):
            asked.uploads.report(upload.id, tmp_path / name)
    with pytest.raises(NotFound, match="no upload up_none went to this connection"):
        asked.uploads.report("up_none", tmp_path / "r.csv")
    assert "mine" == (tmp_path / "there.csv").read_text(encoding="utf-8")


def test_a_vendor_that_cannot_be_asked_is_said_before_anything_is_written(
    harness: UploadHarness, tmp_path: Path
) -> None:
    """Without --probe there is a report all the same."""
    upload = sent(harness, ["A1"])
    with pytest.raises(Unsupported):
        harness.uploads.report(upload.id, tmp_path / "r.csv", probe=1)
    assert not (tmp_path / "r.csv").exists()
    assert harness.uploads.report(upload.id, tmp_path / "r.csv").is_complete


def test_uploads_whose_rows_are_not_kept_say_why(
    asked: UploadHarness, store: LedgerDatabase, tmp_path: Path
) -> None:
    """Nobody saw the rows of a URL; an earlier version noted no lines; and after retention nothing is left."""
    url_harness = UploadHarness(vendor=UrlVendor(), store=store, clock=FakeClock())
    by_url = url_harness.uploads.send(LIST, FileUrl(url="https://files.example.com/codes.csv"))
    older, aged = sent(asked, ["A1"]), sent(asked, ["B1"])
    for upload, place in ((older, "*.rows"), (aged, "*.1.txt")):
        for path in store.layout.codes.rglob(place):
            if path.name.startswith(upload.id):
                path.unlink()
    for upload, words in (
        (by_url, "went out as a URL: nobody here has seen its rows"),
        (older, "the lines of its rows are not kept: an earlier version prepared it"),
        (aged, "are not kept any more: retention_days"),
    ):
        with pytest.raises(LocalError, match=words) as caught:
            asked.uploads.report(upload.id, tmp_path / "r.csv")
        assert f"couponhub uploads show {upload.id}" in caught.value.hint
    assert not (tmp_path / "r.csv").exists()


@pytest.mark.parametrize("change", [b"", b"A1\nA2\nX1\n", b"A1\n"], ids=["empty", "one more", "one less"])
def test_codes_that_are_not_those_that_were_sent_make_no_report(
    asked: UploadHarness, store: LedgerDatabase, tmp_path: Path, change: bytes
) -> None:
    """A row must not be told of under the code of another."""
    upload = sent(asked, ["A1", "A2", "B1"])
    (path,) = store.layout.codes.rglob("*.1.txt")
    path.write_bytes(change)
    with pytest.raises(LocalError, match="more or fewer than were sent"):
        asked.uploads.report(upload.id, tmp_path / "r.csv")
    assert [] == list(tmp_path.glob("*r.csv*"))


@pytest.fixture(params=["without a name", "hidden"])
def kinds_of_file(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that has files without a name, and one that has not."""
    if request.param == "hidden":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)


@pytest.mark.usefixtures("kinds_of_file")
def test_a_full_disk_leaves_no_file(
    asked: UploadHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither under its name nor under another."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    upload = sent(asked, ["A1"])
    before = set(tmp_path.iterdir())
    for name, writer in (("r.csv", "_CsvWriter"), ("r.parquet", "_ParquetWriter")):
        monkeypatch.setattr(getattr(report_file, writer), "write", full)
        with pytest.raises(LocalError, match=f"{name} cannot be written: No space left on device"):
            asked.uploads.report(upload.id, tmp_path / name)
    assert before == set(tmp_path.iterdir())


@pytest.mark.usefixtures("kinds_of_file")
def test_a_new_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    """Until then there is none of its name; one that came meanwhile is not replaced; what fails leaves nothing."""
    target = tmp_path / "new"
    with new_file(target) as file:
        file.write(b"whole")
        assert not target.exists()
    assert (b"whole", 0o600) == (target.read_bytes(), target.stat().st_mode & 0o777)
    with pytest.raises(LocalError, match="File exists"), new_file(tmp_path / "late"):
        (tmp_path / "late").write_bytes(b"theirs")
    with pytest.raises(KeyboardInterrupt), new_file(tmp_path / "gone"):
        raise KeyboardInterrupt
    assert b"theirs" == (tmp_path / "late").read_bytes()
    assert {"new", "late"} == {path.name for path in tmp_path.iterdir()}


def test_a_file_without_a_name_that_cannot_be_given_one_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some file systems have such files, and let nobody name them."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    with new_file(tmp_path / "new") as file:
        file.write(b"whole")
    assert ({"new"}, b"whole") == (
        {path.name for path in tmp_path.iterdir()},
        (tmp_path / "new").read_bytes(),
    )


def test_a_killed_process_leaves_no_half_file(tmp_path: Path) -> None:
    """A kill in the middle of writing leaves nothing under the name of the report."""
    begun = threading.Event()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with new_file(tmp_path / "report.csv") as file:
            file.write(b"half")
            file.flush()
            os.write(write, b"x")
            begun.wait()
        os._exit(0)
    assert b"x" == os.read(read, 1)
    os.kill(child, 9)
    os.waitpid(child, 0)
    os.close(read)
    os.close(write)
    left = {path.name for path in tmp_path.iterdir()}
    assert set() == left if hasattr(os, "O_TMPFILE") else "report.csv" not in left
