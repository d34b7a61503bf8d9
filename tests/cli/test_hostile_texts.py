"""What a vendor or a file says steers no terminal, forges no line and hides nothing, wherever it is shown."""

import csv
import io
import json
import logging
import re
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from couponhub.cli.options import SafeFormatter
from couponhub.shown import is_visible
from couponhub.transport.exchange import Reply
from couponhub.transport.session import VendorSession
from tests.kit.cli import CUSTOMER, CliRunner

HOSTILE = {
    "colours": "\x1b[31mred\x1b[0m",
    "a title": "\x1b]0;owned\x07",
    "a link": "\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\",
    "C1": "\x9b2J\x90q\x9c",
    "a line of ours": "x\ncouponhub: all is well",
    "a carriage return": "evil\rgood",
    "backspaces": "abc\b\b\bxyz",
    "a tab": "a\tb",
    "directions": "abc\u202efdp\u202c\u2066\u2069\u200f\u061c",
    "nothing to see": "a\u200b\u200d\ufeff\u00ad\u2060b",
    "fillers": "a\u3164\u115f\u2800\ufe0f\u034fb",
    "tags": "a\U000e0041\U000e007f\U000e0100",
    "separators": "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg",
    "markup": "[bold red]x[/] [link=http://evil.example]y[/link] :smile:",
    "half a character": "a\ud800b",
    "a NUL": "a\x00b\x7f",
}
LONG = 300_000
TEXTS = {"all of them": " ".join(HOSTILE.values()), "a long one": "A" * LONG}
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://evil.example")')
COMMANDS = (
    ("lists", "ls", "moengage"),
    ("lists", "ls", "capillary"),
    ("lookup", "--mobile", CUSTOMER),
    ("lookup", "--external-id", "EXT-007", "--connection", "moengage"),
    ("explain", "--mobile", CUSTOMER),
)
FORMS = ("table", "plain", "csv", "jsonl", "json")
_TEXT = re.compile(r"(?=.*[A-Za-z])(?!true$|false$|\d{4}-\d\d)", re.DOTALL | re.IGNORECASE)
# What an answer cannot be understood without; the rest of its texts is free.
_KEPT = frozenset({"status", "success", "accessToken", "type", "key", "id", "_id", "couponCode"})


def poisoned(value: Any, evil: str, key: str = "") -> Any:
    """A decoded answer with the text in each of its texts."""
    match value:
        case dict():
            return {name: poisoned(inner, evil, name) for name, inner in value.items()}
        case list():
            return [poisoned(inner, evil, key) for inner in value]
        case str() if key not in _KEPT and _TEXT.match(value):
            return evil + value
        case _:
            return value


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes every vendor say a text in all of its texts, and in the id of each call."""
    exchange = VendorSession.exchange

    def start(evil: str, *, status: int | None = None, body: Any = None) -> None:
        def answered(*arguments: Any, **named: Any) -> Reply:
            reply = exchange(*arguments, **named)
            said = poisoned(json.loads(reply.body or b"null"), evil) if body is None else body
            return attrs.evolve(
                reply,
                status=status or reply.status,
                headers={**reply.headers, "x-cap-requestid": evil, "x-request-id": evil},
                body=json.dumps(said).encode(),
            )

        monkeypatch.setattr(VendorSession, "exchange", answered)

    return start


def oddities(text: str) -> list[str]:
    """The characters in what was printed that are not shown as they are."""
    return sorted({hex(ord(char)) for char in set(text) if char not in "\n\t" and not is_visible(char)})


def form(name: str) -> tuple[str, ...]:
    """The flags for a form; "plain" is what a pipe gets."""
    return () if name == "plain" else ("-o", name)


@pytest.mark.parametrize("output", FORMS)
@pytest.mark.parametrize("what", TEXTS)
def test_answers_are_shown_unharmed(
    cli: CliRunner, poison: Any, caplog: pytest.LogCaptureFixture, what: str, output: str
) -> None:
    """In all forms, with logs; each object stays on its own line, and every text is there, spelled out."""
    caplog.set_level(logging.DEBUG)
    caplog.handler.setFormatter(SafeFormatter("%(message)s"))
    clean = {words: cli(*words, *form(output)) for words in COMMANDS}
    poison(TEXTS[what])

    for words in COMMANDS:
        ran = cli(*words, *form(output))
        assert clean[words].code == ran.code, ran.err
        assert [] == oddities(ran.out + ran.err + caplog.text), words
        assert "couponhub: all is well" not in ran.err.splitlines()
        if output in {"plain", "jsonl", "csv"} and words[0] == "lists":
            assert len(clean[words].out.splitlines()) == len(ran.out.splitlines())
        if output in {"plain", "table"}:
            assert len(ran.out) < LONG
    assert not any(line.startswith("couponhub: ") for line in caplog.text.splitlines())


@pytest.mark.parametrize("what", TEXTS)
def test_refusals_are_told_on_one_line(cli: CliRunner, poison: Any, what: str) -> None:
    """A vendor's message, code and request id in an error."""
    evil = TEXTS[what]
    error = {"code": evil, "message": evil, "type": evil, "request_id": evil}
    poison(
        evil, status=400, body={"error": error, "errors": [error], "message": evil, "status": {"code": evil}}
    )

    for words in (
        ("lists", "ls", "moengage"),
        ("lists", "show", "capillary", "1"),
        ("lookup", "--external-id", "EXT-007"),
    ):
        for output in FORMS:
            ran = cli(*words, *form(output), "--debug")
            assert [] == oddities(ran.out + ran.err)
            assert not any(line.startswith("couponhub: all is well") for line in ran.err.splitlines())
            assert len(ran.err) < 20_000


@pytest.mark.parametrize("formula", FORMULAS)
def test_cells_are_no_formulas(cli: CliRunner, poison: Any, formula: str) -> None:
    """A spreadsheet that opens a CSV file works nothing out that a vendor wrote; JSON stays as it came."""
    poison(formula)

    rows = list(csv.reader(io.StringIO(cli("lists", "ls", "moengage", "-o", "csv").out)))
    names = [
        json.loads(line)["name"] for line in cli("lists", "ls", "moengage", "-o", "jsonl").out.splitlines()
    ]

    assert [] == [
        cell
        for row in rows
        for cell in row
        if cell[:1] in set("=+@\t\r") or (cell[:1] == "-" and len(cell) > 1)
    ]
    assert names
    assert all(name.startswith(formula) for name in names)
    assert {"'" + name.replace("\t", "\\t").replace("\r", "\\r") for name in names} <= {
        cell for row in rows for cell in row
    }


@pytest.mark.parametrize("what", TEXTS)
def test_files_are_quoted_unharmed(cli: CliRunner, what: str) -> None:
    """A header or a name of a file that is refused."""
    list_id = cli.list_id("moengage")
    text = TEXTS[what].encode("utf-8", "replace")
    (cli.folder / "codes.csv").write_bytes(b'"' + text + b'","b"\nCODE-1,2\n')

    ran = cli("uploads", "send", "moengage", list_id, "codes.csv", "--column", "nothing", "--debug")

    assert 2 == ran.code
    assert [] == oddities(ran.out + ran.err)
    assert "couponhub: all is well" not in ran.err.splitlines()
    assert len(ran.err) < 20_000


def test_logs_forge_no_record() -> None:
    """A line break in a text begins no line that could be a record of its own."""
    record = logging.LogRecord(
        "a", logging.WARNING, "", 0, "said %s", ("\x1b[2J\nERROR all is lost\u202e",), None
    )

    assert "said \\x1b[2J\n    ERROR all is lost\\u202e" == SafeFormatter("%(message)s").format(record)
