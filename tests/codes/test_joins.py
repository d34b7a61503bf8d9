"""Joins of two sides with what is known of each code: the classes that a plain dict gives, and faults in one line."""

import csv
import io
import os
import stat
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.codes.joins import JoinedClasses, SideCounts, open_engine
from couponhub.codes.row_files import TEXT, write_rows
from couponhub.errors import ConfigError, LocalError, UsageError
from couponhub.models import CodeFileRules
from couponhub.state import comparable
from tests.kit.examples import examples

COLUMNS = ("code", "expires_at", "customer", "status")
Row = tuple[str | None, str | None, str | None, str | None]
RULES = [
    CodeFileRules(code_header="code", ignores_case=case, ignores_blanks=blanks)
    for case in (False, True)
    for blanks in (False, True)
]
CODE = st.text(alphabet='aAb1 \t\x1c\u2003éÉßſiıİ,"', max_size=2)  # noqa: RUF001 - letters whose upper case is another's, too
VALUE = st.one_of(st.none(), st.sampled_from(["", "x", "y", "007", " x", '"', "a,b\n"]))
SIDE = st.lists(st.tuples(st.one_of(st.none(), CODE), VALUE, VALUE, VALUE), max_size=12)


def written(path: Path, rows: Sequence[Row]) -> Path:
    """The rows as a file of the form that its name says."""
    write_rows(path, dict.fromkeys(COLUMNS, TEXT), rows)
    return path


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a file of CSV."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def side_of(rows: Sequence[Row], rules: CodeFileRules) -> tuple[dict[str, list[Row]], int]:
    """The rows of each code, by what is compared, and the number of those without one."""
    found: dict[str, list[Row]] = {}
    nothing = 0
    for row in rows:
        (key,) = comparable(
            [row[0] or ""], ignores_case=rules.ignores_case, ignores_blanks=rules.ignores_blanks
        )
        if key:
            found.setdefault(key, []).append(row)
        else:
            nothing += 1
    return found, nothing


def plainly(expected: Sequence[Row], found: Sequence[Row], rules: CodeFileRules) -> tuple[Any, ...]:
    """The answer of plain dicts: the counts of both sides, and of each code its class and in what it differs."""
    sides = [side_of(rows, rules) for rows in (expected, found)]
    classes: dict[str, tuple[str, str]] = {}
    for key in {**sides[0][0], **sides[1][0]}:
        rows = [codes.get(key, []) for codes, _ in sides]
        differs = [
            name
            for at, name in enumerate(COLUMNS[1:], 1)
            if len({row[at] or None for each in rows for row in each}) > 1
        ]
        if not all(rows):
            classes[key] = ("-" if rows[0] else "+", "")
        else:
            classes[key] = ("*" if differs else "=", " ".join(differs))
    counts = [
        SideCounts(
            rows=nothing + sum(map(len, codes.values())),
            codes=len(codes),
            duplicates=sum(len(rows) - 1 for rows in codes.values()),
            without_code=nothing,
            conflicting=sum(
                any(len({row[at] or None for row in rows}) > 1 for at in (1, 2, 3)) for rows in codes.values()
            ),
        )
        for codes, nothing in sides
    ]
    return counts, classes, sides


@pytest.mark.parametrize("form", ["csv", "parquet"])
@settings(deadline=None, max_examples=examples(60))
@given(expected=SIDE, found=SIDE, rules=st.sampled_from(RULES))
def test_classes_are_those_of_plain_dicts(
    tmp_path_factory: pytest.TempPathFactory,
    form: str,
    expected: list[Row],
    found: list[Row],
    rules: CodeFileRules,
) -> None:
    """Of any letters, duplicates, rows without a code and values that are missing, compared as the vendor does."""
    folder = tmp_path_factory.mktemp("joins")
    paths = written(folder / f"expected.{form}", expected), written(folder / f"found.{form}", found)
    with open_engine("duckdb://", folder=folder) as engine:
        answer = engine.classes(*paths, folder / "out.csv", rules=rules)
    (of_expected, of_found), classes, (mine, theirs) = plainly(expected, found, rules)

    assert (of_expected, of_found) == (answer.expected, answer.found)
    signs = Counter(sign for sign, _ in classes.values())
    assert [signs[sign] for sign in "=-+*"] == [
        answer.same,
        answer.missing,
        answer.unexpected,
        answer.differing,
    ]
    names = Counter(name for _, differs in classes.values() for name in differs.split())
    assert {name: names[name] for name in COLUMNS[1:]} == answer.differing_in
    rows = {key: (len(mine[0].get(key, ())), len(theirs[0].get(key, ()))) for key in classes}
    told = {
        key: (sign, differs, *rows[key])
        for key, (sign, differs) in classes.items()
        if sign != "=" or max(rows[key]) > 1
    }
    written_rows = read(answer.path)
    keys = comparable(
        [row["code"] for row in written_rows],
        ignores_case=rules.ignores_case,
        ignores_blanks=rules.ignores_blanks,
    )
    assert sorted(told) == list(keys)
    assert told == {
        key: (row["class"], row["differs"], int(row["expected_rows"]), int(row["found_rows"]))
        for key, row in zip(keys, written_rows, strict=True)
    }
    assert (answer.are_equal and not told) == (
        not told and not of_expected.without_code and not of_found.without_code
    )
    assert {"out.csv", *(path.name for path in paths)} == {path.name for path in folder.iterdir()}


