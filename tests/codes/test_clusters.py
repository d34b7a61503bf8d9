"""Set work on a cluster: the same outcome, to the byte, as in this process; of codes of any letters."""

import csv
import io
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.codes import SetComparison, compare, intersect, subtract
from couponhub.codes.joins import SetsSettings, clustered, open_engine
from couponhub.codes.row_files import TEXT, write_rows
from couponhub.models import CodeFileRules
from couponhub.state import TextCodeSet, comparable
from tests.kit.examples import examples
from tests.kit.sail import SharedEngine

RULES = [
    CodeFileRules(code_header="code", ignores_case=case, ignores_blanks=blanks)
    for case in (False, True)
    for blanks in (False, True)
]
WORDS = ["NULL", "null", "None", "nan", "NaN", "true", "1e5", "1E5", "100000", "007", "7", "7.0", "-0", "0x7", "\\N", "''", "%s"]  # fmt: skip
LETTERS = 'aAb1 \t\x1c\u2003\u00a0éÉe\u0301ßẞſsSiıİIσςΣǆǅﬁ\U00010428\U00010400\ufffd\U0010ffff,"'  # noqa: RUF001 - letters whose upper case is another's, too
CODE = st.one_of(
    st.sampled_from(WORDS),
    st.text(alphabet=LETTERS, min_size=1, max_size=3),
    st.builds(lambda letter, last: letter * 3000 + last, st.sampled_from("aé"), st.sampled_from("xX ")),
)
CODES = st.lists(st.lists(CODE, max_size=8), max_size=3)
COLUMNS = ("code", "expires_at", "customer", "status")
VALUE = st.one_of(st.none(), st.sampled_from(["", "x", "NULL", "007", "7", " x", "é", "a,b\n"]))
SIDE = st.lists(st.tuples(st.one_of(st.none(), CODE), VALUE, VALUE, VALUE), max_size=10)


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the cluster about sets of any size."""
    monkeypatch.setattr(clustered, "MANY", 0)


def sets_in(folder: Path, lists: Sequence[Sequence[str]]) -> list[TextCodeSet]:
    """Code sets of these codes."""
    folder.mkdir()
    found = []
    for number, codes in enumerate(lists):
        path = folder / str(number)
        path.write_text("".join(f"{code}\n" for code in codes), encoding="utf-8", newline="\n")
        found.append(TextCodeSet(path))
    return found


def outcome(
    folder: Path,
    first: list[TextCodeSet],
    second: list[TextCodeSet],
    rules: CodeFileRules,
    engine: SetsSettings,
) -> tuple[object, dict[str, bytes]]:
    """What each verb counts, and the files that it writes."""
    folder.mkdir()
    counts: list[object] = [
        subtract(first, second, folder / "less.csv", folder, rules=rules, engine=engine),
        intersect(first, second, folder / "both.csv", folder, rules=rules, engine=engine),
        compare(first, second, folder, target=folder / "compared", rules=rules, engine=engine),
    ]
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    return counts, files


def plainly(
    first: Sequence[Sequence[str]], second: Sequence[Sequence[str]], rules: CodeFileRules
) -> tuple[list[str], list[str]]:
    """By plain dicts: the codes of the first that others hold, and the rest, in their order and spelling."""

    def keys(lists: Sequence[Sequence[str]]) -> dict[str, str]:
        found: dict[str, str] = {}
        for codes in lists:
            folded = comparable(codes, ignores_case=rules.ignores_case, ignores_blanks=rules.ignores_blanks)
            for key, code in zip(folded, codes, strict=True):
                found.setdefault(key, code)
        return found

    ours, theirs = keys(first), keys(second)
    return (
        [code for key, code in ours.items() if key in theirs],
        [code for key, code in ours.items() if key not in theirs],
    )


def codes_of(content: bytes) -> list[str]:
    """The codes of a file, without its header."""
    return [row[0] for row in csv.reader(io.StringIO(content.decode(), newline=""))][1:]


@settings(deadline=None, max_examples=examples(40))
@given(first=CODES, second=CODES, rules=st.sampled_from(RULES))
def test_sets_are_the_same_on_a_cluster(
    sail_url: str, first: list[list[str]], second: list[list[str]], rules: CodeFileRules
) -> None:
    """Counts, codes, order and spelling; by this process, by a cluster and by plain dicts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place = folder / "place"
        place.mkdir()
        ours, theirs = sets_in(folder / "1", first), sets_in(folder / "2", second)
        here = outcome(folder / "here", ours, theirs, rules, SetsSettings())
        there = outcome(
            folder / "there", ours, theirs, rules, SetsSettings(engine=sail_url, place=f"file://{place}")
        )
        assert here == there
        both, apart = plainly(first, second, rules)
        assert (both, apart) == tuple(codes_of(there[1][name]) for name in ("both.csv", "less.csv"))
        assert [] == list(place.iterdir())


