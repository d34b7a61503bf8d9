"""One code per line without a header: taken where the first line is plainly a code, refused where it may be a header."""

import io
from pathlib import Path

import pytest

from couponhub.codes import prepare
from couponhub.errors import UsageError
from couponhub.models import CodeFileRules, Identifier, Tagging
from couponhub.state import TextCodeSet

EXACT = CodeFileRules(code_header="Coupon Code")
SAID = "the file has no header: every line was taken as a code, the first one too"


@pytest.mark.parametrize(
    "lines",
    [
        ("A-1", "A-2", "A-3"),
        ("X7K2M9QP", "B1C2D3E4"),
        ("ABC-9", "ABC-10"),
        ("CODE-1", "CODE-2"),
        ("007", "008", "009"),
        ("0123456789012345", "0123456789012346"),
        ("Größe5", "Größe6"),
    ],
)
def test_codes_alone_are_sent_as_they_stand(tmp_path: Path, lines: tuple[str, ...]) -> None:
    """All of them, the first one too, byte for byte, and it is said; no header is made of a code."""
    prepared = prepare(io.BytesIO("\r\n".join([*lines, "", ""]).encode()), EXACT, tmp_path)
    (part,) = prepared.parts
    assert "".join(f"{line}\n" for line in ("Coupon Code", *lines)).encode() == part.path.read_bytes()
    assert SAID in prepared.warnings


def test_it_is_the_same_batch_as_with_a_header(tmp_path: Path) -> None:
    """What was sent with a header is not sent again without it."""
    for name in ("bare", "headed"):
        (tmp_path / name).mkdir()
    bare = prepare(io.StringIO("A-1\nA-2\n"), EXACT, tmp_path / "bare")
    headed = prepare(io.StringIO("code\nA-1\nA-2\n"), EXACT, tmp_path / "headed")
    assert headed.fingerprint == bare.fingerprint
    again = prepare(io.StringIO("A-1\nA-2\n"), EXACT, tmp_path, sent=[TextCodeSet(headed.parts[0].codes)])
    assert (2, 2, ()) == (again.rows, again.skipped, again.parts)


@pytest.mark.parametrize(
    "content",
    [
        "A-1\n",  # nothing to compare with
        "SUMMER\nWINTER\n",  # the first may name the column
        "Code 2026\nAB12\nAB13\n",
        "coupon1\nab12345\nab12346\n",
        "Kennung2026\nABC1234\nABC1235\n",
        "PROMO2026\nX7K2M9QP\nB1C2D3E4\n",
        "Name 1\nA 1\nA 2\n",
        "Total2\nAbcde3\nAbcde4\n",
        "A-1\nB;2\n",
        "A-1\nB-2,x\n",
        "A-1;10\nA-2;20\n",
        "919876543210\n919876543211\n",  # telephones
        "+91 98765 43210\n+91 98765 43211\n",
        "A-1\na@example.com\n",
    ],
)
def test_what_may_be_a_header_or_a_customer_is_refused(tmp_path: Path, content: str) -> None:
    """A header would be a code that nobody can redeem, and a customer is none."""
    with pytest.raises(UsageError, match=r"header|separated"):
        prepare(io.StringIO(content), EXACT, tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    """Also of those that were looked at before; a second column further down is a fault, and a header is one."""
    codes = [f"A-{number}" for number in range(1, 70)]
    codes[29], codes[59], codes[64] = "NULL", "A-60,x", "code"
    with pytest.raises(UsageError) as caught:
        prepare(io.StringIO("".join(f"{code}\n" for code in codes)), EXACT, tmp_path)
    assert (
        "3 faulty rows, nothing was sent: line 30: the code is a word for nothing;"
        " line 60: 2 columns where the first line has 1; line 65: the code is the name of a column"
    ) == caught.value.message


def test_customers_need_a_header(tmp_path: Path) -> None:
    """Which column is whose cannot be told without one."""
    tagging = Tagging(identifier=Identifier.EXTERNAL_ID)
    with pytest.raises(UsageError, match="tagged codes need two columns"):
        prepare(io.StringIO("A-1\nA-2\n"), EXACT, tmp_path, tagging=tagging)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"code\n", "there are no codes, only a header"),
        (b"a;b\n1;2\n", "the file has no header that names a column of codes"),
        (b"%PDF-1.7\n", "this is no code file: it is a PDF"),
    ],
)
def test_the_file_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    """Whoever sends many files sees which one it is; a stream has no name but stdin's."""
    path = tmp_path / "e.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        prepare(path, EXACT, tmp_path)
    assert caught.value.message.startswith(f"{path}: {told}")
    with pytest.raises(UsageError) as caught:
        prepare(io.BytesIO(content), EXACT, tmp_path)
    assert caught.value.message.startswith(told)
    stdin = io.BytesIO(content)
    stdin.name = "<stdin>"
    with pytest.raises(UsageError, match=f"^stdin: {told}"):
        prepare(stdin, EXACT, tmp_path)
