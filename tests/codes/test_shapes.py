"""What a code file holds beside codes never becomes one: ruined numbers, headers, totals, customers, what nobody sees."""

import csv
import io
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.codes import PreparedCodes, prepare
from couponhub.errors import UsageError
from couponhub.models import CodeFileRules, Identifier, Tagging
from couponhub.state import TextCodeSet
from tests.kit.examples import examples

QUOTING = CodeFileRules(code_header="coupon code", ignores_case=True, ignores_blanks=True, quoting=True)
EXACT = CodeFileRules(code_header="Coupon Code")
MOBILE = "919876543210"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty private folder."""
    folder = tmp_path / "workspace"
    folder.mkdir(mode=0o700)
    return folder


def sent(prepared: PreparedCodes) -> list[list[str]]:
    """The rows of the vendor's files, their headers left out."""
    texts = [part.path.read_text(encoding="utf-8") for part in prepared.parts]
    return [row for text in texts for row in list(csv.reader(io.StringIO(text, newline="")))[1:]]


def file_of(*rows: list[str]) -> io.StringIO:
    """A CSV file of these rows."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return io.StringIO(text.getvalue())


RUINED = {
    "a rounded number": [
        *("1.23457E+11", "1.23457e+11", "1,23457E+11", "9E+11", "9e+9", "1E+05", "-1.2E+10", " 1.23E+12 "),
        *("1.23457E11", "9.87654E+14"),
    ],
    "a number with a decimal point": ["123456.0", "123456,0", "123456.00", "0.0", " 42.0", "919876543210.0"],
    "a formula": ['="00123"', "=A1", "=SUM(A2:A9)", '=HYPERLINK("x")', "=1", ' ="A"'],
    "text behind an apostrophe": ["'00123", "'A1", " '7"],
    "a word for nothing": [
        *("NULL", "null", "Null", "nan", "NaN", "N/A", "n/a", "None", "NA", "<NA>", "NaT", "undefined"),
        *("(null)", "\\N", "-", "---", "-----------"),
    ],
    "a spreadsheet's error": ["#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "####"],
    "text in quotes": ['"00123"', "\u201c00123\u201d"],
    "a number in groups of thousands": ["1,234", "1,234,567", "1.234.567"],
    "a count of rows": ["(2 rows)", "1 row", "12 Records", "3 row(s) affected"],
    "a date": ["10-Mar", "1-Sep-26", "Mar-26", "2026-03-10 00:00:00"],
    "a total or another word that spreadsheets add": [
        *(
            "Total",
            "TOTAL",
            "total:",
            "Grand Total",
            "Sub-Total",
            "Summe",
            "Gesamtergebnis",
            "Somme",
            "(blank)",
        ),
        *("Row Labels", "合计"),
    ],
    "a truth value": ["TRUE", "false"],
    "the name of a column": ["Coupon Code", "coupon_code", "Gutscheincode", "CODES", "Code promo"],
}


@pytest.mark.parametrize("rules", [QUOTING, EXACT])
@pytest.mark.parametrize(("what", "cell"), [(what, cell) for what, cells in RUINED.items() for cell in cells])
def test_what_is_ruined_is_refused_unless_it_is_meant(
    workspace: Path, rules: CodeFileRules, what: str, cell: str
) -> None:
    """A cell that is no code is refused by its line with the way out, which sends it as it stands."""
    rows = [["coupon", "note"], ["A-1", ""], [cell, "x"], ["A-2", ""]]

    with pytest.raises(UsageError) as caught:
        prepare(file_of(*rows), rules, workspace)

    assert f"1 faulty row, nothing was sent: line 3: the code is {what}" == caught.value.message
    assert caught.value.hint.endswith("with --accept ruined")
    assert [] == list(workspace.iterdir())
    if rules.quoting or not set(cell) & set(',"'):
        prepared = prepare(file_of(*rows), rules, workspace, accepts_ruined=True)
        assert [["A-1"], [cell], ["A-2"]] == sent(prepared)
        assert "1 codes look ruined and were sent as they stand" in prepared.warnings


@pytest.mark.parametrize("cell", ["1.23457E+11", "NULL", "Total", "code", "A\u200b1"])
def test_codes_without_a_file_are_checked_like_those_of_one(workspace: Path, cell: str) -> None:
    """An iterable of codes is refused for the same, by position."""
    with pytest.raises(UsageError, match="1 faulty row, nothing was sent: line 2: "):
        prepare(["A-1", cell], EXACT, workspace)


def test_faults_of_every_kind_are_told_together(workspace: Path) -> None:
    """Each kind with its first lines, a row with two faults once, and no code."""
    rows = [["who", "code"], *[[MOBILE, "1.5E+11"]] * 7, ["x", "SECRET\u200b1"], [MOBILE, "NULL"], [MOBILE]]
    tagging = Tagging(identifier=Identifier.MOBILE, column="who")

    with pytest.raises(UsageError) as caught:
        prepare(file_of(*rows), EXACT, workspace, tagging=tagging)

    assert (
        "10 faulty rows, nothing was sent: line 2: the code is a rounded number (also lines 3, 4, 5, 6);"
        " line 9: an invisible character in the code; line 9: the customer's mobile is no number;"
        " line 10: the code is a word for nothing; line 11: 1 columns where the header has 2; and 2 more"
    ) == caught.value.message


@pytest.mark.parametrize(
    "code",
    ["1e5", "12E5", "007", "SAVE-10", "O'NEILL", "1.5", "NULL-1", "#1", "TOTAL-1", "NANCY", "MAR-10", "12 3"],
)
def test_what_people_mean_is_sent_as_it_stands(workspace: Path, code: str) -> None:
    """Codes that merely look like numbers, words or months are nobody's ruins."""
    assert [[code]] == sent(prepare([code], EXACT, workspace))


