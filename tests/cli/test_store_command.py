"""`couponhub store`: what lies where, upgrades, backups and checks."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.kit.cli import CliRunner


def send(cli: CliRunner, *codes: str, to: str | None = None) -> dict[str, object]:
    """Send codes to a list, a new one by default, and answer the upload."""
    file = cli.write("codes.csv", "code", *codes)
    ran = cli("uploads", "send", "capillary", to or cli.list_id("capillary"), file, "--wait", "-o", "json")
    assert 0 == ran.code, ran.err
    upload: dict[str, object] = ran.json
    return upload


def database(cli: CliRunner) -> Path:
    """The ledger's."""
    return cli.folder / "state" / "couponhub.db"


def test_status_says_what_lies_where(cli: CliRunner) -> None:
    """Every part, also those that are not there yet; nothing is made by looking."""
    parts = cli("store", "status", "-o", "json").json["items"]
    assert not database(cli).parent.exists()
    assert {None} == {part["bytes"] for part in parts}
    send(cli, "STATUS-1")
    parts = {part["name"]: part for part in cli("store", "status", "-o", "json").json["items"]}
    assert str(database(cli)) == parts["ledger"]["place"]
    assert parts["ledger"]["schema"] == parts["ledger"]["newest"]
    assert parts["ledger"]["bytes"] > 0
    assert parts["code sets"]["bytes"] >= len("STATUS-1\n")
    shown = cli("store", "status", "-o", "table")
    assert "code sets" in shown.out
    assert "STATUS-1" not in shown.out


def test_an_upgrade_is_told_before_it_is_done(cli: CliRunner) -> None:
    """A store of an earlier version: each step is told, and `--dry-run` changes nothing."""
    send(cli, "UPGRADE-1")
    with closing(sqlite3.connect(database(cli))) as connection:
        for index in ("uploads_of_list", "parts_at_vendor"):
            connection.execute(f"DROP INDEX {index}")
        connection.execute("CREATE INDEX uploads_of_list ON uploads (connection, list_id, created_at)")
        for table in (
            "steps",
            "jobs",
            "migration_events",
            "audit_events",
            "audit_outcomes",
            "stock_readings",
            "quota_samples",
            "vendor_calls",
            "server_faults",
            "calls_left_out",
            "sign_outs",
        ):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("PRAGMA user_version = 4")
        connection.commit()
    for _ in range(2):
        told = cli("store", "upgrade", "--dry-run", "-o", "json")
        steps = told.json["items"]
        assert (0, [("ledger", False)] * 7) == (told.code, [(one["name"], one["done"]) for one in steps])
    done = cli("store", "upgrade", "-o", "json").json["items"]
    assert [(one["step"], True) for one in steps] == [(one["step"], one["done"]) for one in done]
    assert [] == cli("store", "upgrade", "-o", "json").json["items"]


def test_a_newer_store_is_refused(cli: CliRunner) -> None:
    """Exit code 2, and what to do."""
    send(cli, "NEWER-1")
    with closing(sqlite3.connect(database(cli))) as connection:
        connection.execute("PRAGMA user_version = 99")
    for command in (("status",), ("upgrade",), ("backup", str(cli.folder / "backup"))):
        ran = cli("store", *command)
        assert 2 == ran.code
        assert "newer couponhub (schema 99" in ran.complaint
    assert not (cli.folder / "backup").exists()


def test_a_backup_is_put_back_by_copying_it(cli: CliRunner) -> None:
    """What is written is printed; put in the place of a store that was lost, it knows what was sent."""
    sent_to = str(send(cli, "BACKUP-1", "BACKUP-2")["list_id"])
    aside = cli.folder / "backup"
    ran = cli("store", "backup", str(aside), "-o", "json")
    written = {part["name"]: part for part in ran.json["items"]}
    assert {"ledger", "code sets"} <= set(written)
    assert {str(path) for path in aside.iterdir()} == {part["path"] for part in written.values()}
    assert 2 == written["code sets"]["files"]  # the codes of the part, and the record of the rows
    shutil.rmtree(database(cli).parent)
    shutil.copytree(aside, database(cli).parent)
    upload = send(cli, "BACKUP-1", "BACKUP-2", "BACKUP-3", to=sent_to)
    assert 2 == upload["skipped"]
    assert 0 == cli("store", "check").code


def test_a_backup_overwrites_nothing(cli: CliRunner) -> None:
    """A second one to the same folder is refused."""
    send(cli, "TWICE-1")
    aside = str(cli.folder / "backup")
    assert 0 == cli("store", "backup", aside).code
    ran = cli("store", "backup", aside)
    assert 2 == ran.code
    assert "is not empty" in ran.complaint


def test_a_sound_store_passes(cli: CliRunner) -> None:
    """Nothing is found, before the first upload and after."""
    assert [] == cli("store", "check", "-o", "json").json["items"]
    send(cli, "SOUND-1")
    ran = cli("store", "check", "-o", "json")
    assert (0, []) == (ran.code, ran.json["items"])


def test_what_is_lost_is_a_fault(cli: CliRunner) -> None:
    """Exit code 2; no code is named."""
    send(cli, "LOST-1")
    (code_set,) = (database(cli).parent / "codes").glob("[!.]*/*/*.txt")
    code_set.write_text("", encoding="utf-8")
    ran = cli("store", "check", "-o", "json")
    (found,) = ran.json["items"]
    assert (2, "fault", "local") == (ran.code, found["kind"], found["error"]["kind"])
    assert "could go out twice" in ran.complaint
    assert "LOST-1" not in ran.out + ran.err


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing there")
def test_what_others_may_read_is_a_warning(cli: CliRunner) -> None:
    """It is told with its mend, and is no fault."""
    send(cli, "OPEN-1")
    database(cli).chmod(0o644)
    ran = cli("store", "check", "-o", "json")
    (found,) = ran.json["items"]
    assert (0, "warning") == (ran.code, found["kind"])
    assert f"chmod go= {database(cli)}" in found["message"]
