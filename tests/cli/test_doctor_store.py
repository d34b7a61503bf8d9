"""`couponhub doctor` tells what is wrong with the store, and how to mend it."""

import os
from pathlib import Path

import pytest

from tests.kit.cli import CliRunner


def sent(cli: CliRunner) -> Path:
    """Send a code, and answer the store's database."""
    file = cli.write("codes.csv", "code", "DOCTOR-1")
    ran = cli("uploads", "send", "capillary", cli.list_id("capillary"), file, "--wait")
    assert 0 == ran.code, ran.err
    return cli.folder / "state" / "couponhub.db"


def test_a_sound_store_is_not_mentioned(cli: CliRunner) -> None:
    """Only the connections are, and no database is made."""
    assert {"connection", "staging"} == {
        item["subject"] for item in cli("doctor", "-o", "json").json["items"]
    }
    assert not (cli.folder / "state" / "couponhub.db").exists()
    sent(cli)
    assert "store" not in {item["subject"] for item in cli("doctor", "-o", "json").json["items"]}


@pytest.mark.parametrize("how", ["gone", "empty", "sets"])
def test_a_store_that_lost_its_memory_is_a_fault(cli: CliRunner, how: str) -> None:
    """The database or what lies beside it is missing: exit code 2, and one line that says what to do."""
    database = sent(cli)
    match how:
        case "gone":
            database.unlink()
        case "empty":
            database.write_bytes(b"")
        case _:
            codes = database.parent / "codes"
            codes.rename(database.parent / "elsewhere")
    ran = cli("doctor", "-o", "json")
    item = ran.json["items"][-1]
    assert (2, None, False, "local") == (ran.code, item["connection"], item["ok"], item["error"]["kind"])
    assert "code sets" in ran.complaint
    assert "from one backup" in item["error"]["hint"]
    assert "DOCTOR-1" not in ran.out + ran.err
    shown = cli("doctor", "-o", "table")
    assert "(store)" in shown.out
    assert 0 == cli("doctor", "capillary").code


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing there")
def test_what_others_may_read_or_change_is_told(cli: CliRunner) -> None:
    """Each file and folder with its mend, which mends it."""
    database = sent(cli)
    codes = database.parent / "codes"
    (code_set,) = codes.glob("[!.]*/*/*.txt")
    key = database.with_suffix(".key")
    key.touch()
    of_job = codes / ".jobs" / "ex_1" / "customers-000001"
    of_job.parent.mkdir(parents=True)
    of_job.touch()
    modes = {database: 0o660, key: 0o644, code_set: 0o604, of_job: 0o640, database.parent: 0o777}
    for path, mode in modes.items():
        path.chmod(mode)
    ran = cli("doctor", "-o", "json")
    item = ran.json["items"][-1]
    assert (0, None, True) == (ran.code, item["connection"], item["ok"])
    told = [warning.partition(": `")[0] for warning in item["warnings"]]
    assert [
        f"others may change {database}",
        f"others may read {key}",
        f"others may read or change 1 code sets in {codes}",
        f"others may read or change 1 files of jobs in {codes / '.jobs'}",
        f"others may replace what lies in {database.parent}",
    ] == told
    assert "chmod" in cli("doctor", "-o", "table").out
    for warning in item["warnings"]:
        assert 0 == os.system(warning.partition("`")[2].removesuffix("`"))  # noqa: S605 - what we were told to do
    assert "store" not in {item["subject"] for item in cli("doctor", "-o", "json").json["items"]}


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_code_sets_behind_a_link_are_told(cli: CliRunner) -> None:
    """They can be led elsewhere, and then nothing is left out."""
    database = sent(cli)
    codes = database.parent / "codes"
    codes.rename(database.parent / "elsewhere")
    codes.symlink_to("elsewhere")
    item = cli("doctor", "-o", "json").json["items"][-1]
    assert (None, True) == (item["connection"], item["ok"])
    assert "is a link" in item["warnings"][0]
    codes.unlink()
    codes.symlink_to("nowhere")
    assert "code sets" in cli("doctor", "-o", "json").json["items"][-1]["message"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_what_belongs_to_another_user_is_told(cli: CliRunner) -> None:
    """Files that another user may take away, or that this one makes so that the other cannot write them."""
    database = sent(cli)
    os.chown(database.parent / "codes", 12345, 12345)
    item = cli("doctor", "-o", "json").json["items"][-1]
    assert ["number 12345"] == [
        "number 12345" for warning in item["warnings"] if "belongs to another user (number 12345)" in warning
    ]
