"""What people see: colour on a terminal only, nothing cut, and no text of a vendor's that steers the screen."""

import json

import pytest

from tests.kit.cli import CUSTOMER, CliRunner

EVIL = "\x1b[2J\x1b]0;owned\x07[bold red]x[/] a\nb\r\tc\x9b31m \u202eabc \ud800"


def test_colour_on_a_terminal_only(cli: CliRunner) -> None:
    """A terminal gets a coloured table; a pipe never gets an escape, whatever the form; NO_COLOR is kept to."""
    words = ("lists", "ls", "moengage")
    seen = cli.on_terminal(*words)
    assert "\x1b[" in seen.out
    assert "NAME" in seen.out
    assert "\x1b" not in cli.apart(*words, "-o", "table").out
    assert "\x1b[32m" not in cli.on_terminal(*words, NO_COLOR="1").out
    assert isinstance(json.loads(cli.on_terminal(*words, "-o", "json").out), dict)


def test_no_table_is_shown_where_there_is_nothing(cli: CliRunner) -> None:
    """A person is told that there is nothing; a pipe gets nothing at all."""
    words = ("lists", "ls", "moengage", "--status", "archived")
    assert "holds no such list" in cli.on_terminal(*words).out
    piped = cli.apart(*words)
    assert (0, "", "") == (piped.code, piped.out, piped.err)


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", None])
def test_text_of_a_vendor_steers_no_terminal(cli: CliRunner, form: str | None) -> None:
    """Escapes, line breaks, markup and other invisible characters in a list's name are shown harmlessly."""
    list_id = cli.answering(name=EVIL)
    words = ("lists", "show", "moengage", list_id, *(("-o", form) if form else ()))
    seen = cli.on_terminal(*words, NO_COLOR="1", columns=200)
    assert 0 == seen.code
    assert not {"\x07", "\x9b", "\u202e", "\r"} & set(seen.out)
    assert not any(escape in seen.out for escape in ("\x1b]", "\x1b[2J"))
    assert "[bold red]x[/]" in seen.out
    piped = cli.apart(*words)
    assert 0 == piped.code, piped.err
    if form in {"json", "jsonl"}:
        assert EVIL == piped.json["name"]
    if form is None:
        assert 1 == len(piped.out.splitlines())


def test_a_name_that_looks_like_a_time(cli: CliRunner) -> None:
    """A name is shown as it is, even if it looks like an instant and is none."""
    list_id = cli.answering(name="2026-99-99T99:99:99Z")
    seen = cli("lists", "show", "moengage", list_id, "-o", "table")
    assert (0, "") == (seen.code, seen.err)
    assert "2026-99-99T99:99:99Z" in seen.out


@pytest.mark.parametrize("columns", [20, 40, 79])
def test_codes_and_ids_are_never_cut(cli: CliRunner, columns: int) -> None:
    """However narrow the terminal, every code and every number stands there whole and on one line."""
    words = ("lookup", "--mobile", CUSTOMER, "--connection", "capillary")
    codes = [coupon["code"] for coupon in cli(*words, "-o", "json").json["coupons"]]
    seen = cli.on_terminal(*words, columns=columns, NO_COLOR="1")
    assert all(code in seen.out for code in codes)
    assert "…" not in seen.out
    list_id = cli.list_id("moengage", "x" * 90)
    shown = cli.on_terminal("lists", "show", "moengage", list_id, columns=columns)
    assert list_id in shown.out
    assert "x" * 90 in shown.out


def test_output_in_an_encoding_that_lacks_letters(cli: CliRunner) -> None:
    """JSON is UTF-8 whatever the locale says, and columns never fail for a letter."""
    list_id = cli.answering(name="Größe 福")
    for form in ("json", "csv", "table"):
        ran = cli.apart("lists", "show", "moengage", list_id, "-o", form, PYTHONIOENCODING="ascii")
        assert (0, "") == (ran.code, ran.err)
        assert "Größe 福" in ran.out


def test_help_needs_nothing(cli: CliRunner) -> None:
    """Help is shown without a config, and for a group without its command on stderr with exit code 2."""
    (cli.folder / "couponhub.toml").unlink()
    for words in ((), ("lists",), ("uploads",), ("config",), ("usage",)):
        asked = cli(*words, "--help")
        assert (0, "") == (asked.code, asked.err)
        assert asked.out.startswith("Usage: couponhub")
        bare = cli(*words)
        assert (2, "") == (bare.code, bare.out)
        assert bare.err.startswith("Usage: couponhub")
    assert "usage" == cli("lists", "-o", "json").json["error"]["kind"]


def test_no_line_wraps_for_blanks_alone(cli: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside a command that is wider than the terminal, shorter lines are as long as what they say."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = cli("usage", "status", "-o", "table").out.splitlines()
    assert max(map(len, lines)) > 80
    assert [] == [line for line in lines if line.endswith(" ")]