def test_long_numbers_that_a_spreadsheet_rounded(workspace: Path) -> None:
    """Digits past the fifteenth that are all zeros are no chance; one such code is warned about, a mixture is not."""
    rounded = [f"{number}234567890123450" for number in range(1, 7)]

    with pytest.raises(UsageError, match="line 2: all 6 codes of more than 15 digits have nothing but zeros"):
        prepare(["A-1", *rounded], EXACT, workspace)

    few = prepare(rounded[:2], EXACT, workspace)
    assert (
        "2 codes have nothing but zeros from the 16th digit on, as a spreadsheet rounds long numbers",
    ) == (few.warnings)
    (workspace / "mixed").mkdir()
    assert () == prepare([*rounded, "1234567890123456"], EXACT, workspace / "mixed").warnings


@pytest.mark.parametrize(
    "mark",
    [
        "\u200b",
        "\u200c",
        "\u200d",
        "\u2060",
        "\ufeff",
        "\u200e",
        "\u200f",
        "\u202a",
        "\u202e",
        "\u00ad",
        "\ufe0f",
        "\u3164",
    ],
)
@pytest.mark.parametrize("place", ["{}A1", "A{}1", "A1{}", '"{}A1"'])
def test_characters_that_nobody_sees_are_refused(workspace: Path, mark: str, place: str) -> None:
    """Wherever it stands in a code, the row is refused, also when ruined codes are accepted."""
    with pytest.raises(UsageError, match="line 3: an invisible character in the code"):
        prepare(io.StringIO(f"code\nA1\n{place.format(mark)}\n"), EXACT, workspace, accepts_ruined=True)


def test_odd_blanks_are_warned_about(workspace: Path) -> None:
    """A blank that is no plain one stays what it is, and is told."""
    prepared = prepare(["A\u00a01", "A 2", "A3\u2003"], EXACT, workspace)

    assert [["A\u00a01"], ["A 2"], ["A3\u2003"]] == sent(prepared)
    assert (
        "1 codes begin or end with a blank, which was kept",
        "1 codes have a blank inside that is no plain one, which nobody can type",
    ) == prepared.warnings


