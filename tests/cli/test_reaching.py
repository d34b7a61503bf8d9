"""`call` and `coupons find`: what has no command of its own, and coupons by their codes."""

import json

import pytest

from tests.cli.desk import CUSTOMER, Desk


def a_code(desk: Desk) -> str:
    """A code that the demo's customer holds at Capillary."""
    found = desk("lookup", "--mobile", CUSTOMER, "--connection", "capillary", "-o", "json").json
    return str(found["coupons"][0]["code"])


def test_a_call_prints_what_the_vendor_answers(desk: Desk) -> None:
    """The vendor's JSON, whole; a parameter may stand several times, and an empty answer is null."""
    lists = desk("call", "moengage", "get", "/coupon-list", "--query", "status=ACTIVE").json["data"]
    assert {"ACTIVE"} == {one["status"] for one in lists}
    ids = ("--query", "ids=900001", "--query", "ids=900004")
    series = desk("call", "capillary", "GET", "v2/coupon/series", *ids, "-o", "jsonl")
    assert 1 == len(series.out.splitlines())
    assert {900001, 900004} == {one["id"] for one in series.json["entity"]}
    archived = desk("call", "moengage", "PUT", f"/coupon-list/{lists[0]['_id']}/archive", "--yes")
    assert (0, None) == (archived.code, archived.json)
    assert "archived" == desk("lists", "show", "moengage", lists[0]["_id"], "-o", "json").json["status"]


def test_a_call_that_may_change_something_needs_a_yes(desk: Desk) -> None:
    """Without a terminal nothing but GET and HEAD is sent unasked."""
    before = len(desk.control["moengage"].requests())
    refused = desk("call", "moengage", "POST", "/coupon-list", "--body", "{}")
    assert (2, before) == (refused.code, len(desk.control["moengage"].requests()))
    assert "--yes" in refused.complaint


@pytest.mark.parametrize("way", ["text", "file", "stdin"])
def test_a_body_need_not_stand_in_argv(desk: Desk, way: str) -> None:
    """JSON itself, a file, or stdin; what the vendor refuses is refused by its words and the table of errors."""
    body = json.dumps({"name": "x", "colour": "SECRET-1"})
    (desk.folder / "body.json").write_text(body, encoding="utf-8")
    given = {"text": body, "file": "@body.json", "stdin": "-"}[way]
    words = ("call", "moengage", "POST", "/coupon-list", "--yes", "-o", "json", "--body", given)
    ran = desk.apart(*words, stdin=body)
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
def test_a_call_that_makes_no_sense_is_misuse(desk: Desk, words: tuple[str, ...]) -> None:
    """Paths stay beneath the vendor's address, and a body is JSON; nothing is sent."""
    before = len(desk.control["moengage"].requests())
    ran = desk("call", "moengage", *words)
    assert (2, before) == (ran.code, len(desk.control["moengage"].requests()))
    assert ran.complaint


def test_a_lost_answer_of_a_call_is_not_known(desk: Desk) -> None:
    """A write is not repeated; exit 3 says that nobody knows."""
    desk.control["moengage"].fail("POST *", "drop_after", times=1)
    ran = desk("call", "moengage", "POST", "/coupon-list", "--yes", "--body", "{}")
    assert 3 == ran.code
    assert "look at the vendor" in ran.complaint


def test_codes_are_found(desk: Desk) -> None:
    """Each code in the order asked, with what the vendor says of it; 4 when it does not know one."""
    code = a_code(desk)
    found = desk("coupons", "find", "capillary", code.lower(), code, "-o", "json")
    assert (0, [(code, True)] * 2) == (
        found.code,
        [(one["code"], one["known"]) for one in found.json["items"]],
    )
    ran = desk("coupons", "find", "capillary", "NO-SUCH-CODE", code, "-o", "json")
    told = [(one["code"], one["known"], one["status"]) for one in ran.json["items"]]
    assert ("NO-SUCH-CODE", False, "unknown") == told[0]
    assert (code, True) == told[1][:2]
    assert (4, "not_found") == (ran.code, ran.json["error"]["kind"])
    assert "1 of 2 codes" in ran.complaint
    assert "NO-SUCH-CODE" not in ran.err
    assert [["NO-SUCH-CODE", "false"], [code, "true"]] == [
        row[:2] for row in desk("coupons", "find", "capillary", "NO-SUCH-CODE", code).rows
    ]


def test_codes_need_not_stand_in_argv(desk: Desk) -> None:
    """A file or stdin, a code a line; blank lines are none, and what is asked twice is asked once."""
    code = a_code(desk)
    text = f"{code}\r\n\n{code}\n"
    (desk.folder / "codes.txt").write_text(text, encoding="utf-8")
    for given in ("-", "@codes.txt"):
        ran = desk.apart("coupons", "find", "capillary", given, stdin=text)
        assert (0, [code]) == (ran.code, [row[0] for row in ran.rows])
    assert 2 == desk("coupons", "find", "capillary", "@none.txt").code
    assert 2 == desk.apart("coupons", "find", "capillary", "-", stdin="\n").code


def test_codes_of_a_vendor_that_tells_of_none(desk: Desk) -> None:
    """MoEngage has no lookup by code: exit 8 says what to do instead."""
    ran = desk("coupons", "find", "moengage", "CODE", "-o", "json")
    assert (8, "unsupported") == (ran.code, ran.json["error"]["kind"])
    assert "usage request" in ran.json["error"]["hint"]
