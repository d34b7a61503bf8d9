"""`couponhub lookup`: whom it asks by what, and how it shows what several connections know."""

import json

import pytest

from tests.cli.desk import CUSTOMER, SETTINGS, Desk


@pytest.fixture
def club(desk: Desk) -> str:
    """A second connection to the same vendor, behind the first: all its codes are there twice."""
    text = (desk.folder / "couponhub.toml").read_text(encoding="utf-8")
    begin = text.index("[connections.capillary]")
    table = text[begin : text.index("\n\n", begin)].replace(".capillary]", ".club]")
    desk.configure(SETTINGS, f"\n{table}\n")
    return "club"


@pytest.mark.parametrize("mobile", ["unknown77", "+9177", "77", "9198765432109198765477"])
def test_a_mobile_that_cannot_be_one(desk: Desk, mobile: str) -> None:
    """It is exit code 2 with one line that does not quote it, and no vendor is called."""
    ran = desk("lookup", "--mobile", mobile, "-o", "json")
    assert 2 == ran.code
    assert "mobile" in ran.complaint
    assert mobile not in ran.err + ran.out
    assert "usage" == ran.json["error"]["kind"]
    assert [] == desk.control["capillary"].requests()


def test_a_status_is_a_word_in_any_case(desk: Desk) -> None:
    """It selects what the library and HTTP select by it; another word is refused with those that there are."""
    words = ("lookup", "--mobile", CUSTOMER, "--connection", "capillary", "-o", "json", "--status")
    active = desk(*words, "active").json["coupons"]
    assert ["active"] * 3 == [coupon["status"] for coupon in active]
    assert active == [
        {**coupon, "as_of": asked["as_of"]}
        for coupon, asked in zip(desk(*words, "ACTIVE").json["coupons"], active, strict=True)
    ]
    refused = desk(*words, "actve")
    assert 2 == refused.code
    assert "'active', 'redeemed', 'expired'" in refused.complaint
    assert 0 == desk("lists", "ls", "moengage", "--status", "ACTIVE").code


def test_shared_codes_are_marked(desk: Desk, club: str) -> None:
    """Each code stands there once for each connection, and every form tells of the other."""
    words = ("lookup", "--mobile", CUSTOMER, "--connection", "capillary", "--connection", club)
    found = desk(*words, "-o", "json").json["coupons"]
    own = [coupon["code"] for coupon in found if coupon["connection"] == "capillary"]
    assert len(own) >= 5
    assert own == [coupon["code"] for coupon in found if coupon["connection"] == club]
    assert own + own == [coupon["code"] for coupon in found]
    assert {("capillary", club), (club, "capillary")} == {
        (coupon["connection"], *coupon["also_at"]) for coupon in found
    }
    assert [club] == [row[-1] for row in desk(*words).rows][:1]
    lines = desk(*words, "-o", "jsonl").out.splitlines()
    assert [club] == json.loads(lines[0])["also_at"]
    assert "ALSO AT" in desk(*words, "-o", "table").out


def test_codes_of_one_connection_are_not_marked(desk: Desk) -> None:
    """A table says nothing of what there is not; columns stay the same for scripts."""
    words = ("lookup", "--mobile", CUSTOMER, "--connection", "capillary")
    assert "ALSO AT" not in desk(*words, "-o", "table").out
    assert {8} == {len(row) for row in desk(*words).rows}
    assert {""} == {row[-1] for row in desk(*words).rows}
    assert not any(coupon["also_at"] for coupon in desk(*words, "-o", "json").json["coupons"])


def test_first_found_asks_no_further(desk: Desk, club: str) -> None:
    """The first that has coupons is the only one asked."""
    words = ("lookup", "--mobile", CUSTOMER, "--connection", "capillary", "--connection", club, "-o", "json")
    first = desk(*words, "--strategy", "first-found")
    assert 0 == first.code
    assert ["capillary"] == [one["connection"] for one in first.json["answers"]]
    merged = desk(*words, "--strategy", "merge").json
    assert ["capillary", club] == [one["connection"] for one in merged["answers"]]
    assert 2 == desk(*words, "--strategy", "random").code


def test_every_answer_tells_by_what_it_asked(desk: Desk) -> None:
    """The masked forms stand in each answer, and the number in none."""
    (one,) = desk("lookup", "--mobile", CUSTOMER, "--connection", "capillary", "-o", "json").json["answers"]
    assert ["***10 (12 digits)"] == one["asked_as"]
    assert one["identified_by"] is None
    assert CUSTOMER not in json.dumps(one)
