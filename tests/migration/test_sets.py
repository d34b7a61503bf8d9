"""The classes of codes beside plain Python sets, and digests that no order of rows alters."""

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.code_desk.sources import Sources
from couponhub.migration.batches import Batches, Way, write_batches
from couponhub.migration.code_files import csv_batches
from couponhub.migration.held_codes import HeldCodes
from couponhub.migration.holders import HeldCode
from couponhub.migration.sets import CodeClasses, classify, read_codes
from couponhub.models import CodeFileRules, Customer, Identifier, IssuedAs
from couponhub.state import Ledger
from tests.kit.examples import examples

NOW = datetime(2026, 11, 29, tzinfo=UTC)
FEW = settings(max_examples=examples(60), deadline=None)
CODES = st.text('abAB,"1', min_size=1, max_size=3).map(lambda text: f"C{text}9")
STATUSES = st.sampled_from(["issued", "unknown", "redeemed", "expired", "revoked"])
MOBILES = st.sampled_from(["919876543210", "919000000001", None])
HELD = st.lists(st.tuples(CODES, STATUSES, MOBILES), max_size=12)
TARGET = CodeFileRules(code_header="code", ignores_case=True, quoting=True)


def no_ledger(name: str) -> Ledger:
    """Refuse to look for what was sent."""
    raise AssertionError(name)


def sorted_out(
    folder: Path,
    codes: Sequence[str],
    held: Sequence[tuple[str, str, str | None]],
    *,
    ignores_case: bool = False,
    reported: Sequence[str] = (),
) -> CodeClasses:
    """Sort codes of one file into their classes."""
    source = folder / "codes.csv"
    source.write_text(
        "code\n" + "".join(f'"{one.replace(chr(34), chr(34) * 2)}"\n' for one in codes), encoding="utf-8"
    )
    rules = CodeFileRules(code_header="code", ignores_case=ignores_case, quoting=True)
    for name in ("sources", "held"):
        (folder / name).mkdir()
    held_codes = HeldCodes(folder / "held", rules, now=NOW, is_over=False)
    for code, status, mobile in held:
        held_codes.add(
            HeldCode(code=code, status=status, customer=None if mobile is None else Customer(mobile=mobile))
        )
    held_codes.add_reported(reported)
    read = read_codes([str(source)], Sources(ledger=no_ledger, workspace=folder / "sources"))
    return classify(read, held_codes.finish(), folder / "classes", rules=rules, is_over=False)


def in_folder(work: Callable[[Path], None]) -> None:
    """Work in a folder that ends with it."""
    with tempfile.TemporaryDirectory() as folder:
        work(Path(folder))


def codes_in(path: Path, column: int = 0) -> list[str]:
    """The codes of a file."""
    return [row[column] for rows in csv_batches(path) for row in rows]


def expected(
    codes: Sequence[str],
    held: Sequence[tuple[str, str, str | None]],
    reported: Sequence[str],
    fold: Callable[[str], str],
) -> dict[str, set[str]]:
    """The classes, as plain sets of codes that are folded have them."""
    of = {name: {fold(code) for code, status, _ in held if status in words} for name, words in WORDS.items()}
    given_out = set(map(fold, reported)) | {fold(code) for code, _, _ in held}
    every = set(map(fold, codes)) | given_out
    redeemed = of["redeemed"]
    expired = of["expired"] - redeemed
    return {
        "all": every,
        "redeemed": redeemed,
        "expired": expired,
        "issued": given_out - redeemed - expired,
        "free": every - given_out,
    }


WORDS = {"redeemed": {"redeemed"}, "expired": {"expired", "revoked"}}


@FEW
@given(st.lists(CODES, min_size=1, max_size=12), HELD, st.lists(CODES, max_size=4), st.booleans())
def test_classes_part_all_codes_as_plain_sets_do(
    codes: list[str], held: list[tuple[str, str, str | None]], reported: list[str], ignores_case: bool
) -> None:
    """Each code of any source is in one class; redeemed comes before expired, and that before issued."""

    def work(folder: Path) -> None:
        found = sorted_out(folder, codes, held, ignores_case=ignores_case, reported=reported)
        fold = str.upper if ignores_case else str
        for name, wanted in expected(codes, held, reported, fold).items():
            got = codes_in(found.folder / f"{name}.csv", 2 if name == "issued" else 0)
            assert sorted(wanted) == sorted(map(fold, got))
            assert len(wanted) == getattr(found.counts, name)
        counts = found.counts
        assert counts.all == counts.issued + counts.redeemed + counts.expired + counts.free
        assert found.given_out == counts.all - counts.free

    in_folder(work)


