"""From a source of codes to vendor files: what is kept, left out, refused and warned about."""

import errno
import hashlib
import io
from pathlib import Path
from typing import IO, Any, Self

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.codes import PreparedCodes, prepare, writing
from couponhub.codes import dedupe as deduplicator
from couponhub.errors import LocalError, UsageError
from couponhub.models import CodeFileRules, Identifier, Tagging
from couponhub.state import TextCodeSet
from tests.kit.examples import examples

PLAIN = CodeFileRules(code_header="Coupon Code")
STRICT = CodeFileRules(
    code_header="code", ignores_case=True, max_code_length=10, warn_code_length=6, customer_header="customer"
)
BY_MOBILE = Tagging(identifier=Identifier.MOBILE, column="mobile")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty private folder."""
    folder = tmp_path / "workspace"
    folder.mkdir(mode=0o700)
    return folder


def texts(prepared: PreparedCodes) -> list[str]:
    """The content of each part."""
    return [part.path.read_text(encoding="utf-8") for part in prepared.parts]


def code_set(folder: Path, *codes: str) -> TextCodeSet:
    """A code set that was sent before."""
    path = folder / "sent.set"
    path.write_text("".join(f"{code}\n" for code in codes), encoding="utf-8")
    return TextCodeSet(path)


@pytest.mark.parametrize(
    "content",
    [
        b"Coupon Code\nA1\nB2\n",
        b"code\r\nA1\r\nB2\r\n",
        b"\xef\xbb\xbfCOUPON_CODE\nA1\n\n  \nB2",
        b'voucher code\n"A1"\nB2\n',
        b"\n\nCodes\nA1\nB2\n",
        b"name,coupon code,note\nx,A1,\nx,B2,y\n",
    ],
)
def test_any_usual_form_becomes_the_vendors(workspace: Path, content: bytes) -> None:
    """BOM, CRLF, quotes, blank rows and other columns of the source do not reach the vendor's file."""
    prepared = prepare(io.BytesIO(content), PLAIN, workspace)

    assert ["Coupon Code\nA1\nB2\n"] == texts(prepared)
    assert 2 == prepared.rows
    assert b"A1\nB2\n" == prepared.parts[0].codes.read_bytes()


def test_path_text_file_and_iterable_give_the_same(tmp_path: Path, workspace: Path) -> None:
    """However codes come, the vendor's file and the fingerprint are the same."""
    path = tmp_path / "codes.csv"
    path.write_text("code\nA1\nB2\n", encoding="utf-8")
    sources: list[Any] = [path, str(path), io.StringIO("\ufeffcode\nA1\nB2\n"), iter(["A1", "B2"])]
    results = []
    for number, source in enumerate(sources):
        folder = workspace / str(number)
        folder.mkdir()
        prepared = prepare(source, PLAIN, folder)
        results.append((texts(prepared), prepared.fingerprint))

    assert [results[0]] * 4 == results


def test_codes_stay_text_exactly(workspace: Path) -> None:
    """Leading zeros, exponents and blanks are not what they look like, they are what they are."""
    codes = ["007", "1e5", " 12", "12 ", "@1", "ÄÖ"]

    prepared = prepare(codes, PLAIN, workspace)

    assert ["Coupon Code\n007\n1e5\n 12\n12 \n@1\nÄÖ\n"] == texts(prepared)
    assert (
        "1 codes begin with = + - or @, which a spreadsheet would take for a formula",
        "2 codes begin or end with a blank, which was kept",
    ) == prepared.warnings


def test_file_description_is_true(workspace: Path) -> None:
    """Size, hash and mode of a part are those of the file."""
    (part,) = prepare(["A1", "B2"], PLAIN, workspace).parts

    assert part.path.stat().st_size == part.size
    assert hashlib.sha256(part.path.read_bytes()).hexdigest() == part.sha256
    assert [0o600, 0o600] == [path.stat().st_mode & 0o777 for path in (part.path, part.codes)]


def test_nothing_but_the_parts_is_left(workspace: Path) -> None:
    """What was needed on the way is gone."""
    (part,) = prepare(["A1"], PLAIN, workspace).parts

    assert {part.path, part.codes} == set(workspace.iterdir())