@pytest.mark.parametrize("rules", [QUOTING, EXACT])
def test_codes_that_look_alike_are_warned_about(workspace: Path, rules: CodeFileRules) -> None:
    """Composed and decomposed accents make two codes that nobody can tell apart, also from one sent before."""
    codes = ["CAFE\u0301-1", "CAF\u00c9-1", "\u00c5-2", "A-3"]
    before = workspace / "before.set"
    before.write_text("A\u030a-2\n", encoding="utf-8")

    prepared = prepare(codes, rules, workspace, sent=[TextCodeSet(before)])

    assert [[code] for code in codes] == sent(prepared)
    assert (
        "2 codes look like an earlier one, their accents are only composed otherwise: nobody can tell them apart",
    ) == prepared.warnings


def test_codes_that_differ_by_blanks_are_one_where_the_vendor_strips(workspace: Path) -> None:
    """The first spelling goes out, others are duplicates or were sent before; elsewhere each is a code."""
    codes = ["D18", "D18 ", "\td18".strip("\t") + "\u00a0", " E2"]
    before = workspace / "before.set"
    before.write_text("E2 \n", encoding="utf-8")
    (workspace / "exact").mkdir()

    folded = prepare(codes, QUOTING, workspace, sent=[TextCodeSet(before)])
    exact = prepare(codes, EXACT, workspace / "exact", sent=[TextCodeSet(before)])

    assert ([["D18"]], 2, 1) == (sent(folded), folded.duplicates, folded.skipped)
    assert (
        "2 codes differ from an earlier one only by case or blanks around it, which the vendor ignores: left out"
        in folded.warnings
    )
    assert ([[code] for code in codes], 0, 0) == (sent(exact), exact.duplicates, exact.skipped)


@pytest.mark.parametrize("again", ["code", "CODE", " Code ", '"code"', "co de", "code\r"])
def test_joined_files_are_refused(workspace: Path, again: str) -> None:
    """A header that stands again is no code, whatever its case and blanks, also when ruined codes are accepted."""
    with pytest.raises(UsageError, match="1 faulty row, nothing was sent: line 3: the header stands again"):
        prepare(io.StringIO(f"code\nD16-1\n{again}\nD16-2\n"), EXACT, workspace, accepts_ruined=True)


HEADERS = [
    *("Gutscheincode", "Code promo", "Discount code", "Coupon\u00a0Code", "\ufeff\ufeffcode", "PROMO-CODE"),
    *(
        "Código promocional",
        "CODIGO",
        "Codice sconto",
        "Kod rabatowy",
        "Cupom",
        "Промокод",
        "优惠码",
        "クーポンコード",
    ),
    *("कूपन कोड", "쿠폰 코드", "code\u200b", "Code de\u0301 re\u0301duction", '"code"', " code "),
]


@pytest.mark.parametrize("header", HEADERS)
def test_headers_in_other_languages(workspace: Path, header: str) -> None:
    """A known word for codes is found in any spelling, beside other columns and alone."""
    (workspace / "alone").mkdir()
    alone = prepare(io.BytesIO(f"{header}\nA-1\n".encode()), EXACT, workspace / "alone")
    beside = prepare(io.BytesIO(f"{header},note\nA-1,x\n".encode()), EXACT, workspace)

    assert [[["A-1"]]] * 2 == [sent(alone), sent(beside)]


ELSEWHERE = "post_title,post_excerpt,post_status\nA47-1,,publish\n"


