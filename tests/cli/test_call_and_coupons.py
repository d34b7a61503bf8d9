"""`call` and `coupons find`: what has no command of its own, and coupons by their codes."""

import json

import pytest

from tests.kit.cli import CUSTOMER, CliRunner


def a_code(cli: CliRunner) -> str:
    """A code that the demo's customer holds at Capillary."""
    found = cli("lookup", "--mobile", CUSTOMER, "--connection", "capillary", "-o", "json").json
    return str(found["coupons"][0]["code"])


def test_a_call_prints_what_the_vendor_answers(cli: CliRunner) -> None:
    """The vendor's JSON, whole; a parameter may stand several times, and an empty answer is null."""
    lists = cli("call", "moengage", "get", "/coupon-list", "--query", "status=ACTIVE").json["data"]
    assert {"ACTIVE"} == {one["status"] for one in lists}
    ids = ("--query", "ids=900001", "--query", "ids=900004")
    series = cli("call", "capillary", "GET", "v2/coupon/series", *ids, "-o", "jsonl")
    assert 1 == len(series.out.splitlines())
    assert {900001, 900004} == {one["id"] for one in series.json["entity"]}
    archived = cli("call", "moengage", "PUT", f"/coupon-list/{lists[0]['_id']}/archive", "--yes")
    assert (0, None) == (archived.code, archived.json)
    assert "archived" == cli("lists", "show", "moengage", lists[0]["_id"], "-o", "json").json["status"]


def test_a_call_that_may_change_something_needs_a_yes(cli: CliRunner) -> None:
    """Without a terminal nothing but GET and HEAD is sent unasked."""
    before = len(cli.control["moengage"].requests())
    refused = cli("call", "moengage", "POST", "/coupon-list", "--body", "{}")
    assert (2, before) == (refused.code, len(cli.control["moengage"].requests()))
    assert "--yes" in refused.complaint


@pytest.mark.parametrize("way", ["text", "file", "stdin"])
def test_a_body_need_not_stand_in_argv(cli: CliRunner, way: str) -> None:
    """JSON itself, a file, or stdin; what the vendor refuses is refused by its words and the table of errors."""
    body = json.dumps({"name": "x", "colour": "SECRET-1"})
    (cli.folder / "body.json").write_text(body, encoding="utf-8")
    given = {"text": body, "file": "@body.json", "stdin": "-"}[way]
    words = ("call", "moengage", "POST", "/coupon-list", "--yes", "-o", "json", "--body", given)
    ran = cli.apart(*words, stdin=body)
    assert (9, "rejected", "call") == (ran.code, ran.json["error"]["kind"], ran.json["error"]["operation"])
    assert "colour" in ran.complaint
    assert "SECRET" not in ran.err + ran.out


@pytest.mark.parametrize(
    "words",
    [
        ("GET", "https://elsewhere.example.com/x"),
        ("GET", "//elsewhere.example.com/x"),
        ("GET", "../x"),
        ("GET", "/x?status=ACTIVE"),
        ("GET", "/x", "--query", "status"),
        ("G3T", "/x", "--yes"),
        ("POST", "/x", "--yes", "--body", "{"),
        ("POST", "/x", "--yes", "--body", "null"),
        ("POST", "/x", "--yes", "--body", "@none.json"),
        ("GET", "/x", "-o", "csv"),
    ],
)
def test_a_call_that_makes_no_sense_is_misuse(cli: CliRunner, words: tuple[str, ...]) -> None:
    """Paths stay beneath the vendor's address, and a body is JSON; nothing is sent."""
    before = len(cli.control["moengage"].requests())
    ran = cli("call", "moengage", *words)
    assert (2, before) == (ran.code, len(cli.control["moengage"].requests()))
    assert ran.complaint


def test_a_lost_answer_of_a_call_is_not_known(cli: CliRunner) -> None:
    """A write is not repeated; exit 3 says that nobody knows."""
    cli.control["moengage"].fail("POST *", "drop_after", times=1)
    ran = cli("call", "moengage", "POST", "/coupon-list", "--yes", "--body", "{}")
    assert 3 == ran.code
    assert "look at the vendor" in ran.complaint


def test_codes_are_found(cli: CliRunner) -> None:
    """Each code in the order asked, with what the vendor says of it; 4 when it does not know one."""
    code = a_code(cli)
    found = cli("coupons", "find", "capillary", code.lower(), code, "-o", "json")
    assert (0, [(code, True)] * 2) == (
        found.code,
        [(one["code"], one["known"]) for one in found.json["items"]],
    )
    ran = cli("coupons", "find", "capillary", "NO-SUCH-CODE", code, "-o", "json")
    told = [(one["code"], one["known"], one["status"]) for one in ran.json["items"]]
    assert ("NO-SUCH-CODE", False, "unknown") == told[0]
    assert (code, True) == told[1][:2]
    assert (4, "not_found") == (ran.code, ran.json["error"]["kind"])
    assert "1 of 2 codes" in ran.complaint
    assert "NO-SUCH-CODE" not in ran.err
    assert [["NO-SUCH-CODE", "false"], [code, "true"]] == [
        row[:2] for row in cli("coupons", "find", "capillary", "NO-SUCH-CODE", code).rows
    ]


def test_codes_need_not_stand_in_argv(cli: CliRunner) -> None:
    """A file or stdin, a code a line; blank lines are none, and what is asked twice is asked once."""
    code = a_code(cli)
    text = f"{code}\r\n\n{code}\n"
    (cli.folder / "codes.txt").write_text(text, encoding="utf-8")
    for given in ("-", "@codes.txt"):
        ran = cli.apart("coupons", "find", "capillary", given, stdin=text)
        assert (0, [code]) == (ran.code, [row[0] for row in ran.rows])
    assert 2 == cli("coupons", "find", "capillary", "@none.txt").code
    assert 2 == cli.apart("coupons", "find", "capillary", "-", stdin="\n").code


def test_codes_of_a_vendor_that_tells_of_none(cli: CliRunner) -> None:
    """MoEngage has no lookup by code: exit 8 says what to do instead."""
    ran = cli("coupons", "find", "moengage", "CODE", "-o", "json")
    assert (8, "unsupported") == (ran.code, ran.json["error"]["kind"])
    assert "usage request" in ran.json["error"]["hint"]