ROWS: list[Row] = [("007", "2027-01-01", "c1", None), ("A", None, None, "free"), ("B", None, None, None)]
OTHERS: list[Row] = [("7", "2027-01-01", "c1", None), ("A", "2027-01-01", None, "used"), ("B", "", "", "")]


def test_what_differs_stands_beside_each_other(tmp_path: Path) -> None:
    """A private file with both values of each attribute; a code stays text, and nobody else can read it."""
    paths = written(tmp_path / "e.csv", ROWS), written(tmp_path / "f.parquet", OTHERS)
    with open_engine("duckdb://", folder=tmp_path) as engine:
        found = engine.classes(*paths, tmp_path / "out.csv")
        again = engine.classes(*paths, tmp_path / "out.csv", attributes=["customer"])
    assert (1, 1, 1, 1) == (found.same, found.missing, found.unexpected, found.differing)
    assert (2, 0) == (again.same, again.differing)
    assert {"expires_at": 1, "customer": 0, "status": 1} == found.differing_in
    assert not found.are_equal
    with open_engine("duckdb://", folder=tmp_path) as engine:
        engine.classes(*paths, tmp_path / "out.csv")
    assert 0o600 == stat.S_IMODE((tmp_path / "out.csv").stat().st_mode)
    missing, unexpected, star = read(tmp_path / "out.csv")
    assert ("-", "007", "1", "0") == tuple(
        missing[name] for name in ("class", "code", "expected_rows", "found_rows")
    )
    assert ("+", "7", "", "c1") == tuple(
        unexpected[name] for name in ("class", "code", "expected_customer", "found_customer")
    )
    assert ("*", "expires_at status", "", "2027-01-01", "free", "used") == tuple(
        star[name]
        for name in (
            *("class", "differs", "expected_expires_at", "found_expires_at"),
            *("expected_status", "found_status"),
        )
    )


def test_a_table_is_written_as_well(tmp_path: Path) -> None:
    """The same rows as Parquet, with text where there is text and numbers of rows as numbers."""
    import duckdb

    paths = written(tmp_path / "e.csv", ROWS), written(tmp_path / "f.csv", OTHERS)
    with open_engine("duckdb://", folder=tmp_path) as engine:
        engine.classes(*paths, tmp_path / "out.parquet", attributes=["status"])
    with duckdb.connect() as database:
        table = database.read_parquet(str(tmp_path / "out.parquet"))
        assert [
            ("*", "A", "status", 1, 1, "free", "used"),
            ("+", "7", None, 0, 1, None, None),
            ("-", "007", None, 1, 0, None, None),
        ] == sorted(table.fetchall())


def test_a_code_that_stands_twice_is_told(tmp_path: Path) -> None:
    """It never becomes several rows, and is in the file also where both sides have it and agree."""
    paths = written(tmp_path / "e.csv", ROWS * 2), written(tmp_path / "f.csv", ROWS * 3)
    with open_engine("duckdb://", folder=tmp_path) as engine:
        found = engine.classes(*paths, tmp_path / "out.csv")
    assert (3, 3, 6) == (found.same, found.expected.duplicates, found.found.duplicates)
    assert (0, 0) == (found.expected.conflicting, found.found.conflicting)
    assert not found.are_equal
    assert [("=", "2", "3")] * 3 == [
        (row["class"], row["expected_rows"], row["found_rows"]) for row in read(found.path)
    ]


