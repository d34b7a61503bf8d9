"""`couponhub token`: shown once, listed without what makes it work, removed by name."""

import pytest

from couponhub.state import read_token_hash
from tests.kit.cli import CliRunner


def test_a_token_is_shown_once(cli: CliRunner) -> None:
    """With its name and scopes; afterwards nothing tells it."""
    made = cli("token", "new", "--scope", "lookup", "--scope", "codes:reveal", "--name", "till", "-o", "json")
    assert 0 == made.code
    assert ["token", "name", "scopes"] == list(made.json)
    assert ("till", ["codes:reveal", "lookup"]) == (made.json["name"], made.json["scopes"])
    listed = cli("token", "ls", "-o", "json")
    assert made.json["token"] not in listed.out
    (row,) = listed.json["items"]
    assert ["id", "name", "scopes", "created_at", "expires_at", "kept"] == list(row)
    assert ("till", ["codes:reveal", "lookup"], None) == (row["name"], row["scopes"], row["expires_at"])


def test_a_token_ends_after_days(cli: CliRunner) -> None:
    """So many after it was made."""
    cli("token", "new", "--scope", "lookup", "--expires", "30")
    (row,) = cli("token", "ls", "-o", "json").json["items"]
    assert row["expires_at"] > row["created_at"]


def test_a_token_is_removed(cli: CliRunner) -> None:
    """By its name; one that is not there is a mistake."""
    cli("token", "new", "--scope", "admin", "--name", "old")
    assert 0 == cli("token", "rm", "old").code
    assert [] == cli("token", "ls", "-o", "json").json["items"]
    missing = cli("token", "rm", "old")
    assert 2 == missing.code
    assert "couponhub token ls" in missing.complaint


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--scope", "everything"),
        ("--scope", "lookup", "--expires", "0"),
        ("--scope", "lookup", "--expires", "99999999"),
        ("--scope", "lookup", "--name", ""),
    ],
)
def test_what_is_no_token_is_refused(cli: CliRunner, words: tuple[str, ...]) -> None:
    """In one line, and nothing is made."""
    assert 2 == cli("token", "new", *words).code
    assert [] == cli("token", "ls", "-o", "json").json["items"]


def test_the_command_line_makes_one(cli: CliRunner) -> None:
    """Without keeping it; where the config names it, it is listed, and removed nowhere else."""
    made = cli("token", "new", "--scope", "lookup", "--name", "till", "--print-hash", "-o", "json").json
    assert ["token", "name", "scopes", "hash"] == list(made)
    assert read_token_hash(made["hash"]).matches(made["token"])
    assert [] == cli("token", "ls", "-o", "json").json["items"]
    config = cli.folder / "couponhub.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(f'{text}\n[server]\ntokens = ["{made["hash"]}"]\n', encoding="utf-8")
    (row,) = cli("token", "ls", "-o", "json").json["items"]
    assert ("till", ["lookup"], "config") == (row["name"], row["scopes"], row["kept"])
    refused = cli("token", "rm", "till")
    assert (2, True) == (refused.code, "[server] tokens" in refused.complaint)
