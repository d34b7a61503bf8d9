"""A report of which a cell can name nobody, or is no code or time, is refused; one that can be read finds its customer."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from couponhub.errors import LocalError
from couponhub.models import Identifier
from tests.usage.cells_harness import HEADER, SENT_AT, CellHarness

EXTERNAL, MOBILE, EMAIL = Identifier.EXTERNAL_ID, Identifier.MOBILE, Identifier.EMAIL
Opening = Callable[..., CellHarness]
PLAIN = {EXTERNAL: "EXT-101", MOBILE: "919876543211", EMAIL: "b@example.com"}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opening]:
    """Opens a harness for reports of that identifier."""
    desks: list[CellHarness] = []

    def opening(kind: Identifier, **settings: object) -> CellHarness:
        desks.append(CellHarness.opened(tmp_path / str(len(desks)), kind, **settings))
        return desks[-1]

    yield opening
    for one in desks:
        one.harness.close()


@pytest.mark.parametrize(
    ("kind", "cell", "asked"),
    [
        *(
            (EXTERNAL, cell, "EXT-100")
            for cell in ("EXT-100 ", "EXT-100\u00a0", " EXT-100", "\u00a0 EXT-100 \t")
        ),
        *(
            (EXTERNAL, cell, "EXT-100")
            for cell in ("EXT-100\u3000", "EXT-100\u200b", "\u200eEXT-100", "EXT\u200b-100")
        ),
        *(
            (EXTERNAL, cell, cell)
            for cell in ("1e5", "007", "12E5", "A.B+C", "N-1", "-7", "U/1", "1.5", "ÄÖ-1", "O'Neill")
        ),
        *((EXTERNAL, cell, cell.strip()) for cell in (" 1e5", "Null-1 ", "ext 7")),
        (MOBILE, "919876543210", "9876543210"),
        (MOBILE, "9876543210", "+91 98765-43210"),
        (MOBILE, "+91 98765 43210", "919876543210"),
        (MOBILE, "+91 (0)98765 43210", "9876543210"),
        (MOBILE, "091-98765-43210", "9876543210"),
        (MOBILE, "00919876543210", "9876543210"),
        (MOBILE, "(98765) 43210 ", "919876543210"),
        (MOBILE, "tel:+919876543210", "9876543210"),
        (MOBILE, "\u202a+919876543210\u202c", "9876543210"),
        (MOBILE, "98765.43210", "9876543210"),
        (MOBILE, "\u00a09876543210", "9876543210"),
        (MOBILE, "\uff19876543210", "9876543210"),
        (EMAIL, "A Buyer <a.buyer@example.com>", "a.buyer@example.com"),
        (EMAIL, "mailto:a.buyer@example.com", "a.buyer@example.com"),
        (EMAIL, "MAILTO:A.Buyer@Example.com", "a.buyer@example.com"),
        (EMAIL, "<a.buyer@example.com>", "A.BUYER@EXAMPLE.COM"),
        (EMAIL, '"Buyer, A" <a.buyer@example.com>', "a.buyer@example.com"),
        (EMAIL, " a.buyer@example.com\u00a0", "a.buyer@example.com"),
        (EMAIL, "A.BUYER@example.com", "a.buyer@EXAMPLE.com"),
        (EMAIL, "a.buyer@example.com;", "a.buyer@example.com"),
        (EMAIL, "a.buyer@m\u00fcnchen.example", "A.Buyer@xn--mnchen-3ya.example"),
        (EMAIL, "a.buyer@XN--MNCHEN-3YA.example", "a.buyer@M\u00dcNCHEN.example"),
        (EMAIL, "stra\u00dfe@example.com", "Stra\u00dfe@example.com"),
        (EMAIL, "a+shop@example.com", "A+Shop@Example.com"),
        (EMAIL, "a.buy\u200ber@example.com", "a.buyer@example.com"),
    ],
)
def test_a_cell_that_can_be_read_finds_its_customer(
    opened: Opening, kind: Identifier, cell: str, asked: str
) -> None:
    """By the plain identifier, and by the very spelling of the row; nobody else is found by it."""
    harness = opened(kind)
    assert 2 == harness.take_users(cell, PLAIN[kind]).added
    assert ("found", ["MAIL-1"]) == harness.answer(asked)
    assert ("found", ["MAIL-1"]) == harness.answer(cell.strip())
    assert ("found", ["MAIL-2"]) == harness.answer(PLAIN[kind])


RUINED = (
    *(
        "9.19876e+11",
        "9.19877E+11",
        "9E+11",
        "9e+9",
        "9,19876E+11",
        " 9E+11 ",
        "9.19876E11",
        "1.2E15",
        "+9.1E+11",
        "1e+05",
    ),
    *(
        "100100.0",
        "919876543210.0",
        "100100,00",
        "7.0",
        "0.0",
        "100100.00",
        " 100100.0",
        "12,0",
        "1.000",
        "9876543210.0000",
    ),
    *(
        '="EXT-100"',
        '="919876543210"',
        "=A1",
        '=T("EXT-100")',
        "='x'",
        "=1+1",
        "= 5",
        '=HYPERLINK("x")',
        '="a@example.com"',
        "=B2&C2",
    ),
    *("'EXT-100", "'919876543210", "'1", " '007", "'a@example.com", "'x", "'ID", "'9E+11", "'+91", "'0"),
    *(
        "NULL",
        "nan",
        "NaN",
        "None",
        "N/A",
        "na",
        "<NA>",
        "(null)",
        "undefined",
        "\\N",
        "NIL",
        "NaT",
        "-",
        "n.a.",
    ),
    *("#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "####", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"),
)


@pytest.mark.parametrize("ruined", RUINED)
@pytest.mark.parametrize("kind", [EXTERNAL, MOBILE, EMAIL])
def test_a_ruined_customer_is_refused(opened: Opening, kind: Identifier, ruined: str) -> None:
    """Whatever the identifier, with the row and never the cell; nothing of the report is imported."""
    harness = opened(kind)
    with pytest.raises(LocalError, match=r"row 2 has .* as its user") as refused:
        harness.take_users(PLAIN[kind], ruined)
    assert 1 == len(str(refused.value).splitlines())
    assert len(ruined.strip()) < 4 or ruined.strip() not in str(refused.value)
    assert "as it was mailed" in refused.value.hint
    assert harness.harness.reports.answer() is False


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        *(
            (EXTERNAL, cell)
            for cell in (
                "EXT\u00a0100",
                "\u00c4\u200b1",
                '"EXT-100"',
                "<EXT-100>",
                "EXT-100,",
                "EXT-100;",
                "A\x0bB",
            )
        ),
        *((EXTERNAL, cell) for cell in ("\u200b", "`EXT-100`", "A\nB", "A\u2003B", "\u201cEXT-100\u201d")),
        *(
            (MOBILE, cell)
            for cell in (
                "John",
                "EXT-100",
                "a.buyer@example.com",
                "1",
                "1001",
                "98765 or 98766",
                "9876543210 9876543211",
            )
        ),
        *(
            (MOBILE, cell)
            for cell in ("+", "9876543210/11", "919876543210.5", "98765x43210", "9198765432109876543")
        ),
        *(
            (EMAIL, cell)
            for cell in (
                "1",
                "919876543210",
                "EXT-100",
                "a.buyer",
                "@example.com",
                "a@",
                "a@b.example, c@d.example",
            )
        ),
        *(
            (EMAIL, cell)
            for cell in ("a b@example.com", "a@exam ple.com", "<>", "A Buyer", "a@b.example/c@d.example")
        ),
    ],
)
def test_a_customer_that_is_none_of_its_kind_is_refused(opened: Opening, kind: Identifier, cell: str) -> None:
    """With the row and what decides; the cell is shown to nobody."""
    harness = opened(kind)
    with pytest.raises(LocalError, match="row 2 ") as refused:
        harness.take_users(PLAIN[kind], cell)
    assert 1 == len(str(refused.value).splitlines())
    assert len(cell) < 4 or cell not in str(refused.value) + refused.value.hint
    assert "usage_columns.user" in refused.value.hint
    assert "user_id_is" in refused.value.hint
    assert harness.harness.reports.answer() is False


@pytest.mark.parametrize(
    "code",
    [
        *(
            "1.23E+11",
            "9E+11",
            "1,23e+11",
            "123456.0",
            '="MAIL-1"',
            "'MAIL-1",
            "NULL",
            "nan",
            "#REF!",
            "####",
            "\\N",
            "n/a",
        ),
        *("10-Mar", "Mar-26", "2026-03-10 00:00:00", '"MAIL-1"', "1,234,567", "(3 rows affected)"),
        *(
            "MAIL\u200b-1",
            "\u200eMAIL-1",
            "MAIL\u00ad1",
            "MAIL-1\u00a0",
            "\ufeffMAIL-1",
            "MAIL-1\u3000",
            "\u3164",
        ),
    ],
)
def test_a_code_that_nobody_can_redeem_is_refused(opened: Opening, code: str) -> None:
    """What is ruined, or what nobody can see, would be shown to a customer and taken by no till."""
    harness = opened(EXTERNAL)
    row = '"' + code.replace('"', '""') + '"'
    with pytest.raises(LocalError, match=r"row 2 has .*code") as refused:
        harness.take(f"{HEADER}\nEXT-1,MAIL-0,{SENT_AT}\nEXT-2,{row},{SENT_AT}\n")
    assert len(code) < 4 or code not in str(refused.value)
    assert "as it was mailed" in refused.value.hint
    assert harness.harness.reports.answer() is False


_DATES = ("Nov 26, 2026, 6:56:25 AM", "26/11/2026 06:56", "11/26/2026", "26.11.2026", "26-Nov-26")
_MORE_DATES = ("Thu Nov 26 2026", "2026-11-26 6:56 AM", "2026/11/26", "00:56.3", "2026-13-26")
_NO_DATES = ("1795676185", "46352.289", "=NOW()", "NULL", "########", "MAR-10", "98/76543/210", "EXT/1-2")


@pytest.mark.parametrize("moment", [*_DATES, *_MORE_DATES, *_NO_DATES])
def test_a_time_that_cannot_be_read_names_its_setting(opened: Opening, moment: str) -> None:
    """The mend is to say how times are written; what may be a customer or a code is not quoted."""
    with pytest.raises(LocalError, match="row 1 has no moment") as refused:
        opened(EXTERNAL).take(f'{HEADER}\nEXT-1,MAIL-1,"{moment}"\n')
    assert "usage_time_format" in refused.value.hint
    assert (moment not in _NO_DATES) == (f'its sent_at: "{moment}"' in refused.value.message)


def test_the_first_three_times_that_cannot_be_read_are_told(opened: Opening) -> None:
    """Three show how times are written, where the first alone may be the only odd one."""
    rows = [
        f"EXT-{day},MAIL-{day},{text}\n" for day, text in enumerate(("2026-11-26", *["26/11/2026"] * 5), 1)
    ]
    with pytest.raises(LocalError) as refused:
        opened(EXTERNAL).take("".join([f"{HEADER}\n", *rows]))
    assert (
        'row 2 has no moment that can be read as its sent_at: "26/11/2026" (also row 3: "26/11/2026", row 4: "26/11/2026")'
        in refused.value.message
    )


@pytest.mark.parametrize(
    ("form", "moment"),
    [
        ("%b %d, %Y, %I:%M:%S %p", "Oct 3, 2026, 6:56:25 AM"),
        ("%d/%m/%Y %H:%M", "03/10/2026 06:56"),
        (None, " 2026-10-03T06:56:25Z\u00a0"),
        (None, "2026-10-03 06:56:25"),
    ],
)
def test_a_time_is_read_as_the_setting_says(opened: Opening, form: str | None, moment: str) -> None:
    """Blanks around it say nothing."""
    harness = opened(EXTERNAL, usage_time_format=form)
    harness.take(f'{HEADER}\nEXT-1,MAIL-1,"{moment}"\n')
    assert ("found", ["MAIL-1"]) == harness.answer("EXT-1")


ROWS = f"EXT-100,MAIL-1,{SENT_AT}\nEXT-101,MAIL-2,{SENT_AT}\n"


@pytest.mark.parametrize(
    "ending",
    [
        *(
            ",,\n",
            ",,",
            "\n\n",
            "\n\n\n\n\n\n\n",
            "\r\n\r\n",
            ",,\n,,\n,,\n",
            " , , \n",
            '"","",""\n',
            ",,,,,\n",
            ",\n",
            "  \n",
        ),
        *("\n,,\n\n,,", ",,\r\n", '" ",,\n', ",,\n" * 40_000),
    ],
)
@pytest.mark.parametrize(
    "header", [HEADER, "User ID,Coupon Code,Campaign ID,Campaign Name,Locale,Variation,Sent At"]
)
def test_nothing_at_the_end_is_nothing(opened: Opening, ending: str, header: str) -> None:
    """Blank rows and rows of separators alone end a file that a spreadsheet or an editor has saved."""
    harness = opened(EXTERNAL)
    rows = ROWS.replace(",2026", ",c,n,l,v,2026") if header != HEADER else ROWS
    done = harness.take(f"{header}\n{rows}{ending}")
    assert (2, 2) == (done.rows, done.added)
    assert [("found", ["MAIL-1"]), ("found", ["MAIL-2"]), ("none", [])] == [
        harness.answer(asked) for asked in ("EXT-100", "EXT-101", "EXT-102")
    ]


@pytest.mark.parametrize("filler", [",,\n", " , ,\n", '"",,\n', ",,\n\n"])
def test_nothing_in_the_middle_is_refused(opened: Opening, filler: str) -> None:
    """A row of separators before others was somebody's."""
    with pytest.raises(LocalError, match="row 3 has no user"):
        opened(EXTERNAL).take(f"{HEADER}\n{ROWS}{filler}EXT-102,MAIL-3,{SENT_AT}\n")
    with pytest.raises(LocalError, match="row 3 has no user"):
        opened(EXTERNAL).take(f"{HEADER}\n{ROWS}{filler}" + f"EXT-102,MAIL-3,{SENT_AT}\n" * 9000)


def test_short_rows_are_not_taken_for_one(opened: Opening) -> None:
    """Two rows that lost columns may have as many cells together as one; the second customer would have nothing."""
    header = "User ID,Coupon Code,Sent At,Campaign ID,Campaign Name,Locale,Variation"
    with pytest.raises(LocalError, match="row 1 has 3 columns and the header 7"):
        opened(EXTERNAL).take(f"{header}\n{ROWS}")