def test_unknown_headers_are_named(workspace: Path) -> None:
    """The refusal names what it saw and the option that helps, which does."""
    with pytest.raises(UsageError) as caught:
        prepare(io.StringIO(ELSEWHERE), EXACT, workspace)

    assert (
        "the file has no header that names a column of codes; it names"
        ' "post_title", "post_excerpt", "post_status"'
    ) == caught.value.message
    assert caught.value.hint.endswith("say which column holds the codes: --column NAME or INDEX")
    for column in ("post_title", "Post Title", 0):
        folder = workspace / str(column)
        folder.mkdir()
        assert [["A47-1"]] == sent(prepare(io.StringIO(ELSEWHERE), EXACT, folder, column=column))


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [
        ("A1,x\nB2,y\n", 0, "the file has no header, or column 0 has a name that could be a code"),
        ("SUMMER\nWINTER\n", 0, "the file has no header, or column 0 has a name that could be a code"),
        ("summer\nWINTER1\n", 1, "there is no column 1; the header has 1"),
        ("kennung,x\nA1,1\n", "kennug", 'no column has the name .* it names "kennung", "x"'),
        ("x,x\nA1,1\n", "x", "several columns have the name"),
        ("mobile,x\n9198,A1\n", "mobile", 'the column "mobile" is named as customers, not as codes'),
        ("E-Mail,x\na@example.com,A1\n", 0, 'the column "E-Mail" is named as customers, not as codes'),
        ("Phone No.,name\n9198,A1\n", None, 'it names "Phone No.", "name"'),
        ("id,name\n1,A1\n", None, "no header that names a column of codes"),
        ("code,voucher\nA1,B1\n", None, "several columns could hold the codes"),
        ("code\na.buyer@example.com\n", None, "line 2: the code is an e-mail address"),
    ],
)
def test_the_column_of_codes_is_never_guessed(
    workspace: Path, content: str, column: str | int | None, message: str
) -> None:
    """Neither a code becomes a header, nor a customer a code."""
    with pytest.raises(UsageError, match=message):
        prepare(io.StringIO(content), EXACT, workspace, column=column)


def test_a_column_that_was_said_wins_over_known_names(workspace: Path) -> None:
    """Whoever names the column is believed, also where another one is called code."""
    source = "code,Unique Reference 2026\n1,A-1\n2,A-2\n"

    assert [["A-1"], ["A-2"]] == sent(
        prepare(io.StringIO(source), EXACT, workspace, column="unique reference 2026")
    )


def test_columns_are_for_files(workspace: Path) -> None:
    """An iterable of codes has no columns."""
    with pytest.raises(UsageError, match="a column is named of a file"):
        prepare(["A1"], EXACT, workspace, column=0)


