"""Commands that change or destroy what is there: asked for, confirmed, and told."""

from datetime import timedelta
from typing import Any

import pytest

from couponhub.clock import utc_now
from tests.kit.cli import CliRunner

LATER = (utc_now() + timedelta(days=70)).date().isoformat()


def a_list(cli: CliRunner) -> str:
    """Create a list at MoEngage."""
    arguments = (
        "lists",
        "create",
        "moengage",
        "--name",
        "Changing",
        "--expires",
        LATER,
        "--created-by",
        "me",
    )
    return str(cli(*arguments, "-o", "json").json["id"])


def test_a_list_is_changed(cli: CliRunner) -> None:
    """`lists update` changes what is named and leaves the rest."""
    list_id = a_list(cli)
    ran = cli("lists", "update", "moengage", list_id, "--name", "Changed", "-o", "json")
    assert (0, "Changed", "Changing") == (ran.code, ran.json["name"], ran.json["label"])
    assert "Changed" == cli("lists", "show", "moengage", list_id, "-o", "json").json["name"]


ALERTS = (
    *("--subscriber", "a@example.com", "--subscriber", "b@example.com"),
    *("--alert-failure", "--alert-shortage", "5", "--alert-expiry", "3"),
)


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        (("--alert-shortage", "9"), {"alerts": {"shortage": 9}}),
        (("--alert-shortage", "off"), {"alerts": {"shortage": None}}),
        (("--alert-expiry", "off"), {"alerts": {"expiry_days": None}}),
        (("--alert-success",), {"alerts": {"success": True}}),
        (("--no-alert-failure",), {"alerts": {"failure": False}}),
        (("--subscriber", "c@example.com"), {"subscribers": ["c@example.com"]}),
        (("--no-subscribers",), {"subscribers": []}),
        (("--name", "Else"), {"name": "Else"}),
    ],
)
def test_a_change_of_one_thing_leaves_the_others(
    cli: CliRunner, words: tuple[str, ...], changed: dict[str, Any]
) -> None:
    """Subscribers and each alert are changed by themselves, and the rest of the list stays."""
    new = ("lists", "create", "moengage", "--name", "One", "--expires", LATER, "--created-by", "me")
    before = cli(*new, *ALERTS, "-o", "json").json
    assert {"success": False, "failure": True, "shortage": 5, "expiry_days": 3} == before["alerts"]
    assert (["a@example.com", "b@example.com"], "me") == (before["subscribers"], before["created_by"])
    after = cli("lists", "update", "moengage", before["id"], *words, "-o", "json").json
    expected = {**before, **changed, "updated_at": after["updated_at"]}
    expected["alerts"] = {**before["alerts"], **changed.get("alerts", {})}
    assert expected == after == cli("lists", "show", "moengage", before["id"], "-o", "json").json


@pytest.mark.parametrize(
    "words",
    [
        ("--alert-shortage", "0"),
        ("--alert-shortage", "٣"),
        ("--alert-expiry", "never"),
        ("--subscriber", "a@example.com", "--no-subscribers"),
    ],
)
def test_what_is_no_alert_is_misuse(cli: CliRunner, words: tuple[str, ...]) -> None:
    """Figures begin at 1, and nobody is told to mail somebody and nobody."""
    assert 2 == cli("lists", "update", "moengage", "1", *words).code


def test_nothing_to_change_is_misuse(cli: CliRunner) -> None:
    """`lists update` without any change is refused before anything is sent."""
    assert 2 == cli("lists", "update", "moengage", a_list(cli)).code


def test_archiving_needs_a_yes(cli: CliRunner) -> None:
    """`lists archive` destroys codes: without a terminal it needs --yes, and then the list is archived."""
    list_id = a_list(cli)
    refused = cli("lists", "archive", "moengage", list_id)
    assert 2 == refused.code
    assert "--yes" in refused.complaint
    assert "active" == cli("lists", "show", "moengage", list_id, "-o", "json").json["status"]
    archived = cli("lists", "archive", "moengage", list_id, "--yes", "-o", "json")
    assert (0, "archived") == (archived.code, archived.json["status"])
    back = cli("lists", "activate", "moengage", list_id, "--expires", LATER, "-o", "json")
    assert (0, "active") == (back.code, back.json["status"])


def test_what_a_vendor_cannot_is_refused(cli: CliRunner) -> None:
    """Capillary archives nothing and takes no upload back; exit 8 says what to do instead."""
    for words in (
        ("lists", "archive", "capillary", "900001"),
        ("lists", "activate", "capillary", "900001", "--expires", LATER),
        ("uploads", "rm", "capillary", "900004", "222696"),
    ):
        ran = cli(*words, "--yes", "-o", "json")
        assert (8, "unsupported") == (ran.code, ran.json["error"]["kind"])
        assert ran.json["error"]["hint"]


def test_an_upload_is_taken_back(cli: CliRunner) -> None:
    """`uploads rm` needs a yes; afterwards the vendor shows the file no more, and the codes may be sent again."""
    list_id = a_list(cli)
    (cli.folder / "codes.csv").write_text("code\nBACK-1\nBACK-2\n")
    send = ("uploads", "send", "moengage", list_id, "codes.csv", "--wait", "-o", "json")
    upload = cli(*send).json["id"]
    assert 2 == cli("uploads", "rm", "moengage", list_id, upload).code
    assert 0 == cli("uploads", "rm", "moengage", list_id, upload, "--yes").code
    again = cli(*send)
    assert (0, 2) == (again.code, again.json["accepted"])


def test_what_is_left_of_limits_is_shown(cli: CliRunner) -> None:
    """`connections` counts down what calls have spent, across runs."""
    cli("lists", "ls", "moengage", "--status", "active")
    first = cli("connections", "-o", "json").json["items"]
    left = {item["connection"]: item["left"] for item in first}
    assert 10_000 > left["moengage"]["fetch_lists_per_day"] >= 9_990
    assert {} == left["capillary"]
