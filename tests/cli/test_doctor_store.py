"""`couponhub doctor` tells what is wrong with the store, and how to mend it."""

import os
from pathlib import Path

import pytest

from tests.cli.desk import Desk


def sent(desk: Desk) -> Path:
    """Send a code, and answer the store's database."""
    file = desk.write("codes.csv", "code", "DOCTOR-1")
    ran = desk("uploads", "send", "capillary", desk.list_id("capillary"), file, "--wait")
    assert 0 == ran.code, ran.err
    return desk.folder / "state" / "couponhub.db"


def test_a_sound_store_is_not_mentioned(desk: Desk) -> None:
    """Only the connections are, and no database is made."""
    assert {"connection", "staging"} == {
        item["subject"] for item in desk("doctor", "-o", "json").json["items"]
    }
    assert not (desk.folder / "state" / "couponhub.db").exists()
    sent(desk)
    assert "store" not in {item["subject"] for item in desk("doctor", "-o", "json").json["items"]}


@pytest.mark.parametrize("how", ["gone", "empty", "sets"])
def test_a_store_that_lost_its_memory_is_a_fault(desk: Desk, how: str) -> None:
    """The database or what lies beside it is missing: exit code 2, and one line that says what to do."""
    database = sent(desk)
    match how:
        case "gone":
            database.unlink()
        case "empty":
            database.write_bytes(b"")
        case _:
            codes = database.parent / "codes"
            codes.rename(database.parent / "elsewhere")
    ran = desk("doctor", "-o", "json")
    item = ran.json["items"][-1]
    assert (2, None, False, "local") == (ran.code, item["connection"], item["ok"], item["error"]["kind"])
    assert "code sets" in ran.complaint
    assert "from one backup" in item["error"]["hint"]
    assert "DOCTOR-1" not in ran.out + ran.err
    shown = desk("doctor", "-o", "table")
    assert "(store)" in shown.out
    assert 0 == desk("doctor", "capillary").code


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing there")
def test_what_others_may_read_or_change_is_told(desk: Desk) -> None:
    """Each file and folder with its mend, which mends it."""
    database = sent(desk)
    codes = database.parent / "codes"
    (code_set,) = codes.glob("[!.]*/*/*.txt")
    key = database.with_suffix(".key")
    key.touch()
    for path, mode in ((database, 0o660), (key, 0o644), (code_set, 0o604), (database.parent, 0o777)):
        path.chmod(mode)
    ran = desk("doctor", "-o", "json")
    item = ran.json["items"][-1]
    assert (0, None, True) == (ran.code, item["connection"], item["ok"])
    told = [warning.partition(": `")[0] for warning in item["warnings"]]
    assert [
        f"others may change {database}",
        f"others may read {key}",
        f"others may read or change 1 code sets in {codes}",
        f"others may replace what lies in {database.parent}",
    ] == told
    assert "chmod" in desk("doctor", "-o", "table").out
    for warning in item["warnings"]:
        assert 0 == os.system(warning.partition("`")[2].removesuffix("`"))  # noqa: S605 - what we were told to do
    assert "store" not in {item["subject"] for item in desk("doctor", "-o", "json").json["items"]}


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_code_sets_behind_a_link_are_told(desk: Desk) -> None:
    """They can be led elsewhere, and then nothing is left out."""
    database = sent(desk)
    codes = database.parent / "codes"
    codes.rename(database.parent / "elsewhere")
    codes.symlink_to("elsewhere")
    item = desk("doctor", "-o", "json").json["items"][-1]
    assert (None, True) == (item["connection"], item["ok"])
    assert "is a link" in item["warnings"][0]
    codes.unlink()
    codes.symlink_to("nowhere")
    assert "code sets" in desk("doctor", "-o", "json").json["items"][-1]["message"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_what_belongs_to_another_user_is_told(desk: Desk) -> None:
    """Files that another user may take away, or that this one makes so that the other cannot write them."""
    database = sent(desk)
    os.chown(database.parent / "codes", 12345, 12345)
    item = desk("doctor", "-o", "json").json["items"][-1]
    assert ["number 12345"] == [
        "number 12345" for warning in item["warnings"] if "belongs to another user (number 12345)" in warning
    ]