@pytest.mark.parametrize(
    ("header", "identifier", "at"),
    [
        ("code,mobile", Identifier.MOBILE, 1),
        ("Phone Number,Coupon Code", Identifier.MOBILE, 0),
        ("email,mobile,code", Identifier.MOBILE, 1),
        ("code,Handynummer", Identifier.MOBILE, 1),
        ("code,E-Mail", Identifier.EMAIL, 1),
        ("id,code,user_id", Identifier.EXTERNAL_ID, 2),
        ("coupon code,customer_identifier", Identifier.ID, 1),
    ],
)
def test_the_customers_column_is_found_by_its_name(
    workspace: Path, header: str, identifier: Identifier, at: int
) -> None:
    """Wherever it stands, the column whose name says what the tag does holds the customers."""
    names = header.split(",")
    values = {Identifier.MOBILE: MOBILE, Identifier.EMAIL: "a.buyer@example.com"}
    customer = values.get(identifier, "98662653")
    row = [customer if position == at else "OTHER" for position in range(len(names))]
    row[next(i for i, name in enumerate(names) if name.lower().endswith("code"))] = "A-1"

    tagging = Tagging(identifier=identifier)
    assert [[customer, "A-1"]] == sent(prepare(file_of(names, row), QUOTING, workspace, tagging=tagging))


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [
        ("code,mobile\nA1,919876543210\n", 0, 'the column "code" is named as codes, not as customers'),
        ("code,mobile\nA1,919876543210\n", "code", 'the column "code" is named as codes, not as customers'),
        ("id,mobile,code\n1,9,A1\n", 0, 'the column "id" is named as another identifier than mobile'),
        ("mobile,email\n919876543210,a@example.com\n", None, "no header that names a column of codes"),
        ("mobile,name\n919876543210,Asha\n", None, "no header that names a column of codes"),
        ("mobile,A1\n919876543210,A2\n", None, "no header that names a column of codes"),
        ("code,note\nA1,x\n", None, "no column whose name says mobile; it names"),
        ("code,mobile,phone\nA1,9,9\n", None, "several columns could hold the customers"),
        ("mobile,code\nA1,919876543210\n", None, "line 2: the customer's mobile is no number"),
        (
            "code,who\nA1,919876543210.0\n",
            "who",
            "line 2: the customer's mobile is a number with a decimal point",
        ),
        ("code,who\nA1,9.19877E+11\n", "who", "line 2: the customer's mobile is a rounded number"),
        ("code,who\nA1,NULL\n", "who", "line 2: the customer's mobile is a word for nothing"),
        ("code,who\nA1,a@example.com\n", "who", "line 2: the customer's mobile is no number"),
        ("code,who\nA1,'919876543210\n", "who", "line 2: the customer's mobile is text behind an apostrophe"),
    ],
)
def test_customers_that_cannot_be_are_refused(
    workspace: Path, content: str, column: str | int | None, message: str
) -> None:
    """Names that say the other thing and cells that are none of the kind are refused, and nothing is left."""
    tagging = Tagging(identifier=Identifier.MOBILE, column=column)
    with pytest.raises(UsageError, match=message) as caught:
        prepare(io.StringIO(content), QUOTING, workspace, tagging=tagging, accepts_ruined=True)
    assert MOBILE not in str(caught.value)
    assert [] == list(workspace.iterdir())


def test_customers_go_out_in_the_form_that_vendors_know(workspace: Path) -> None:
    """What clings to a pasted number is taken off."""
    source = io.StringIO("mobile,code\n+91 98765-43210 ,A1\n\u202a919876543211\u202c,A2\n")
    tagging = Tagging(identifier=Identifier.MOBILE)

    assert [[MOBILE, "A1"], ["919876543211", "A2"]] == sent(
        prepare(source, QUOTING, workspace, tagging=tagging)
    )


def test_customers_that_are_not_used_are_told(workspace: Path) -> None:
    """Without a tag the codes go out alone, never the column beside them, and that is said."""
    prepared = prepare(io.StringIO(f"mobile,code\n{MOBILE},A1\n"), EXACT, workspace)

    assert [["A1"]] == sent(prepared)
    assert (
        'the codes were sent without the customers in column "mobile": --tag would bind them, where the vendor can',
    ) == (prepared.warnings)
    assert MOBILE.encode() not in b"".join(part.codes.read_bytes() for part in prepared.parts)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04rest of a broken archive", "the zip file is damaged or cut off"),
        (b"\x1f\x8brest of a broken file", "the gzip file is damaged or cut off"),
        (b"code;\nA04-1;10;\n", "line 2: 3 columns where the header has 2"),
        (b"code\nA04-1;10\n", "line 2: a semicolon or bar in the code"),
        (b"code\nA04-1\t10\n", "line 2: a tab in the code, as between columns"),
        (b"sep=,,\ncode,note\nA06-1,x\n", 'the first line is "sep=" with a sign'),
        (b"code\nA-1\rA-2\n", "a line that ends with CR alone"),
        ("Código\nA-1\n".encode("latin-1"), "the first row is not in UTF-8"),
        (b'"code,note"\n"A-1,x"\n', "no header that names a column of codes"),
        (b"code,note\nA-1;x\n", "line 2: 1 columns where the header has 2"),
    ],
)
@pytest.mark.parametrize("column", [None, 0])
def test_other_forms_are_named_and_never_misread(
    workspace: Path, content: bytes, column: int | None, message: str
) -> None:
    """Another encoding, separator or kind of file is refused with what was seen, whatever column was said."""
    if column is not None and "no header" in message:
        message = "1 faulty row|could be a code|comma or quote"
    with pytest.raises(UsageError, match=message):
        prepare(io.BytesIO(content), EXACT, workspace, column=column)
    assert [] == list(workspace.iterdir())


