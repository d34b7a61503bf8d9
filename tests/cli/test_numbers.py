"""Numbers on the command line: what no count, span or share can be is refused in words, never met as a fault."""

import pytest

from tests.kit.cli import CliRunner

HUGE = "9" * 23


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lists", "ls", "--expiring", HUGE), f"{HUGE} days from now is after the year 9999"),
        (("lists", "ls", "--below", "few"), "'few' is no whole number"),
        (("lookup", "--mobile", "919876543210", "--limit", "0"), "0 is not at least 1"),
        (
            ("token", "new", "--scope", "lookup", "--expires", "3000000"),
            "3000000 days from now is after the year 9999",
        ),
        (
            ("usage", "status", "moengage", "--fail-if-older", "nan"),
            "'nan' is no number above 0, and up to 876000",
        ),
        (("usage", "status", "moengage", "--fail-if-older", "1e300"), "'1e300' is no number above 0"),
        (("emulate", "--processing-delay", "nan"), "'nan' is no number from 0 to 3600"),
        (("serve", "--workers", HUGE), f"{HUGE} is not from 1 to 256"),
        (("work", "--jobs", "65"), "65 is not from 1 to 64"),
    ],
)
def test_a_number_that_cannot_be_meant(cli: CliRunner, words: tuple[str, ...], said: str) -> None:
    """It ends with 2, and one line names the option, the value and what may stand there."""
    ran = cli(*words)
    assert (2, "") == (ran.code, ran.out)
    option = next(word for word in reversed(words) if word.startswith("--"))
    assert ran.complaint.startswith(f"Invalid value for '{option}': {said}")