@settings(deadline=None, max_examples=examples(40))
@given(expected=SIDE, found=SIDE, rules=st.sampled_from(RULES))
def test_classes_are_the_same_on_a_cluster(
    sail_url: str,
    expected: list[tuple[str | None, ...]],
    found: list[tuple[str | None, ...]],
    rules: CodeFileRules,
) -> None:
    """Counts of each class and side, and the file of what somebody should look at, to the byte."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place = folder / "place"
        place.mkdir()
        sides = folder / "e.csv", folder / "f.parquet"
        for path, rows in zip(sides, (expected, found), strict=True):
            write_rows(path, dict.fromkeys(COLUMNS, TEXT), rows)
        answers = []
        for url in ("duckdb://", sail_url):
            with open_engine(url, place=f"file://{place}", folder=folder) as engine:
                answer = engine.classes(*sides, folder / "out.csv", rules=rules)
                answers.append((answer, answer.path.read_bytes()))
                again = engine.classes(*sides, folder / "out.csv", attributes=["status"], rules=rules)
                answers.append((again, again.path.read_bytes()))
        assert answers[:2] == answers[2:]
        assert {"e.csv", "f.parquet", "out.csv", "place"} == {path.name for path in folder.iterdir()}
        assert [] == list(place.iterdir())


def test_a_set_may_take_several_files(
    sail: SharedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Positions go on from one file to the next, and from one set to the next."""
    from couponhub.codes.sets import columns

    monkeypatch.setattr(columns, "_GROUP_BYTES", 20)
    monkeypatch.setattr(columns, "_FILE_BYTES", 40)
    first = sets_in(tmp_path / "1", [[f"C{number % 70}" for number in range(at, at + 9)] for at in range(90)])
    second = sets_in(tmp_path / "2", [[f"C{number}"] for number in range(0, 200, 3)])
    engine = SetsSettings(engine=sail.url, place=sail.place)
    assert outcome(tmp_path / "there", first, second, RULES[0], engine) == outcome(
        tmp_path / "here", first, second, RULES[0], SetsSettings()
    )


def test_few_codes_stay_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine is done with them before a cluster has answered: none is asked, not even one that is away."""
    monkeypatch.setattr(clustered, "MANY", 7)
    away = SetsSettings(engine="sc://127.0.0.1:1", place=f"file://{tmp_path}")
    first, second = sets_in(tmp_path / "1", [["a", "b"], ["c"]]), sets_in(tmp_path / "2", [["c", "d", "a"]])
    compared = compare(first, second, tmp_path, engine=away)
    assert isinstance(compared, SetComparison)
    assert (1, 2) == (compared.first.apart, compared.first.shared)
    assert not clustered.are_many([*first, *second])
    assert clustered.are_many([*first, *second, *first[:1]])


def test_nobody_else_sees_the_codes(
    sail: SharedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of a piece of work is closed to others whatever the umask, and has a name that nobody guesses."""
    from couponhub.codes.joins.places import PlaceRun

    seen: list[tuple[str, int]] = []
    put = PlaceRun.put

    def watched(run: PlaceRun, name: str, path: Path) -> None:
        put(run, name, path)
        seen.extend((one.name, one.stat().st_mode & 0o007) for one in sail.folder.iterdir())

    monkeypatch.setattr(PlaceRun, "put", watched)
    subtract(
        sets_in(tmp_path / "1", [["a"]]),
        (),
        tmp_path / "out.csv",
        tmp_path,
        engine=SetsSettings(engine=sail.url, place=sail.place),
    )
    assert {0} == {mode for _, mode in seen}
    ((name,),) = [{name for name, _ in seen}]
    assert len("couponhub-sets-") + 22 == len(name)


def test_what_a_killed_process_left_ends_after_a_day(sail: SharedEngine, tmp_path: Path) -> None:
    """By the place's own clock; what is younger, or somebody else's, stays."""
    for name, age in (("couponhub-sets-old", 90_000), ("couponhub-sets-young", 80_000), ("others", 90_000)):
        inside = sail.folder / name / "codes"
        inside.mkdir(parents=True)
        (inside / "0.parquet").write_bytes(b"x")
        for path in (inside / "0.parquet", inside, inside.parent):
            moment = path.stat().st_mtime - age
            os.utime(path, (moment, moment))
    engine = SetsSettings(engine=sail.url, place=sail.place)
    subtract(sets_in(tmp_path / "1", [["a"]]), (), tmp_path / "out.csv", tmp_path, engine=engine)
    assert {"couponhub-sets-young", "others"} == {path.name for path in sail.folder.iterdir()}


def test_settings_tell_no_token() -> None:
    """What stands behind the port may be one."""
    engine = SetsSettings(engine="sc://host:443/;token=SECRET;use_ssl=true", place="s3://bucket/prefix")
    assert engine.is_cluster
    assert "SECRET" not in repr(engine)
    for wrong in ("spark://host", "sc://", "http://host:1", "sc://host:1?token=x", "spark://ho st:1"):
        with pytest.raises(ValueError, match="expected"):
            attrs.evolve(engine, engine=wrong)
    for wrong in ("bucket", "/folder", "file://folder", "file:///a*", "https://x/y", "s3://", "file:///"):
        with pytest.raises(ValueError, match="expected"):
            attrs.evolve(engine, place=wrong)