def test_equal_sides_leave_an_empty_file(tmp_path: Path) -> None:
    """A header, so that the next tool reads it; also of two sides without a row."""
    for rows in (ROWS, []):
        paths = written(tmp_path / "e.csv", rows), written(tmp_path / "f.csv", rows)
        with open_engine("duckdb://", folder=tmp_path) as engine:
            found = engine.classes(*paths, tmp_path / "out.csv")
        assert found.are_equal
        assert len(rows) == found.same
        assert [] == read(found.path)
        assert found.path.read_text(encoding="utf-8").startswith("class,code,differs,")


@pytest.mark.parametrize("name", ["it's", 'a "b"', "x[1]*?", "k=v", "ü x"])
def test_a_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    """No name is a pattern, a piece of a query or a column."""
    folder = tmp_path / name
    folder.mkdir()
    paths = written(folder / "e.csv", ROWS), written(folder / "f.parquet", OTHERS)
    with open_engine("duckdb://", folder=folder) as engine:
        assert 1 == engine.classes(*paths, folder / "o'ut[1].csv").same
        assert 1 == engine.classes(*paths, folder / "o'ut[1].parquet").same


def test_attributes_may_be_called_anything(tmp_path: Path) -> None:
    """Also like what stands beside them inside."""
    names = ("key", "class", "expected", 'a "b"', "conflicts", "differs_0", "0")
    for side, value in (("e", "1"), ("f", "2")):
        write_rows(
            tmp_path / f"{side}.csv", dict.fromkeys(("code", *names), TEXT), [("A", *[value] * len(names))]
        )
    with open_engine("duckdb://", folder=tmp_path) as engine:
        found = engine.classes(tmp_path / "e.csv", tmp_path / "f.csv", tmp_path / "out.csv", attributes=names)
    assert dict.fromkeys(names, 1) == found.differing_in
    for wrong in (["code"], ["rows"], ["key", "key"]):
        with (
            pytest.raises(UsageError, match="each attribute is named once"),
            open_engine("duckdb://", folder=tmp_path) as engine,
        ):
            engine.classes(tmp_path / "e.csv", tmp_path / "f.csv", tmp_path / "out.csv", attributes=wrong)


FAULTS = {
    b"": "does not begin with the names of its columns",
    b"code,status,status\nA,1,2\n": "does not begin with the names",
    b"code;status\nSECRET;1\n": "has no column code and no status",
    b"\xff\xfec\x00": "does not begin with the names",
    b"code,status\nA,1\nSECRET,1,2\n": r"e\.csv cannot be read, on line 3",
    b"code,status\nSECRET\n": r"e\.csv cannot be read, on line 2",
    b'code,status\nA,1\nB,"SECRET\n': r"e\.csv cannot be read, on line 3",
    b"code,status\nSECRET,\xff\n": r"e\.csv cannot be read, on line 2",
    b"PAR1 SECRET and no more": r"e\.csv cannot be read: neither CSV",
}


@pytest.mark.parametrize("content", FAULTS, ids=list(FAULTS.values()))
def test_a_faulty_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    """By its name and the line, never with what stands there; no file is written, and one that was there stays."""
    (tmp_path / "e.csv").write_bytes(content)
    good = written(tmp_path / "f.csv", ROWS)
    target = tmp_path / "out.csv"
    target.write_text("before", encoding="utf-8")
    for paths in ((tmp_path / "e.csv", good), (good, tmp_path / "e.csv")):
        with (
            open_engine("duckdb://", folder=tmp_path) as engine,
            pytest.raises(UsageError, match=FAULTS[content]) as caught,
        ):
            engine.classes(*paths, target, attributes=["status"])
        assert "SECRET" not in f"{caught.value} {caught.value.hint}"
        assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    assert "before" == target.read_text(encoding="utf-8")
    assert {"e.csv", "f.csv", "out.csv"} == {path.name for path in tmp_path.iterdir()}


def test_a_column_of_numbers_is_refused(tmp_path: Path) -> None:
    """What stood in front of a number is gone; a column that is not compared may hold anything."""
    write_rows(tmp_path / "e.parquet", {"code": "BIGINT", "status": TEXT}, [(7, "x")])
    write_rows(tmp_path / "f.parquet", {"code": TEXT, "status": TEXT, "n": "BIGINT"}, [("7", "x", 7)])
    with open_engine("duckdb://", folder=tmp_path) as engine:
        with pytest.raises(UsageError, match=r'the column "code" of .*e\.parquet holds bigint, no text'):
            engine.classes(
                tmp_path / "e.parquet", tmp_path / "f.parquet", tmp_path / "out.csv", attributes=["status"]
            )
        same = tmp_path / "f.parquet"
        assert engine.classes(same, same, tmp_path / "out.csv", attributes=["status"]).are_equal


