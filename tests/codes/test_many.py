"""Many codes go another way than few, and what comes of it is the same, whatever stands in the file and however it is read."""

import io
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import attrs
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from couponhub.codes import prepare, preparing, rows, sharing
from couponhub.codes.checking import Checks
from couponhub.codes.dedupe import DUPLICATE, KEPT, SENT
from couponhub.codes.row_record import read_row_record
from couponhub.codes.rows import SourceBatch
from couponhub.codes.sets.hashing import MultilinearHash, Words
from couponhub.codes.sets.lines import TextLines
from couponhub.errors import CouponhubError, LocalError
from couponhub.intake import source
from couponhub.models import CodeFileRules, Identifier, Tagging
from couponhub.state import TextCodeSet
from tests.kit.examples import examples

EXACT = CodeFileRules(code_header="Coupon Code")
STRICT = CodeFileRules(
    code_header="code",
    ignores_case=True,
    ignores_blanks=True,
    max_code_length=18,
    warn_code_length=6,
    max_rows=3,
)
QUOTING = CodeFileRules(code_header="code", quoting=True, max_bytes=40)
RULES = st.sampled_from([EXACT, STRICT, QUOTING])

ODD = (
    *(
        "",
        " ",
        "\t",
        "\u3000",
        "\u2009A",
        "NULL",
        "null",
        "n-a",
        "N_A",
        "Total",
        "code",
        "Code",
        "COUPON-CODE",
    ),
    *(
        "-",
        "--",
        "A--B",
        "-A1",
        "=A",
        "1e5",
        "10-Mar",
        "mar-10",
        "JAN-10",
        "May-Flower",
        "A-1",
        "_",
        "true",
        "Mar-10",
    ),
    *(
        "12345678901234500",
        "1234567890123450",
        "1234567890123456",
        "9876543210123450000",
        "1.5E+12",
        "12.0",
        "1,000",
        "A,B",
        'A,"B',
    ),
    *(
        "é",
        "e\u0301",
        "É",
        "ß",
        "SS",
        "\u212a",
        "K",
        "A\u200b",
        "A\x07",
        "A\x85",
        "\ufeffA",
        "a;b",
        "x@y.z",
        "#N/A",
    ),
    *(
        '"Q1"',
        '"Q""1"',
        '"two\nlines"',
        '"',
        'A"',
        "A\rB",
        "\r",
        "A'",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "abc",
        "A\r",
    ),
)
CELLS = st.sampled_from(ODD) | st.text(alphabet="ABab1", min_size=1, max_size=9)
ENDS = st.sampled_from(["\n"] * 8 + ["\r\n"] * 3 + ["\n\n", "\n\r\n", "\r"])


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A file with a header and whatever people, spreadsheets and programs leave in one."""
    width = draw(st.sampled_from([1, 1, 1, 2, 3]))
    plain = st.text(alphabet="ABCabc12", min_size=1, max_size=4)
    cells = draw(st.sampled_from([plain, plain | CELLS, CELLS]))
    end = draw(ENDS)
    ends = st.just(end) | ENDS if draw(st.booleans()) else st.just(end)
    sign = draw(st.sampled_from([",", ",", ";", "\t"]))
    header = sign.join(["note"] * (width - 1) + ["code"])
    if draw(st.booleans()):
        header = sign.join(["code"] + ["note"] * (width - 1))
    text = header + draw(st.sampled_from(["\n", "\r\n"]))
    for _ in range(draw(st.integers(0, 40))):
        odd = draw(st.integers(0, 60)) == 0
        text += sign.join(draw(st.lists(cells, min_size=width, max_size=width + odd))) + draw(ends)
    data = text.encode()
    if draw(st.integers(0, 9)) == 0:
        data += draw(st.sampled_from([b"\xff\n", b"A\xe9\nB\n", b"\xe2\x82\nC9", b"A\0B\n"]))
    return data[:-1] if draw(st.booleans()) else data


@contextmanager
def reading(*, many: bool, block: int) -> Iterator[None]:
    """Take every source for a large one, or none, and read so many bytes at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparing, "MANY", 0 if many else 10**9)
        patch.setattr(source, "_BLOCK", block)
        patch.setattr(rows, "SAMPLE", 1)  # of what is looked at one by one in any case
        yield


def outcome(
    content: bytes | list[str], folder: Path, rules: CodeFileRules, *, leaves_out: bool, **given: Any
) -> Any:
    """All there is to be seen of preparing a file."""
    folder.mkdir()
    rejects = folder.parent / f"{folder.name}.rejects" if leaves_out else None
    record = folder.parent / f"{folder.name}.rows"
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    try:
        done = prepare(file, rules, folder, rejects=rejects, record=record, **given)
    except CouponhubError as error:
        left = [*folder.iterdir(), *folder.parent.glob(record.name)]
        return type(error), str(error), error.hint, left, rejects and rejects.exists()
    parts = [
        (part.path.read_bytes(), part.codes.read_bytes(), part.rows, part.size, part.sha256)
        for part in done.parts
    ]
    return attrs.evolve(done, parts=()), parts, rejects and rejects.read_bytes(), recorded(record)


