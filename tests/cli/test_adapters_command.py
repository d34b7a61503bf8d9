"""`couponhub adapters`: what is installed, without a config file, and whatever one of them is like."""

import json
from pathlib import Path

import pytest

from couponhub import _version
from couponhub.cli import main
from tests.config.toy import REGISTRY


def test_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both of ours, with the package that brings them, what they can do and their documented limits."""
    monkeypatch.chdir(tmp_path)
    assert 0 == main(["adapters", "-o", "json"])
    ours = {one["name"]: one for one in json.loads(capsys.readouterr().out)["items"]}
    assert {"capillary", "moengage"} == set(ours)
    assert {("couponhub", _version.installed_version())} == {
        (one["package"], one["version"]) for one in ours.values()
    }
    assert "customers.coupons" in ours["capillary"]["capabilities"]
    assert "customers.coupons" not in ours["moengage"]["capabilities"]
    assert 500_000 == ours["capillary"]["limits"]["file_rows"]
    assert [None, None] == [one["error"] for one in ours.values()]
    assert 0 == main(["adapters", "-o", "table"])
    assert "FAULT" not in capsys.readouterr().out


def test_a_broken_one_is_shown_with_its_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It harms no other; one whose example cannot be opened is a fault of that adapter, too."""
    monkeypatch.setattr("couponhub.registry.entry_points", lambda **_: REGISTRY._entries.values())
    assert 0 == main(["adapters", "-o", "json"])
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)["items"]}
    assert {"broken", "odd", "toy"} == set(found)
    assert "No module named" in found["broken"]["error"]["message"]
    assert "cannot be opened (NotImplementedError)" in found["toy"]["error"]["message"]
