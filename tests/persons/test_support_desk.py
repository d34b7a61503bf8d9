"""A support desk: somebody on the telephone wants to know which coupons there are, and must not be told wrong."""

import csv
import json
import re

from tests.kit.cli import CUSTOMER, CliRunner

STYLE = re.compile(r"\x1b\[[0-9;]*m")


def test_the_answer_is_read_aloud(cli: CliRunner) -> None:
    """Plain words first, on a narrow screen too; the number as it was typed, where a coupon was used, what is a guess."""
    narrow, wide = (cli.on_terminal("lookup", "--mobile", CUSTOMER, columns=width) for width in (80, 200))
    for shown in (narrow, wide):
        told = " ".join(STYLE.sub("", shown.out).split())
        assert 3 == shown.code
        assert f"Not complete for the customer with mobile {CUSTOMER}: moengage could not be asked." in told
        assert "There may be more than these 5: do not say that there are no others." in told
        assert "at Downtown Store" in told
        assert "~ marks times whose zone is a guess" in told
        assert 1 == told.count("no usage report was imported yet")
    assert max(map(len, STYLE.sub("", narrow.out).splitlines()[:2])) <= 80


def test_a_whole_answer_and_none(cli: CliRunner) -> None:
    """That there is none is said where the vendor said so, and never while it is down."""
    ask = ("lookup", "--connection", "capillary", "-o", "table", "--mobile")
    whole = cli(*ask, CUSTOMER)
    assert (0, True) == (whole.code, whole.out.startswith("Complete: "))
    none = cli(*ask, "919800000001")
    assert 0 == none.code
    assert none.out.startswith("Complete: the customer with mobile 919800000001 holds no coupon")
    cli.control["capillary"].fail("* *", "status", 503)
    down = cli(*ask, "919800000002")
    assert 3 == down.code
    assert "do not say" in down.out
    assert "holds no coupon" not in down.out


def test_slips_are_met_with_the_right_word(cli: CliRunner) -> None:
    """What people type instead of an option, in the wrong one, or without any; no number is repeated in an error."""
    for words, said in (
        (("lookup", "--phone", CUSTOMER), "did you mean --mobile?"),
        (("lookup", CUSTOMER), "give it as --mobile"),
        (("lookup", "--mobile", "a.buyer@example.com"), "an e-mail address is given as the email"),
        (("lookup", "--email", CUSTOMER), "a telephone number is given as the mobile"),
        (("list",), "did you mean `couponhub lists ls`?"),
        (("lookup",), "give one of --mobile, --email, --external-id and --id"),
    ):
        ran = cli(*words)
        assert (2, "") == (ran.code, ran.out)
        assert said in ran.complaint
        assert CUSTOMER not in ran.err


def test_files_carry_the_verdicts(cli: CliRunner) -> None:
    """In a spreadsheet and line by line: a kind in each row, so that a missing coupon is not taken for none."""
    ask = ("lookup", "--mobile", CUSTOMER, "-o")
    rows = list(csv.DictReader(cli(*ask, "csv").out.splitlines()))
    lines = [json.loads(line) for line in cli(*ask, "jsonl").out.splitlines()]
    kinds = ["lookup", "answer", "answer", *["coupon"] * 5]
    assert kinds == [row["kind"] for row in rows] == [line["kind"] for line in lines]
    assert [("capillary", "found"), ("moengage", "unknown")] == [
        (row["connection"], row["verdict"]) for row in rows if row["kind"] == "answer"
    ]
    assert lines[0]["complete"] is False


def test_why_and_whose(cli: CliRunner) -> None:
    """`explain` says where a status comes from; `forget` asks first, and says what it cannot remove."""
    why = cli("explain", "--mobile", CUSTOMER)
    assert 0 == why.code
    assert "redeemed, and the vendor says that it cannot be used again" in why.out
    assert "this cannot be undone" in cli("forget", "--mobile", CUSTOMER).complaint
    gone = cli("forget", "--mobile", CUSTOMER, "--yes")
    assert 0 == gone.code
    assert "not removed: what the vendors keep: have Capillary and MoEngage erase the person too" in gone.err