@FEW
@given(st.lists(CODES, min_size=1, max_size=12), HELD, st.randoms(use_true_random=False))
def test_no_order_of_rows_alters_a_digest(
    codes: list[str], held: list[tuple[str, str, str | None]], dice: object
) -> None:
    """Of the classes, and of what is sent."""

    def told(folder: Path, rows: Sequence[str], holders: Sequence[tuple[str, str, str | None]]) -> object:
        classes = sorted_out(folder, rows, holders)
        way = Way(rules=EXACT, issued_as=IssuedAs.TAGGED, tags=frozenset(Identifier), sent=())
        batches = write_batches(classes.folder, folder / "batches", way)
        return classes.fingerprints, [
            (one.kind, one.identifier, one.rows, one.sha256) for one in batches.files
        ]

    shuffled, others = list(codes), list(held)
    dice.shuffle(shuffled)  # type: ignore[attr-defined] # of hypothesis
    dice.shuffle(others)  # type: ignore[attr-defined] # the same
    in_folder(
        lambda first: in_folder(
            lambda second: _equal(told(first, codes, held), told(second, shuffled, others))
        )
    )


EXACT = CodeFileRules(code_header="code", quoting=True)


def _equal(one: object, other: object) -> None:
    assert one == other


@FEW
@given(st.lists(CODES, min_size=1, max_size=12), HELD, st.sampled_from(IssuedAs))
def test_every_code_that_can_be_used_goes_or_is_told(
    codes: list[str], held: list[tuple[str, str, str | None]], issued_as: IssuedAs
) -> None:
    """Free and issued codes are sent, left, rejected, or one code with another one to the target; each once."""

    def work(folder: Path) -> None:
        classes = sorted_out(folder, codes, held)
        way = Way(rules=TARGET, issued_as=issued_as, tags=frozenset({Identifier.MOBILE}), sent=())
        batches: Batches = write_batches(classes.folder, folder / "batches", way)
        sent = [
            code for one in batches.files for code in codes_in(one.path, 0 if one.identifier is None else 1)
        ]
        assert len({code.upper() for code in sent}) == len(sent) == sum(one.rows for one in batches.files)
        told = len(sent) + batches.left + batches.same_at_target + sum(batches.rejected.values())
        assert classes.counts.free + classes.counts.issued == told
        assert [f"batch-{number}.csv" for number in range(1, len(batches.files) + 1)] == [
            one.path.name for one in batches.files
        ]

    in_folder(work)


def test_a_code_that_two_are_said_to_hold_is_bound_to_neither(tmp_path: Path) -> None:
    """It stays where it is; the same customer twice is no contradiction."""
    held = [
        ("A9", "issued", "919876543210"),
        ("A9", "issued", "919000000001"),
        ("B9", "issued", "919876543210"),
    ]
    classes = sorted_out(tmp_path, ["A9", "B9"], [*held, held[2]])
    assert {"": 1, "mobile": 1} == classes.kinds
    assert 2 == classes.counts.issued


def test_files_of_rows_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Whatever holds a code or a customer."""
    classes = sorted_out(tmp_path, ["A9", "B9"], [("A9", "issued", "919876543210")])
    way = Way(rules=TARGET, issued_as=IssuedAs.TAGGED, tags=frozenset({Identifier.MOBILE}), sent=())
    write_batches(classes.folder, tmp_path / "batches", way)
    made = [path for path in tmp_path.rglob("*") if path.name != "codes.csv"]
    assert {0o700, 0o600} == {path.stat().st_mode & 0o777 for path in made if path.parent != tmp_path}


def test_codes_of_a_list_that_has_ended_are_expired(tmp_path: Path) -> None:
    """Whoever holds them, and where nobody does, but for those that were redeemed."""
    source = tmp_path / "codes.csv"
    source.write_text("code\nA9\nB9\nC9\nD9\n", encoding="utf-8")
    for name in ("sources", "held"):
        (tmp_path / name).mkdir()
    with HeldCodes(tmp_path / "held", EXACT, now=NOW, is_over=True) as held:
        held.add(HeldCode(code="A9", status="redeemed"))
        held.add(HeldCode(code="B9", status="issued", customer=Customer(mobile="919876543210")))
        held.add_reported(["C9"])
        found = held.finish()
    read = read_codes([str(source)], Sources(ledger=no_ledger, workspace=tmp_path / "sources"))
    classes = classify(read, found, tmp_path / "classes", rules=EXACT, is_over=True)
    counts = classes.counts
    assert (4, 1, 3, 0, 0) == (counts.all, counts.redeemed, counts.expired, counts.issued, counts.free)
    assert {"B9", "C9", "D9"} == set(codes_in(classes.folder / "expired.csv"))
    assert 3 == classes.given_out