def recorded(record: Path) -> tuple[list[tuple[int, int]], list[str]]:
    """The line and the fate of each row in a record, and the codes of those that were left out."""
    blocks = list(read_row_record(record))
    fates = [pair for block in blocks for pair in zip(block.lines, block.fates, strict=True)]
    return fates, [code for block in blocks for code in block.codes]


WHOLE: dict[str, Any] = {
    "rules": EXACT,
    "block": 1 << 20,
    "sent": [],
    "leaves_out": True,
    "accepts_ruined": False,
}


@settings(deadline=None, max_examples=examples(100))
@given(
    content=files(),
    rules=RULES,
    block=st.integers(16, 200),
    sent=st.lists(st.sampled_from(["A", "AB", "ab", "É", "E\u0301", "K", "1"]), max_size=3),
    leaves_out=st.booleans(),
    accepts_ruined=st.booleans(),
)
@example(content=b"code\nA1\n" + b"B" * 70_000 + b"\nC1\n", **WHOLE)
@example(content=b"code\nA1\n" + b"B" * 140_000 + b"\nC1\n", **WHOLE)
@example(content=b"code,x\nA1,\n,\n,1\nB1,2\n", **WHOLE)
@example(content=b"code;x\nA1;\nA,2;1\nB1;2\n", **WHOLE | {"rules": QUOTING})
def test_many_come_out_as_few_do(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    content: bytes,
    rules: CodeFileRules,
    block: int,
    sent: list[str],
    leaves_out: bool,
    accepts_ruined: bool,
) -> None:
    """Parts, counts, warnings, fingerprint, rejects, the record of rows, and every word of an error: all the same, whatever the size of a block."""
    folder = tmp_path_factory.mktemp("many")
    path = folder / "sent"
    path.write_text("".join(f"{code}\n" for code in sent), encoding="utf-8")
    given: dict[str, Any] = {
        "sent": [TextCodeSet(path)],
        "accepts_ruined": accepts_ruined,
        "leaves_out": leaves_out,
    }
    with reading(many=False, block=1 << 20):
        expected = outcome(content, folder / "few", rules, **given)
    with reading(many=True, block=block):
        found = outcome(content, folder / "many", rules, **given)
    assert expected == found


def test_each_odd_code_is_odd_among_many(tmp_path: Path) -> None:
    """A block of sound codes, with one between them of which something is to be said."""
    for number, odd in enumerate(ODD):
        content = f"code\nA1\nB-2\n{odd}\nmay3\nd-4\nB-2\n".encode()
        results = []
        for many in (False, True):
            with reading(many=many, block=1 << 20):
                folder = tmp_path / f"{number}{many}"
                results.append(outcome(content, folder, STRICT, leaves_out=True))
        assert results[0] == results[1], odd


def weak(text: bytes, lines: TextLines) -> Words:
    """A hash by which many codes are equal."""
    return MultilinearHash.seeded(b"")(text, lines) & np.uint64(0xC000_0000_0020_0000)


@settings(deadline=None, max_examples=examples(80))
@given(
    codes=st.lists(
        st.text(alphabet="aAbBß1 ", min_size=1, max_size=3).filter(str.strip), min_size=1, max_size=60
    ),
    sent=st.lists(st.text(alphabet="aAbB1", min_size=1, max_size=2), max_size=20),
    ignores_case=st.booleans(),
    max_rows=st.integers(1, 7),
    is_weak=st.booleans(),
)
def test_many_are_what_a_plain_set_says(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    codes: list[str],
    sent: list[str],
    ignores_case: bool,
    max_rows: int,
    is_weak: bool,
) -> None:
    """The parts hold, in order, the first of each code that was not sent; also where hashes collide."""
    folder = tmp_path_factory.mktemp("set")
    path = folder / "sent"
    path.write_text("".join(f"{code}\n" for code in sent), encoding="utf-8")
    rules = attrs.evolve(EXACT, ignores_case=ignores_case, max_rows=max_rows)

    def key(code: str) -> str:
        return code.upper() if ignores_case else code

    positions = {key(code): at for at, code in reversed(list(enumerate(codes)))}
    first = {key(code): code for code in reversed(codes)}
    gone = {key(code) for code in sent}
    expected = [code for code in dict.fromkeys(codes) if first[key(code)] == code and key(code) not in gone]
    fates = [
        DUPLICATE if positions[key(code)] != at else SENT if key(code) in gone else KEPT
        for at, code in enumerate(codes)
    ]
    record = folder / "rows"
    with reading(many=True, block=50), pytest.MonkeyPatch.context() as patch:
        if is_weak:
            patch.setattr("couponhub.codes.sets.sieve.MultilinearHash.fresh", lambda: weak)
        done = prepare(codes, rules, folder, sent=[TextCodeSet(path)], record=record)

    assert expected == [
        code for part in done.parts for code in part.codes.read_text("utf-8").split("\n")[:-1]
    ]
    assert (
        list(enumerate(fates, start=1)),
        [code for code, fate in zip(codes, fates, strict=True) if fate],
    ) == recorded(record)
    assert (len(codes), len(codes) - len(first)) == (done.rows, done.duplicates)
    assert done.rows == done.duplicates + done.skipped + sum(part.rows for part in done.parts)
    assert all(part.rows <= max_rows for part in done.parts)


