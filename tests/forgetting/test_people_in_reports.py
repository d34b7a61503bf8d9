"""A person whom usage reports name: found, explained, forgotten, and not brought back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.kit.cli import CUSTOMER, SETTINGS, CliRunner
from tests.kit.clock import vendors_today

PERSON = ("--external-id", "CANARY-EXT-7")
HEADER = "User ID,Coupon Code,Sent Time"


def reported(cli: CliRunner, person: str = PERSON[1], other: str = "SOMEBODY-ELSE") -> tuple[str, list[str]]:
    """A list at MoEngage with a report of today, of two people; the words that import it again."""
    days = ("--from", f"{vendors_today()}", "--to", f"{vendors_today()}")
    list_id = cli.list_id("moengage")
    sent_at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    file = cli.write("report.csv", HEADER, f"{person},GIVEN-1,{sent_at}", f"{other},GIVEN-2,{sent_at}")
    words = ["usage", "import", "moengage", list_id, file, *days]
    ran = cli(*words)
    assert 0 == ran.code, ran.err
    return list_id, words


def answer(cli: CliRunner, *who: str) -> Any:
    """What MoEngage's reports say of somebody, and the codes."""
    ran = cli("lookup", *who, "--connection", "moengage", "-o", "json")
    (one,) = ran.json["answers"]
    return one["verdict"], one["reason"], [coupon["code"] for coupon in ran.json["coupons"]]


def test_the_row_is_explained(cli: CliRunner) -> None:
    """By the person, and by the code: import, file, row and days."""
    list_id, _ = reported(cli)
    for words in (PERSON, ("GIVEN-1",)):
        ran = cli("explain", *words, "--connection", "moengage", "-o", "json")
        assert 0 == ran.code, ran.err
        (row,) = ran.json["reports"]
        assert ("GIVEN-1", list_id, "report.csv", 1) == (
            row["code"],
            row["list_id"],
            row["file"],
            row["row"],
        )
        assert row["imported_at"]
    assert any("says row 1 of report.csv" in row[2] for row in cli("explain", "GIVEN-1").rows)


def test_the_row_of_a_person_whom_another_vendor_named(cli: CliRunner) -> None:
    """Asked about by mobile, MoEngage's reports are asked by the number that Capillary names."""
    reported(cli, "EXT-007")
    ran = cli("explain", "--mobile", CUSTOMER, "-o", "json")
    assert "capillary" == ran.json["answers"][1]["identified_by"]
    assert ["GIVEN-1"] == [row["code"] for row in ran.json["reports"]]


def test_forgotten_and_not_brought_back(cli: CliRunner) -> None:
    """After it nothing is known of the person, which is not the same as none; others stay."""
    _, words = reported(cli)
    assert "found" == answer(cli, *PERSON)[0]
    assert 0 == cli("forget", *PERSON, "--yes").code
    assert ("unknown", []) == answer(cli, *PERSON)[::2]
    assert [] == cli("explain", "GIVEN-1", "-o", "json").json["reports"]
    assert 0 == cli(*words).code
    assert ("unknown", []) == answer(cli, *PERSON)[::2]
    assert ["GIVEN-2"] == answer(cli, "--external-id", "SOMEBODY-ELSE")[2]
    assert 0 == cli(*words, "--include-forgotten").code
    assert ["GIVEN-1"] == answer(cli, *PERSON)[2]


def by_mobile(cli: CliRunner) -> None:
    """MoEngage's reports hold mobiles."""
    cli.configure({**SETTINGS, "default_country_code": "91"})
    path = cli.folder / "couponhub.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('adapter = "moengage"', 'adapter = "moengage"\nuser_id_is = "mobile"'), encoding="utf-8"
    )


@pytest.mark.parametrize("held", ["919876512345", "9876512345", "09876512345"])
@pytest.mark.parametrize("given", ["9876512345", "+91 98765-12345", "\u00a0tel:+919876512345"])
def test_every_spelling_is_forgotten(cli: CliRunner, held: str, given: str) -> None:
    """Whatever a lookup of the same number would find goes, and is not brought back."""
    by_mobile(cli)
    _, words = reported(cli, held, "918800000000")
    assert ["GIVEN-1"] == answer(cli, "--mobile", given)[2]
    assert ["GIVEN-1"] == [
        row["code"]
        for row in cli("explain", "--mobile", given, "--connection", "moengage", "-o", "json").json["reports"]
    ]
    ran = cli("forget", "--mobile", given, "--yes", "-o", "json")
    assert 1 == ran.json["removed"][0]["count"]
    assert "no imported report names this person" not in ran.err
    assert 0 == cli(*words).code
    for spelled in (held, given):
        assert ("unknown", []) == answer(cli, "--mobile", spelled)[::2]


def test_that_nobody_was_there_is_said(cli: CliRunner) -> None:
    """Whoever mistyped a number must not believe that it was forgotten."""
    reported(cli)
    ran = cli("forget", "--external-id", "CANARY-EXT-8", "--yes")
    assert 0 == ran.code
    assert "no imported report names this person under any spelling" in ran.err
    assert "CANARY-EXT-8" not in ran.err


def test_who_can_be_nobody_is_not_forgotten(cli: CliRunner) -> None:
    """A number that cannot be one is refused, and nothing is removed of those beside it."""
    reported(cli)
    assert 2 == cli("forget", *PERSON, "--mobile", "9876543210 9876543211", "--yes").code
    assert "found" == answer(cli, *PERSON)[0]