@settings(deadline=None, max_examples=examples(100))
@given(
    codes=st.lists(
        st.from_regex(r"[A-Z0-9]{6,12}|[a-z0-9]{6,12}|[A-Za-z]{6,12}", fullmatch=True), min_size=2
    ),
    columns=st.integers(1, 3),
    column=st.sampled_from([None, 1, "code"]),
)
def test_no_code_stands_in_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, codes: list[str], columns: int, column: str | int | None
) -> None:
    """A file without a header is sent whole, or refused without showing the row that stands in its place."""
    workspace = tmp_path_factory.mktemp("workspace")
    rows = [[code] * columns for code in [codes[0], "aB3", *codes[1:]]]
    told, count = "", len(rows)
    try:
        count = prepare(file_of(*rows), EXACT, workspace, column=column).rows
    except UsageError as error:
        told = str(error)
    assert not [code for code in codes if code in told]
    assert len(rows) == count
    assert told or columns == 1


CELLS = st.one_of(
    st.sampled_from([cell for cells in RUINED.values() for cell in cells]),
    st.sampled_from(
        [MOBILE, "a@example.com", "code", "A;1", "", " ", "A1", "a1", "A1 ", "\u200bA1", "CAFE\u0301"]
    ),
    st.text(alphabet="aA1 -;,\"'\t\u00a0\u00e9", max_size=4),
    st.text(max_size=5),
)


CLEAN = st.integers(0, 5).map(lambda number: [f"C{number}", MOBILE, f"C{number}"])


@settings(deadline=None, max_examples=examples(150))
@given(
    rows=st.lists(CLEAN | st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=12),
    at=st.integers(0, 2),
    rules=st.sampled_from([QUOTING, EXACT, attrs.evolve(EXACT, max_rows=2)]),
    way=st.sampled_from(["plain", "tagged", "accepting"]),
)
def test_whatever_the_file_only_its_codes_are_sent(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], at: int, rules: CodeFileRules, way: str
) -> None:
    """A code that is sent is a cell of the column of codes, to the letter and in order, and the rows balance."""
    workspace = tmp_path_factory.mktemp("workspace")
    names = ["note", "mobile"]
    names.insert(at, "Code")
    for row in rows:
        row[1], row[names.index("mobile")] = row[names.index("mobile")], row[1]
    tagging = Tagging(identifier=Identifier.MOBILE) if way == "tagged" else None
    cells = [row[at] for row in rows if any(map(str.strip, row))]
    try:
        prepared = prepare(
            file_of(names, *rows), rules, workspace, tagging=tagging, accepts_ruined=way == "accepting"
        )
    except UsageError:
        assert [] == list(workspace.iterdir())
        return

    written = [row[-1] for row in sent(prepared)]
    assert written == [cell for cell in dict.fromkeys(cells) if cell in set(written)]
    assert len(cells) == prepared.rows
    assert prepared.rows == prepared.duplicates + prepared.skipped + len(written)
    assert "code" not in {cell.strip().casefold() for cell in written}


@pytest.mark.parametrize("cell", ["A\nB", "A1\n", "\nA1", "A\r\nB"])
def test_a_line_break_within_a_code_is_refused(tmp_path: Path, cell: str) -> None:
    """It would be another code without it."""
    with pytest.raises(UsageError, match="a control character in the code"):
        prepare(file_of(["code", "note"], [cell, "x"]), EXACT, tmp_path)
