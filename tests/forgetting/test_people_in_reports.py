"""A person whom usage reports name: found, explained, forgotten, and not brought back."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.cli.desk import CUSTOMER, Desk

PERSON = ("--external-id", "CANARY-EXT-7")
HEADER = "User ID,Coupon Code,Sent Time"


def reported(desk: Desk, person: str = PERSON[1]) -> tuple[str, list[str]]:
    """A list at MoEngage with a report of today, of two people; the words that import it again."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    list_id = desk.list_id("moengage")
    sent_at = f"{datetime.now(UTC) - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    file = desk.write("report.csv", HEADER, f"{person},GIVEN-1,{sent_at}", f"SOMEBODY-ELSE,GIVEN-2,{sent_at}")
    words = ["usage", "import", "moengage", list_id, file, "--from", today, "--to", today]
    ran = desk(*words)
    assert 0 == ran.code, ran.err
    return list_id, words


def answer(desk: Desk, *who: str) -> Any:
    """What MoEngage's reports say of somebody, and the codes."""
    ran = desk("lookup", *who, "--connection", "moengage", "-o", "json")
    (one,) = ran.json["answers"]
    return one["verdict"], one["reason"], [coupon["code"] for coupon in ran.json["coupons"]]


def test_the_row_is_explained(desk: Desk) -> None:
    """By the person, and by the code: import, file, row and days."""
    list_id, _ = reported(desk)
    for words in (PERSON, ("GIVEN-1",)):
        ran = desk("explain", *words, "--connection", "moengage", "-o", "json")
        assert 0 == ran.code, ran.err
        (row,) = ran.json["reports"]
        assert ("GIVEN-1", list_id, "report.csv", 1) == (
            row["code"],
            row["list_id"],
            row["file"],
            row["row"],
        )
        assert row["imported_at"]
    assert any("says row 1 of report.csv" in row[2] for row in desk("explain", "GIVEN-1").rows)


def test_the_row_of_a_person_whom_another_vendor_named(desk: Desk) -> None:
    """Asked about by mobile, MoEngage's reports are asked by the number that Capillary names."""
    reported(desk, "EXT-007")
    ran = desk("explain", "--mobile", CUSTOMER, "-o", "json")
    assert "capillary" == ran.json["answers"][1]["identified_by"]
    assert ["GIVEN-1"] == [row["code"] for row in ran.json["reports"]]


def test_forgotten_and_not_brought_back(desk: Desk) -> None:
    """After it nothing is known of the person, which is not the same as none; others stay."""
    _, words = reported(desk)
    assert "found" == answer(desk, *PERSON)[0]
    assert 0 == desk("forget", *PERSON, "--yes").code
    assert ("unknown", []) == answer(desk, *PERSON)[::2]
    assert [] == desk("explain", "GIVEN-1", "-o", "json").json["reports"]
    assert 0 == desk(*words).code
    assert ("unknown", []) == answer(desk, *PERSON)[::2]
    assert ["GIVEN-2"] == answer(desk, "--external-id", "SOMEBODY-ELSE")[2]
    assert 0 == desk(*words, "--include-forgotten").code
    assert ["GIVEN-1"] == answer(desk, *PERSON)[2]
