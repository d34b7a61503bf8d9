"""The record of rows says of each row of a source on which line it stands and what became of it, in little space."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.codes import prepare
from couponhub.codes.dedupe import DUPLICATE, KEPT, SENT
from couponhub.codes.row_record import (
    IN_DOUBT,
    RowBlock,
    RowRecordWriter,
    note_doubts,
    pack_fates,
    pack_steps,
    read_row_record,
)
from couponhub.errors import LocalError
from couponhub.models import CodeFileRules
from couponhub.state import TextCodeSet
from tests.kit.examples import examples

EXACT = CodeFileRules(code_header="code")


def write(path: Path, fates: bytes, lines: list[int], *, at_once: int) -> None:
    """Record rows of these fates, so many in a block; the code of each is its line."""
    with RowRecordWriter(path) as record:
        for start in range(0, len(lines), at_once):
            some, what = lines[start : start + at_once], fates[start : start + at_once]
            codes = "".join(f"{line}\n" for line, fate in zip(some, what, strict=True) if fate).encode()
            record.write(
                RowBlock(
                    first=some[0],
                    rows=len(some),
                    steps=pack_steps(some),
                    fates=pack_fates(what),
                    codes=codes,
                )
            )


def read(path: Path) -> tuple[list[int], bytes, list[str]]:
    """The lines and fates of all rows, and the codes of those that were left out."""
    blocks = list(read_row_record(path))
    return (
        [line for block in blocks for line in block.lines],
        b"".join(block.fates for block in blocks),
        [code for block in blocks for code in block.codes],
    )


ROWS = st.lists(
    st.tuples(st.integers(1, 3) | st.integers(1, 100_000), st.sampled_from([KEPT, DUPLICATE, SENT])),
    max_size=60,
)


@settings(max_examples=examples(100))
@given(rows=ROWS, at_once=st.integers(1, 20))
def test_what_is_recorded_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int]], at_once: int
) -> None:
    """Lines, fates and codes come back in their order, whatever the lines and however many go into a block."""
    path = tmp_path_factory.mktemp("record") / "rows"
    lines = [sum(step for step, _ in rows[: at + 1]) for at in range(len(rows))]
    fates = bytes(fate for _, fate in rows)
    write(path, fates, lines, at_once=at_once)
    left_out = [str(line) for line, fate in zip(lines, fates, strict=True) if fate]
    assert (lines, fates, left_out) == read(path)


@settings(max_examples=examples(60))
@given(
    rows=ROWS,
    proofs=st.lists(st.booleans(), max_size=60),
    at_once=st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_rows_of_which_nothing_is_proven_are_in_doubt(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, int]],
    proofs: list[bool],
    at_once: tuple[int, int],
) -> None:
    """Of the rows that may have been sent before, just those are in doubt that the other record lets go out."""
    folder = tmp_path_factory.mktemp("doubts")
    fates = bytes(fate for _, fate in rows)
    is_proven = [*proofs, *[False] * len(rows)][: len(rows)]
    proven = bytes(
        KEPT if fate == SENT and not proof else fate for fate, proof in zip(fates, is_proven, strict=True)
    )
    lines = list(range(2, len(rows) + 2))
    write(folder / "all", fates, lines, at_once=at_once[0])
    write(folder / "proven", proven, lines, at_once=at_once[1])

    note_doubts(folder / "all", folder / "proven", folder / "rows")

    expected = bytes(
        IN_DOUBT if fate == SENT and not proof else fate for fate, proof in zip(fates, is_proven, strict=True)
    )
    left_out = [str(line) for line, fate in zip(lines, fates, strict=True) if fate]
    assert (lines, expected, left_out) == read(folder / "rows")


@pytest.mark.parametrize("line", ["", "\n"], ids=["each line", "every second line"])
def test_a_record_takes_little_space(tmp_path: Path, line: str) -> None:
    """Of rows that are sent it holds no code, and their lines take less than a fortieth of a byte each."""
    count = 250_000
    source = tmp_path / "codes.csv"
    source.write_text("code\n" + "".join(f"A{at:07}\n{line}" for at in range(count)), encoding="utf-8")
    (tmp_path / "work").mkdir()
    prepare(source, EXACT, tmp_path / "work", record=tmp_path / "rows")
    assert (tmp_path / "rows").stat().st_size < count / 40
    lines, fates, left_out = read(tmp_path / "rows")
    assert (list(range(2, 2 + count * (1 + len(line)), 1 + len(line))), bytes(count), []) == (
        lines,
        fates,
        left_out,
    )


def test_a_record_is_for_its_owner_alone(tmp_path: Path) -> None:
    """It may hold codes."""
    with RowRecordWriter(tmp_path / "rows"):
        pass
    assert 0o600 == (tmp_path / "rows").stat().st_mode & 0o777


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda _: b"",
        lambda content: b"x" + content[1:],
        lambda content: content[:45] + b"xx" + content[47:],
    ],
)
def test_a_damaged_record_is_told(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """One that was cut off or changed is never taken for one of fewer rows."""
    path = tmp_path / "rows"
    write(path, bytes([KEPT, DUPLICATE, KEPT, SENT]), [2, 4, 5, 9], at_once=2)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(LocalError, match="is damaged"):
        read(path)


def test_a_record_of_a_source_that_is_refused_is_not_there(tmp_path: Path) -> None:
    """Nothing half done is left where preparing ends half way."""
    sent = tmp_path / "sent"
    sent.write_bytes(b"\xff\n")
    (tmp_path / "work").mkdir()
    with pytest.raises(LocalError):
        prepare(["A1"], EXACT, tmp_path / "work", sent=[TextCodeSet(sent)], record=tmp_path / "rows")
    assert not (tmp_path / "rows").exists()


def test_a_full_disk_is_told_and_leaves_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of the files of the parts: one line, and nothing half done."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RowRecordWriter, "write", full)
    (tmp_path / "work").mkdir()
    with pytest.raises(LocalError, match="No space left on device"):
        prepare(["A1"], EXACT, tmp_path / "work", record=tmp_path / "rows")
    assert {"work"} == {path.name for path in tmp_path.rglob("*")}