def test_this_machine_may_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No such file, no such folder, no room, an ending that says nothing: each is one line."""
    good = written(tmp_path / "f.csv", ROWS)
    with open_engine("duckdb://", folder=tmp_path) as engine:
        with pytest.raises(LocalError, match=r"gone\.csv cannot be read: No such file"):
            engine.classes(tmp_path / "gone.csv", good, tmp_path / "out.csv")
        with pytest.raises(LocalError, match="cannot be written: No such file"):
            engine.classes(good, good, tmp_path / "no" / "out.csv")
        with pytest.raises(UsageError, match="does not say which form"):
            engine.classes(good, good, tmp_path / "out.xlsx")
        monkeypatch.setattr(Path, "chmod", lambda *_: (_ for _ in ()).throw(OSError(28, os.strerror(28))))
        with pytest.raises(LocalError, match=r"out\.csv cannot be written: No space left"):
            engine.classes(good, good, tmp_path / "out.csv")
    assert ["f.csv"] == [path.name for path in tmp_path.iterdir()]
    with (
        pytest.raises(LocalError, match="failed: No such file"),
        open_engine("duckdb://", folder=tmp_path / "no"),
    ):
        pass


def test_more_than_the_memory_goes_to_the_disk(tmp_path: Path) -> None:
    """More than it may use, one per cent of which differ; nothing of it is left there."""
    import duckdb

    with duckdb.connect() as database:
        for side, status in (("e", "free"), ("f", "used")):
            database.sql(
                "SELECT repeat(md5(i::VARCHAR), 4) AS code, if(i % 100 = 0, $status, 'same') AS status"
                " FROM range(900_000) t(i)",
                params={"status": status},
            ).write_parquet(str(tmp_path / f"{side}.parquet"))
    with open_engine("duckdb://", memory_bytes=200_000_000, folder=tmp_path) as engine:
        found = engine.classes(
            tmp_path / "e.parquet", tmp_path / "f.parquet", tmp_path / "out.csv", attributes=["status"]
        )
    assert (891_000, 9_000, 9_000) == (found.same, found.differing, found.differing_in["status"])
    assert ["e.parquet", "f.parquet", "out.csv"] == sorted(path.name for path in tmp_path.iterdir())


def test_an_engine_is_named_by_its_address(tmp_path: Path) -> None:
    """Nothing else is one, and nonsense about it is refused."""
    for url in ("duckdb", "spark://master", "sc://", "http://host:1", ""):
        with pytest.raises(ConfigError, match=r'sets\.engine: expected "duckdb://"'):
            open_engine(url, folder=tmp_path)
    wrong: list[dict[str, Any]] = [{"memory_bytes": 1}, {"memory_bytes": "1GB"}, {"threads": 0}]
    for arguments in wrong:
        with pytest.raises(UsageError, match=r"the (memory|threads) of an engine must be"):
            open_engine("duckdb://", folder=tmp_path, **arguments)


@pytest.mark.parametrize("module", ["ibis", "duckdb"])
def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """With the extra that brings it."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match="need Ibis and DuckDB") as caught:
        open_engine("duckdb://", folder=tmp_path)
    assert "pip install 'couponhub[sets]'" in caught.value.hint
    assert [] == list(tmp_path.iterdir())


def test_counts_balance() -> None:
    """Sides without fault are equal only where nothing is missing, unexpected, different, doubled or without a code."""
    side = SideCounts(rows=2, codes=2, duplicates=0, without_code=0, conflicting=0)
    base: dict[str, Any] = {"same": 2, "missing": 0, "unexpected": 0, "differing": 0, "differing_in": {}}
    equal = JoinedClasses(**base, expected=side, found=side, path=Path("x"))
    assert equal.are_equal
    changes: list[dict[str, Any]] = [{name: 1} for name in ("missing", "unexpected", "differing")]
    odd: list[dict[str, Any]] = [{"duplicates": 1}, {"without_code": 1}]
    changes += [{"found": attrs.evolve(side, **each)} for each in odd]
    assert [] == [change for change in changes if attrs.evolve(equal, **change).are_equal]