def test_codes_of_customers_come_out_alike(tmp_path: Path) -> None:
    """What is sent beside the codes, and quoted, is cut and left out with them."""
    tagging = Tagging(identifier=Identifier.EXTERNAL_ID, column="who")
    content = b"who,code\n" + b"".join(b'"x,%d",C%d\n' % (at, at % 40) for at in range(60))
    results = []
    for many in (False, True):
        with reading(many=many, block=100):
            results.append(outcome(content, tmp_path / str(many), QUOTING, leaves_out=False, tagging=tagging))
    assert results[0] == results[1]
    assert b'"x,0",C0\n' in results[0][1][0][0]


def lines_of(count: int) -> bytes:
    """A file of that many codes, none of which is a word."""
    return b"code\n" + b"".join(b"A%07d\n" % at for at in range(count))


def test_a_large_file_is_seen_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are looked at one by one only where they may be no codes."""
    looked: list[int] = []
    check = Checks.check

    def counted(self: Checks, batch: SourceBatch) -> None:
        looked.append(len(batch.codes))
        check(self, batch)

    monkeypatch.setattr(Checks, "check", counted)
    content = lines_of(210_000) + b"A\xc3\x84\n"
    done = prepare(io.BytesIO(content), EXACT, tmp_path)
    assert (210_001, 0) == (done.rows, done.duplicates)
    assert sum(looked) < 60


def test_many_of_an_iterable_are_seen_when_they_are_there(tmp_path: Path) -> None:
    """What cannot be foreseen begins as few, and goes on as many."""
    codes = (f"A{at % 205_000:07}" for at in range(210_000))
    done = prepare(codes, attrs.evolve(EXACT, max_rows=150_000), tmp_path)
    assert (210_000, 5000, [150_000, 55_000]) == (
        done.rows,
        done.duplicates,
        [part.rows for part in done.parts],
    )
    assert b"Coupon Code\nA0000000\nA0000001\n" == done.parts[0].path.read_bytes()[:30]


class Source(io.BytesIO):
    """A file that breaks on its way."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Give the first of it."""
        if self.tell() > 4_000_000:
            raise KeyboardInterrupt
        return super().read(size)


def broken(_folder: Path) -> BinaryIO:
    """A source during which somebody presses Ctrl-C."""
    return Source(lines_of(900_000))


def test_interrupted_leaves_no_files(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a large file: nothing of it stays."""
    with pytest.raises(KeyboardInterrupt):
        prepare(broken(tmp_path), EXACT, tmp_path, rejects=tmp_path / "rejects")
    assert [] == list(tmp_path.iterdir())


def test_a_full_disk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the spool, too; nothing is left, and nothing passes for all there is."""
    monkeypatch.setattr("couponhub.codes.sets.spool.Spool._write", _full)
    with reading(many=True, block=100), pytest.raises(LocalError, match="No space left on device"):
        prepare(io.BytesIO(lines_of(50)), EXACT, tmp_path)
    assert [] == list(tmp_path.iterdir())


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_lookalikes_are_counted_among_many(tmp_path: Path) -> None:
    """Codes that nobody can tell apart, as in a small file; what was sent before counts."""
    codes = ["\u00c91", "E\u03011", "\u00c92", "E\u03013", "A4"]
    path = tmp_path / "sent"
    path.write_text(unicodedata.normalize("NFC", "E\u03013") + "\n", encoding="utf-8")
    warnings: list[Sequence[str]] = []
    for many in (False, True):
        folder = tmp_path / str(many)
        folder.mkdir()
        with reading(many=many, block=100):
            warnings.append(prepare(codes, EXACT, folder, sent=[TextCodeSet(path)]).warnings)
    assert warnings[0] == warnings[1]
    assert "2 codes look like an earlier one" in warnings[0][0]


@pytest.mark.parametrize("much", [0, 10**9])
def test_codes_in_common_are_counted_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, much: int
) -> None:
    """Before a part is sent again, few or many codes are looked for among the others."""
    monkeypatch.setattr(sharing, "MUCH", much)
    sets = []
    for name, codes in (("a", "A1\nb2\nC3\nC3\n"), ("b", "B2\n"), ("c", "C3\nX\n")):
        (tmp_path / name).write_text(codes, encoding="utf-8")
        sets.append(TextCodeSet(tmp_path / name))
    (tmp_path / "work").mkdir()
    assert 2 == sharing.shared(sets[0], sets[1:], STRICT, tmp_path / "work")
