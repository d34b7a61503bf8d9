"""`couponhub doctor` says whether a vendor that fetches files could reach them."""

import pytest

from tests.kit.cli import CliRunner


def with_staging(cli: CliRunner, *lines: str) -> None:
    """Set up `[staging]`."""
    config = cli.folder / "couponhub.toml"
    text = config.read_text(encoding="utf-8").partition("[staging]")[0]
    config.write_text("\n".join((text, "[staging]", *lines)), encoding="utf-8")


def test_it_is_tried_where_a_vendor_fetches(cli: CliRunner) -> None:
    """In a line of its own, and not for a vendor that is sent its files."""
    items = cli("doctor", "moengage", "-o", "json").json["items"]
    assert [("moengage", "connection", True), (None, "staging", True)] == [
        (item["connection"], item["subject"], item["ok"]) for item in items
    ]
    assert "was fetched from this machine" in items[1]["message"]
    assert "(staging)" in cli("doctor", "-o", "table").out
    assert 1 == len(cli("doctor", "capillary", "-o", "json").json["items"])


def test_an_address_that_nobody_answers_at_is_a_fault(cli: CliRunner) -> None:
    """Exit code 2, and one line that says what to do."""
    with_staging(cli, 'public_url = "http://127.0.0.1:9"')
    ran = cli("doctor", "-o", "json")
    (item,) = (one for one in ran.json["items"] if one["subject"] == "staging")
    assert (2, False, "config") == (ran.code, item["ok"], item["error"]["kind"])
    assert "cannot be fetched from this machine: the address could not be reached" in ran.complaint
    assert "staging.public_url" in item["error"]["hint"]


def test_no_staging_is_no_fault(cli: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever only looks customers up needs none; the line says what uploads would need."""
    monkeypatch.setattr("couponhub.cli.commands.doctor.is_loopback_url", lambda _: False)
    ran = cli("doctor", "-o", "json")
    (item,) = (one for one in ran.json["items"] if one["subject"] == "staging")
    assert (0, True) == (ran.code, item["ok"])
    assert "no file can be sent to moengage" in item["message"]
    assert "[staging]" in item["warnings"][0]
