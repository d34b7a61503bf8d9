"""Whoever types a word from elsewhere is told ours, and a customer's number stands in no answer."""

from pathlib import Path

import pytest

from couponhub.cli import main


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("lookup", "--phone", "919876543210"), "No such option '--phone' (did you mean --mobile?; see"),
        (("lookup", "--mobil", "919876543210"), "did you mean --mobile?"),
        (("lookup", "--customer-id", "7"), "did you mean --external-id?"),
        (("lookup", "--json", "--mobile", "919876543210"), "did you mean -o json?"),
        (("lookup", "919876543210"), "there is an argument too many (give it as --mobile;"),
        (("lookup", "+91 98765-43210"), "give it as --mobile"),
        (("forget", "a.buyer@example.com"), "give it as --email"),
        (("lookup", "EXT-007"), "a customer is named by an option: --mobile, --email, --external-id, --id"),
        (("lists", "ls", "--mobile", "919876543210"), "`couponhub lookup --mobile V` asks about a customer"),
        (("list",), "No such command 'list' (did you mean `couponhub lists ls`?; see `couponhub --help`)"),
        (("list", "ls"), "did you mean `couponhub lists ls`?"),
        (("upload", "codes.csv"), "did you mean `couponhub uploads send`?"),
        (("lokup",), "did you mean `couponhub lookup`?"),
        (("lists", "list"), "did you mean `couponhub lists ls`?"),
        (("lists", "delete", "x"), "did you mean `couponhub lists archive`?"),
        (("uploads", "status", "x"), "did you mean `couponhub uploads show`?"),
        (("token", "create"), "did you mean `couponhub token new`?"),
        (("init",), "did you mean `couponhub config init`?"),
        (("version",), "did you mean `couponhub --version`?"),
        (("qqq",), "No such command 'qqq' (see `couponhub --help`)"),
        (("lookup", "--email", "919876543210"), "a telephone number is given as the mobile"),
        (("lookup", "--mobile", "a.buyer@example.com"), "an e-mail address is given as the email"),
    ],
)
def test_the_word_that_was_meant_is_told(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    told: str,
) -> None:
    """It is one line, and it names no customer."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "couponhub.toml").write_text(
        '[connections.x]\nadapter = "capillary"\nregion = "eu"\nkey = "k"\nsecret = "s"\n'
    )
    assert 2 == main(words)
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert not [word for word in ("9876", "a.buyer") if word in line]