def test_duplicates_and_sent_codes_are_left_out(workspace: Path) -> None:
    """The first of equal codes is kept; a repeated sent code counts as a duplicate, not twice as skipped."""
    sent = [code_set(workspace, "B2", "X9")]

    prepared = prepare(["A1", "B2", "A1", "C3", "B2"], PLAIN, workspace, sent=sent)

    assert ["Coupon Code\nA1\nC3\n"] == texts(prepared)
    assert (5, 2, 1) == (prepared.rows, prepared.duplicates, prepared.skipped)


def test_case_counts_unless_the_vendor_ignores_it(workspace: Path) -> None:
    """For one vendor ab and AB are two codes, for the other one, and the first spelling goes out."""
    (workspace / "1").mkdir()
    (workspace / "2").mkdir()
    kept = prepare(["ab", "AB"], PLAIN, workspace / "1")
    folded = prepare(["ab", "AB", "cd"], STRICT, workspace / "2", sent=[code_set(workspace, "CD")])

    assert (0, ["Coupon Code\nab\nAB\n"]) == (kept.duplicates, texts(kept))
    assert (1, 1, ["code\nab\n"]) == (folded.duplicates, folded.skipped, texts(folded))
    assert (
        "2 codes have lower-case letters, which the vendor ignores",
        "1 codes differ from an earlier one only by case, which the vendor ignores: left out",
    ) == folded.warnings


def test_nothing_left_is_no_part(workspace: Path) -> None:
    """When all was sent before there is no empty file to send."""
    prepared = prepare(["A1"], PLAIN, workspace, sent=[code_set(workspace, "A1")])

    assert ((), 1, 1) == (prepared.parts, prepared.rows, prepared.skipped)


def test_long_codes_are_warned_about(workspace: Path) -> None:
    """Between the two lengths a code goes out with a warning."""
    prepared = prepare(["ABCDEFG", "ABC"], STRICT, workspace)

    assert ("1 codes are longer than 6 characters, which the vendor may refuse",) == prepared.warnings


@pytest.mark.parametrize(
    ("tagging", "content"),
    [
        (BY_MOBILE, "mobile,code\n9198,A1\n9199,B2\n"),
        (BY_MOBILE, "id,Coupon Code,Mobile\n1,A1,9198\n2,B2,9199\n"),
        (BY_MOBILE, "whatever,mobile\nA1,9198\nB2,9199\n"),
        (Tagging(identifier=Identifier.MOBILE, column=1), "codes,phone\nA1,9198\nB2,9199\n"),
        (Tagging(identifier=Identifier.MOBILE, column=0), "phone,x\n9198,A1\n9199,B2\n"),
    ],
)
def test_tagged_files_put_the_customer_first(workspace: Path, tagging: Tagging, content: str) -> None:
    """Wherever the source has the customer, the vendor's file has it in column 0."""
    prepared = prepare(io.StringIO(content), STRICT, workspace, tagging=tagging)

    assert ["customer,code\n9198,A1\n9199,B2\n"] == texts(prepared)
    assert b"A1\nB2\n" == prepared.parts[0].codes.read_bytes()


