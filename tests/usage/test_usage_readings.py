"""Whatever a report's cells look like: who stands in a row of a report that was accepted is never said to have none."""

import string
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couponhub.errors import LocalError, UsageError
from couponhub.models import Identifier, read_identifier
from couponhub.models.damage import any_odd, damage_of, invisible_in
from couponhub.usage.cells import read_customers, same_customer
from couponhub.usage.opening import faulty
from tests.kit.examples import examples
from tests.usage.cells_harness import HEADER, SENT_AT, CellHarness, quoted
from tests.usage.reports_harness import FORM

EXTERNAL, MOBILE, EMAIL = Identifier.EXTERNAL_ID, Identifier.MOBILE, Identifier.EMAIL
_BLANKS = ["", "", "", " ", "\u00a0", "\t", "\u200b", "\ufeff", "\u3000 "]
_DIGITS = st.text("0123456789", min_size=9, max_size=9)
_WORD = st.text(string.ascii_letters + string.digits + "-_/.+", min_size=1, max_size=8)


@attrs.frozen
class Written:
    """A customer, how a row spells them, and whether that can be read as nobody else."""

    plain: str
    spelled: str
    same: bool = True


def _external() -> st.SearchStrategy[Written]:
    plain = st.one_of(
        st.builds("EXT-{}".format, st.integers(0, 40)),
        st.integers(0, 10**12).map(str),
        _WORD,
        st.text(min_size=1, max_size=6),
    )
    forms = st.sampled_from(
        ["{}", "{}", "{}", "'{}", '="{}"', "{}.0", '"{}"', "{},", "<{}>", "{}E+11", "a {}", "#{}"]
    )
    return st.builds(lambda text, form: Written(text, form.format(text), form == "{}"), plain, forms)


def _mobile() -> st.SearchStrategy[Written]:
    forms = st.sampled_from(
        [
            *(
                "91{}",
                "{}",
                "0{}",
                "+91{}",
                "0091{}",
                "+91 (0){}",
                "091{}",
                "+91 {:.5s} {:.5s}",
                "tel:+91{}",
                "({})",
                "+91-{}",
            ),
            *(
                "91{}.0",
                "91{}.",
                "9.1{}E+11",
                '="91{}"',
                "'91{}",
                "91{},",
                "{}/12",
                "John {}",
                "\u202a+91{}\u202c",
                "{} {}",
                "\uff19\uff11{}",
            ),
        ]
    )
    return st.builds(
        lambda digits, form: Written(
            f"9{digits}",
            form.replace("{:.5s} {:.5s}", f"9{digits[:4]} {digits[4:]}").replace("{}", f"9{digits}"),
        ),
        _DIGITS,
        forms,
    )


def _email() -> st.SearchStrategy[Written]:
    local = st.one_of(
        st.sampled_from(["a.buyer", "b", "A+x", "\u00e4.\u00f1", "jos\u00e9", "o'neill", '"odd one"']), _WORD
    )
    domain = st.sampled_from(
        ["example.com", "Example.COM", "m\u00fcnchen.example", "XN--mnchen-3ya.example", "sub.b-c.example"]
    )
    plain = st.builds("{}@{}".format, local, domain)
    forms = st.sampled_from(
        [
            *(
                "{}",
                "{}",
                "A Buyer <{}>",
                "mailto:{}",
                "<{}>",
                "{};",
                "'{}'",
                '"Buyer, A" <{}>',
                "{} {}",
                "{}, {}",
            ),
            *("'{}", '="{}"', "{}."),
        ]
    )
    case = st.sampled_from([str, str.lower, str.upper, str.title])
    return st.builds(
        lambda text, form, cased: Written(text, form.replace("{}", cased(text))), plain, forms, case
    )


_WRITTEN = {EXTERNAL: _external(), MOBILE: _mobile(), EMAIL: _email()}


