"""A large report comes out as a small one does: the same lines, the same facts, the same refusals."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from couponhub.errors import LocalError
from couponhub.intake import source
from couponhub.models import Identifier, ReportForm
from couponhub.state.hashing import HashKey
from couponhub.state.report_lines import page_of
from couponhub.usage import taking
from couponhub.usage.bulk import lines as bulk_lines
from couponhub.usage.bulk.cells import BlockCells, matrix_of, numbers_from, texts_of
from couponhub.usage.bulk.distinct import Kinds
from couponhub.usage.bulk.moments import plain_moments
from couponhub.usage.opening import as_faults, faulty, opened
from couponhub.usage.rows import ReportRows
from couponhub.usage.taking import Intake, taken_in
from tests.kit.examples import examples
from tests.usage.reports_harness import FORM, HEADER, ReportHarness, Row, day, report_text

KEY = HashKey(b"k" * 32)
ENDING = "\t1\t2\n"


@contextmanager
def reading(*, many: bool, block: int, run: int = 1000) -> Iterator[None]:
    """Take every report for a large one, or none, and read and write so many bytes at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taking, "MANY", 0 if many else 10**9)
        patch.setattr(source, "_BLOCK", block)
        patch.setattr(bulk_lines, "_RUN_BYTES", run)
        yield


def outcome(content: bytes, form: ReportForm, *, many: bool, block: int) -> Any:
    """What becomes of a report: its lines by page and what is known of them, or why it is refused."""
    fault = partial(faulty, "r.csv")
    with reading(many=many, block=block), TemporaryDirectory() as folder, ExitStack() as held:
        intake = Intake(form=form, key=KEY, check=lambda _: None, fault=fault)
        try:
            report = held.enter_context(opened(io.BytesIO(content)))
            with as_faults("r.csv"):
                rows = ReportRows(report.content, form, fault, most_bytes=1 << 20)
                found = taken_in(rows, intake, Path(folder), held)
        except LocalError as error:
            # How much was read by then, the blocks decide.
            return re.sub(r"behind row \d+", "behind some row", error.message).replace("report: ", "r.csv: ")
        facts = intake.facts
        pages = list(found.pages(ENDING))
        told = facts.campaigns.told
        lines = []
        for number, text in pages:
            for line in text.removesuffix("\n").split("\n"):
                customer, code, moment, campaign, *rest = line.split("\t")
                assert number == page_of(customer)
                instant = datetime.fromisoformat(moment)  # Z or +00:00, as its neighbours are
                lines.append((customer, code, instant, told[int(campaign)] if campaign else None, *rest))
        assert sorted({number for number, _ in pages}) == [number for number, _ in pages]
        assert set(facts.sample) <= {(line[0], line[1]) for line in lines}
        return sorted(lines), facts.rows, facts.first, facts.last, facts.approximate


_USERS = st.one_of(
    st.integers(0, 9).map("EXT-{}".format),
    st.sampled_from(["9876543210", "a.b@example.com", "A@B.example", "é-1", "007", "x y", "+91 98765 43210"]),
)
_ODD_USERS = st.sampled_from(["", " ", "NULL", "9E+11", "\u200b", "=1", " EXT-1", "E\u00a01", "-", "nan"])
_CODES = st.one_of(
    st.integers(0, 99).map("SAVE-{}".format),
    st.sampled_from(["N-1", "save1", "MAR-10", "ÄÖ", "U_2", "1e5", "A B", "A.B", "x" * 250, "é" * 200, "-7"]),
)
_ODD_CODES = st.sampled_from(
    ["", " ", "10-Mar", "NULL", "1.0", "A\u200b", "--", "#REF!", "nil", "A\tB", "x" * 600]
)
_MOMENTS = st.one_of(
    st.integers(1, 9).map("2026-10-0{}T06:30:00Z".format),
    st.sampled_from(["2026-10-03T06:30:00+05:30", " 2026-10-03T06:30:00Z", "2026-10-03 06:30:00"]),
)
_ODD_MOMENTS = st.sampled_from(["", "soon", "2026-13-01", "26/11/2026"])
_NAMES = st.sampled_from(["Autumn", "Winter", "", "Frühling", "a, b", 'say "x"', "Diwali \u2728", "x" * 40])


@st.composite
def report_files(draw: st.DrawFn) -> tuple[bytes, Identifier]:
    """Draw a report in which at most one thing is wrong with its form, or any with its cells: which comes first is plain."""
    sign = draw(st.sampled_from(",,,;\t|"))
    ends = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    is_quoted = draw(st.integers(0, 2)) == 0
    spoilt = draw(st.integers(-12, 13))
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, delimiter=sign, lineterminator=ends, quoting=csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL
    )
    writer.writerow(HEADER)
    for number in range(draw(st.integers(0, 12))):
        odd = draw(st.integers(0, 5)) if number == spoilt else 9
        user = draw(_ODD_USERS if odd == 0 else _USERS)
        code = draw(_ODD_CODES if odd == 1 else _CODES)
        moment = draw(_ODD_MOMENTS if odd == 2 else _MOMENTS)
        row = [user, code, draw(st.sampled_from(["C1", "C2"])), draw(_NAMES), "en", draw(_NAMES), moment]
        writer.writerow(row[:-1] if odd == 3 else [*row, "x"] if odd == 4 else row)
        if odd == 5:
            text.write(draw(st.sampled_from([ends, sign * 6 + ends, " \n", f" {sign * 6}\n", "\r", '"'])))
    content = text.getvalue().encode()
    if spoilt == 13:
        content += draw(st.sampled_from([b"\xff\n", b"\0\n", b",,,,,,\n", b"\n\n", b"E1,C-1", b'"\n']))
        content = content[: -draw(st.integers(0, 3)) or None]
    is_sound = spoilt < 0
    return content, draw(st.sampled_from(list(Identifier))) if is_sound else Identifier.EXTERNAL_ID