def test_tagging_is_part_of_the_fingerprint(workspace: Path) -> None:
    """The same rows bound by another kind of identifier are another batch."""
    found = set()
    for kind in (Identifier.MOBILE, Identifier.EXTERNAL_ID, Identifier.ID):
        folder = workspace / kind
        folder.mkdir()
        tagging = Tagging(identifier=kind, column="who")
        source = io.StringIO("who,code\n919876543210,A1\n")
        found.add(prepare(source, PLAIN, folder, tagging=tagging).fingerprint)

    assert 3 == len(found)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"Coupon Code\n", "there are no codes, only a header"),
        (b"SUMMER\nWINTER\n", "has no header"),
        (b"a,b\nSAVE-1,1\n", "has no header"),
        (b"voucher,coupon\nA,B\n", "several columns could hold the codes"),
        (b"code\nA\x001\n", "not a text file"),
        (b"PK\x03\x04\x00\x00", "the zip file is damaged or cut off"),
        (b"code\nA1\n\xff\xfe\n", "line 3: bytes that are not UTF-8 in the code"),
        (b"code\nA\x07\n", "line 2: a control character in the code"),
        (b"code\nA1,\n", "line 2: 2 columns where the header has 1"),
        (b"code,x\nA1\n", "line 2: 1 columns where the header has 2"),
        (b"code,x\nA1,1\n,1\n", "line 3: no code"),
        (b"code\n" + b"A" * 11 + b"\n", "line 2: a code of 11 characters, the vendor takes 10"),
        (b'code\n"A,1"\n', "line 2: a comma or quote"),
        (b'code\nA1\n\nB"2\n', "line 4: a comma or quote"),
        (b'code\n"A1\nB2\n', "broken CSV quoting"),
    ],
)
def test_bad_files_are_refused(workspace: Path, content: bytes, message: str) -> None:
    """One line says what is wrong and where; nothing is left behind."""
    with pytest.raises(UsageError, match=message):
        prepare(io.BytesIO(content), STRICT, workspace)
    assert [] == list(workspace.iterdir())


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [
        ("mobile,code\n,A1\n", "mobile", "line 2: no customer"),
        ("mobile,code\n9198,\n", "mobile", "line 2: no code"),
        ("mobile,code\n9\x07,A1\n", "mobile", "line 2: a control character in the customer's column"),
        ("code\nA1\n", "mobile", "need two columns"),
        ("phone,code\n9198,A1\n", "mobile", "no column has the name"),
        ("phone,code\n9198,A1\n", 2, "there is no column 2"),
        ("919876543210,SAVE1\n919876543211,SAVE2\n", 0, "the file has no header"),
    ],
)
def test_bad_tagged_files_are_refused(workspace: Path, content: str, column: str | int, message: str) -> None:
    """Every row of a tagged file needs both, and the header must say which is which."""
    tagging = Tagging(identifier=Identifier.MOBILE, column=column)
    with pytest.raises(UsageError, match=message):
        prepare(io.StringIO(content), STRICT, workspace, tagging=tagging)


def test_faults_are_told_together_without_any_code(workspace: Path) -> None:
    """The first few by line, the rest as a number, and no code or customer in the text."""
    rows = [f"SECRET{row:010}" for row in range(30_000)]

    with pytest.raises(UsageError) as caught:
        prepare(io.StringIO("code\nOK1\n" + "\n".join(rows)), STRICT, workspace)

    assert "SECRET" not in str(caught.value)
    assert str(caught.value).startswith(
        "30000 faulty rows, nothing was sent: line 3: a code of 16 characters"
    )
    assert str(caught.value).endswith("; and 29995 more")


def test_iterables_hold_text_only(workspace: Path) -> None:
    """A number is refused rather than written as the text it never was."""
    codes: list[Any] = ["A1", 7]
    with pytest.raises(UsageError, match="code number 2 is int, not text"):
        prepare(codes, PLAIN, workspace)


def test_an_endless_line_is_no_text_file(workspace: Path) -> None:
    """A large file without line breaks is refused before it fills the memory."""
    with pytest.raises(UsageError, match="not a text file"):
        prepare(io.BytesIO(b"x" * (3 << 20)), PLAIN, workspace)


def test_quoting_where_the_vendor_allows_it(workspace: Path) -> None:
    """Only values that need quotes get them, and the code set holds the plain code."""
    rules = attrs.evolve(PLAIN, quoting=True)

    (part,) = prepare(['A"1', "B,2", "C3"], rules, workspace).parts

    assert b'Coupon Code\n"A""1"\n"B,2"\nC3\n' == part.path.read_bytes()
    assert b'A"1\nB,2\nC3\n' == part.codes.read_bytes()


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (attrs.evolve(PLAIN, max_rows=2), ["Coupon Code\nA1\nB2\n", "Coupon Code\nC3\n"]),
        (attrs.evolve(PLAIN, max_bytes=18), ["Coupon Code\nA1\nB2\n", "Coupon Code\nC3\n"]),
        (attrs.evolve(PLAIN, max_bytes=17), [f"Coupon Code\n{code}\n" for code in ("A1", "B2", "C3")]),
        (attrs.evolve(PLAIN, max_rows=3, max_bytes=21), ["Coupon Code\nA1\nB2\nC3\n"]),
    ],
)
def test_files_keep_within_the_vendors_limits(
    workspace: Path, rules: CodeFileRules, expected: list[str]
) -> None:
    """Both limits count the way the vendor counts: rows without, bytes with the header."""
    assert expected == texts(prepare(["A1", "B2", "C3"], rules, workspace))