@st.composite
def _rows(draw: st.DrawFn, kind: Identifier) -> list[Written]:
    found = draw(st.lists(_WRITTEN[kind], min_size=1, max_size=4))
    return [
        attrs.evolve(
            one, spelled=draw(st.sampled_from(_BLANKS)) + one.spelled + draw(st.sampled_from(_BLANKS))
        )
        for one in found
    ]


@st.composite
def _files(draw: st.DrawFn) -> tuple[Identifier, list[Written], bytes]:
    kind = draw(st.sampled_from([EXTERNAL, MOBILE, EMAIL]))
    rows = draw(_rows(kind))
    always = draw(st.booleans())
    lines = [HEADER]
    for number, row in enumerate(rows, 1):
        cell = '"' + row.spelled.replace('"', '""') + '"' if always else quoted(row.spelled)
        lines.append(f"{cell},MAIL-{number},{SENT_AT}")
    end = draw(st.sampled_from(["\n", "\r\n"]))
    text = end.join(lines) + draw(st.sampled_from(["", end, f"{end},,{end}", end * 4, f"{end},,"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    return kind, rows, text.encode(encoding)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_files())
def test_nobody_in_an_accepted_report_has_none(made: tuple[Identifier, list[Written], bytes]) -> None:
    """By the plain identifier and by the spelling of the row each has their codes, and nobody else's."""
    kind, rows, content = made
    with TemporaryDirectory() as folder:
        harness = CellHarness.opened(Path(folder), kind)
        try:
            harness.take(content)
        except LocalError:
            return
        else:
            people = [_person(kind, row.spelled) for row in rows]
            for row, person in zip(rows, people, strict=True):
                theirs = [f"MAIL-{number}" for number, other in enumerate(people, 1) if other == person]
                for asked in (row.spelled.strip(), *([row.plain] if row.same else [])):
                    assert ("found", theirs) == harness.answer(asked)
        finally:
            harness.harness.close()


def _person(kind: Identifier, text: str) -> str:
    """What those who are one have in common, found another way than the index does: by the last digits of a mobile."""
    plain = read_identifier(kind, text)
    return plain[-10:] if kind is MOBILE else same_customer(kind, plain)


_CELL = st.one_of(
    _WORD,
    st.text(max_size=5),
    st.text("0123456789.,+-eE =#'NnAa", max_size=6),
    st.sampled_from(
        [
            "null",
            "NaN",
            "n/a",
            "-",
            "--",
            "\\N",
            "#REF!",
            "9E+11",
            "1.0",
            "a@b.example",
            "+91 98765",
            "<NA>",
            "a\u200bb",
        ]
    ),
)


@settings(max_examples=examples(500))
@given(st.lists(_CELL, min_size=1, max_size=5))
def test_looking_over_many_overlooks_nothing(cells: list[str]) -> None:
    """What one text by one would be called damaged or invisible is odd among many."""
    if any(damage_of(cell) or invisible_in(cell) for cell in cells):
        assert any_odd(cells)


@settings(max_examples=examples(500))
@given(st.sampled_from([EXTERNAL, MOBILE, EMAIL]), st.data())
def test_many_cells_are_read_as_each_of_them(kind: Identifier, data: st.DataObject) -> None:
    """A column that is read at once gives what its cells give alone, and is refused when one of them is."""
    cells = data.draw(
        st.lists(st.one_of(_CELL, _WRITTEN[kind].map(lambda one: one.spelled)), min_size=1, max_size=5)
    )
    cells = [cell for cell in cells if cell.strip()] or ["EXT-1"]
    try:
        alone: list[str] | None = [_alone(cell, kind) for cell in cells]
    except UsageError:
        alone = None
    try:
        together: list[str] | None = list(
            read_customers(
                cells, attrs.evolve(FORM, identifier=kind), 1, lambda *words: faulty("r.csv", *words)
            )
        )
    except LocalError:
        together = None
    assert alone == together


def _alone(cell: str, kind: Identifier) -> str:
    same = same_customer(kind, read_identifier(kind, cell))
    if damage_of(cell) or (kind is MOBILE and not 5 <= len(same) <= 17):
        raise UsageError("none of its kind")
    return same