@settings(max_examples=examples(400), deadline=None)
@given(report_files(), st.sampled_from([16, 100, 1 << 20]))
@example((report_text([Row("E1", "C-1", 3)] * 40).encode(), Identifier.EXTERNAL_ID), 100)
@example((report_text([]).encode() + b",,,,,,\n" * 30, Identifier.EXTERNAL_ID), 64)
def test_many_rows_come_out_as_few_do(made: tuple[bytes, Identifier], block: int) -> None:
    """Whatever the report, and wherever the blocks are cut."""
    content, kind = made
    form = attrs.evolve(FORM, identifier=kind)
    assert outcome(content, form, many=False, block=block) == outcome(content, form, many=True, block=block)


def test_a_large_report_is_imported_and_found(reports: ReportHarness, tmp_path: Path) -> None:
    """Through the whole way, after some rows were read one by one, and a second time without doubling."""
    rows = [Row(f"E{number}", f"C-{number}", 3, f"Campaign {number % 7}") for number in range(3000)]
    path = tmp_path / "r.csv"
    path.write_text(report_text(rows), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taking, "MANY", 10)
        patch.setattr(source, "_BLOCK", 10_000)
        done = reports.usage.import_report("L1", path, day(1), day(20))
        assert (3000, 3000) == (done.rows, done.added)
        assert 0 == reports.usage.import_report("L1", path, day(1), day(20)).added
    (coupon,) = reports.found("E2345").coupons
    assert ("C-2345", "Campaign 0") == (coupon.code, coupon.properties["campaign_name"])
    assert [] == list(reports.stored.layout.imports.iterdir())


def test_a_gap_is_found_behind_a_block(reports: ReportHarness, tmp_path: Path) -> None:
    """A row of separators alone with rows behind it is refused, wherever blocks are cut."""
    text = report_text([Row("E1", "C-1", 3)] * 50)
    path = tmp_path / "r.csv"
    path.write_text(text + ",,,,,,\n" + text.partition("\n")[2], encoding="utf-8")
    with reading(many=True, block=500), pytest.raises(LocalError, match="row 51 has no user"):
        reports.usage.import_report("L1", path, day(1), day(20))


_PARTS = st.tuples(
    *(st.integers(0, most) for most in (10_000, 13, 32, 25, 61, 61)),
    st.sampled_from("ZZZzX"),
    st.sampled_from("TTTt "),
)
_FORM_TEXTS = _PARTS.map(
    lambda at: f"{at[0] % 10_000:04}-{at[1]:02}-{at[2]:02}{at[7]}{at[3]:02}:{at[4]:02}:{at[5]:02}{at[6]}"
)
_INSTANTS = st.datetimes().map("{:%Y-%m-%dT%H:%M:%SZ}".format).map(lambda text: text.zfill(20))


@settings(max_examples=examples(500))
@given(st.lists(st.one_of(_INSTANTS, _INSTANTS, _INSTANTS, _FORM_TEXTS), min_size=1, max_size=4))
def test_moments_are_read_as_each_of_them(texts: list[str]) -> None:
    """What is read at once is what the calendar says of each; what it refuses is left to it."""
    found = plain_moments(matrix_of(texts))
    try:
        each = sorted(map(datetime.fromisoformat, texts))
    except ValueError:
        each = []
    if found is not None:
        assert (each[0], each[-1]) == (found.first, found.last)
    elif each:
        usual = [text for text in texts if text[10] == "T" and "-02-29" not in text and text[19] == "Z"]
        assert len(usual) < len(texts) or any(text[:2] == "00" for text in texts)


@given(st.integers(0, 10**7), st.integers(1, 300))
def test_numbers_are_written_as_people_do(first: int, count: int) -> None:
    """Without zeros in front, also where a digit more begins among them."""
    assert [str(number) for number in range(first, first + count)] == texts_of(numbers_from(first, count))


@given(st.lists(st.tuples(st.text("ab", max_size=12), st.text("ab", max_size=3)), min_size=1, max_size=30))
def test_kinds_are_those_that_differ(rows: list[tuple[str, str]]) -> None:
    """Each row is equal to the one that stands for it; also those met before, and those that share a hash."""
    kinds = Kinds()
    for take in (rows[::2] or rows, rows, rows):
        columns = [matrix_of(column) for column in zip(*take, strict=True)]
        places, which = kinds.of(columns)
        assert take == [take[places[at]] for at in which]
        assert len(set(take)) == len(places)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("couponhub.usage.bulk.distinct._FACTOR", np.uint64(0))
        places, which = Kinds().of(columns)
        assert rows == [rows[places[at]] for at in which]


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        (b"a,b\nc,d\n", True),
        (b"a,b\r\nc,d\r\n", True),
        (b"a,b\nc,d", False),
        (b"a,b\nc\n", False),
        (b"a,b\nc\nd,e,f\n", False),
        (b'a,"b"\n', False),
        (b"a,b\tc\n", False),
        (b"a\r,b\n", False),
    ],
)
def test_only_plain_blocks_are_taken(text: bytes, *, is_plain: bool) -> None:
    """All else is left to the exact reader."""
    cells = BlockCells.of(text, b",", 2)
    assert is_plain == (cells is not None)
    if cells is not None:
        assert [["a", "c"], ["b", "d"]] == [texts_of(cells.matrix(at)) for at in range(2)]