def test_a_row_larger_than_any_file_is_refused(workspace: Path) -> None:
    """It could never be sent, and no part before it is left."""
    with pytest.raises(UsageError, match="single row is larger"):
        prepare(["A1", "A" * 40], attrs.evolve(PLAIN, max_bytes=20), workspace)
    assert [] == list(workspace.iterdir())


CODES = st.text(alphabet="aAbB1 ", min_size=1, max_size=3).filter(str.strip)


@settings(deadline=None, max_examples=examples(60))
@given(
    codes=st.lists(CODES, min_size=1, max_size=60),
    sent=st.lists(CODES, max_size=20),
    ignores_case=st.booleans(),
    max_rows=st.integers(1, 7),
)
def test_any_batch_is_split_without_loss(
    tmp_path_factory: pytest.TempPathFactory,
    codes: list[str],
    sent: list[str],
    ignores_case: bool,
    max_rows: int,
) -> None:
    """The parts hold, in order, the first of each code that was not sent; everything else is counted."""
    workspace = tmp_path_factory.mktemp("workspace")
    rules = attrs.evolve(PLAIN, ignores_case=ignores_case, max_rows=max_rows)

    def key(code: str) -> str:
        return code.upper() if ignores_case else code

    firsts = list({key(code): code for code in reversed(codes)}.items())
    gone = {key(code) for code in sent}
    expected = sorted(code for k, code in firsts if k not in gone)

    prepared = prepare(codes, rules, workspace, sent=[code_set(workspace, *sent)])

    written = [code for text in texts(prepared) for code in text.split("\n")[1:-1]]
    assert expected == sorted(written)
    assert written == [code for code in dict.fromkeys(codes) if code in set(written)]
    assert len(codes) - len(firsts) == prepared.duplicates
    assert len(codes) == prepared.duplicates + prepared.skipped + sum(part.rows for part in prepared.parts)
    assert all(part.rows <= max_rows for part in prepared.parts)


def test_many_rows_go_through_files(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the memory's share the result is the same, and the files on the way are private and gone after."""
    monkeypatch.setattr(deduplicator, "_IN_MEMORY", 100)
    spilled: list[int] = []
    private = deduplicator.private

    def watched(path: str, flags: int) -> int:
        opened = private(path, flags)
        spilled.append(Path(path).stat().st_mode & 0o777)
        return opened

    monkeypatch.setattr(deduplicator, "private", watched)
    codes = [f"C{number % 3000}" for number in range(9000)]

    prepared = prepare(codes, PLAIN, workspace, sent=[code_set(workspace, *(f"C{n}" for n in range(1000)))])

    assert (6000, 1000, [2000]) == (prepared.duplicates, prepared.skipped, [p.rows for p in prepared.parts])
    assert {0o600} == set(spilled)
    assert {"1.csv", "1.txt", "sent.set"} == {path.name for path in workspace.iterdir()}


def test_missing_file_is_local_trouble(workspace: Path) -> None:
    """No such file is a fault of this machine's side, in one line."""
    with pytest.raises(LocalError, match=r"cannot read .*: No such file"):
        prepare("nowhere.csv", PLAIN, workspace)


class _FullDisk:
    """An open file on a disk that is full; `fails_on` is the method that finds out."""

    def __init__(self, file: IO[bytes], fails_on: str) -> None:
        self._file = file
        self._fails_on = fails_on

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()
        self._full("close")

    def write(self, block: bytes) -> int:
        """Write a block, or find the disk full."""
        self._full("write")
        return self._file.write(block)

    def _full(self, method: str) -> None:
        if method == self._fails_on:
            raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("fails_on", ["write", "close"])
def test_full_disk_leaves_nothing_half_done(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, fails_on: str
) -> None:
    """Whether writing or closing finds the disk full, there is one clear error and no file."""
    create = writing._create
    monkeypatch.setattr(writing, "_create", lambda path: _FullDisk(create(path), fails_on))

    with pytest.raises(LocalError, match="No space left on device"):
        prepare(["A1", "B2", "C3"], attrs.evolve(PLAIN, max_rows=1), workspace)
    assert [] == list(workspace.iterdir())
