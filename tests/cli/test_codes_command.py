"""`couponhub codes`, as people use it: on files, and on what was sent from here, at both vendors."""

import errno
import gzip
import io
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.kit.cli import CliRunner

CONNECTIONS = ("capillary", "moengage")


def test_a_check_says_what_a_file_would_take(cli: CliRunner) -> None:
    """By connection: files, bytes, days of its quota, and whether it fits; no vendor is asked."""
    cli.write("codes.csv", "code", "A-1", "a-1", "A-2", "NULL", "A,3", "", '"A""4"')
    asked = sum(len(control.requests()) for control in cli.control.values())
    words = [word for name in CONNECTIONS for word in ("--for", name)]
    report = cli("codes", "check", "codes.csv", *words, "-o", "json").json

    assert (6, 4, 0, 0, 2) == tuple(
        report[key] for key in ("rows", "distinct", "duplicates", "empty", "rejected")
    )
    assert [{"line": 5, "reason": "the code is a word for nothing", "path": None}] == report["examples"][:1]
    capillary, moengage = report["connections"]
    assert ("capillary", 3, 1, 1, True) == tuple(
        capillary[key] for key in ("connection", "codes", "duplicates", "parts", "fits")
    )
    assert ("moengage", 3, 0, 1, 1, True) == tuple(
        moengage[key] for key in ("connection", "codes", "duplicates", "parts", "days", "fits")
    )
    assert moengage["bytes"] == len("Coupon Code\nA-1\na-1\nA-2\n")
    assert moengage["ends_at"].endswith("Z")
    assert asked == sum(len(control.requests()) for control in cli.control.values())
    assert [] == report["sent"]
    assert "A-1" not in json.dumps(report)


def test_many_parts_take_days(cli: CliRunner) -> None:
    """Of a daily quota; a list that cannot hold them is told."""
    cli.configure(
        more="\n[connections.moengage.limits]\nfile_bytes = 24\nupload_per_day = 2\nlist_codes = 4\n"
    )
    cli.write("codes.csv", "code", *(f"CODE-{number}" for number in range(5)))
    (way,) = cli("codes", "check", "codes.csv", "--for", "moengage", "-o", "json").json["connections"]
    assert (5, 3, False) == (way["parts"], way["days"], way["fits"])


@pytest.mark.parametrize("connection", CONNECTIONS)
def test_codes_that_were_sent_before_are_told(cli: CliRunner, connection: str) -> None:
    """With the list that they went to, as that vendor compares; they can be subtracted, and compared."""
    list_id = cli.list_id(connection)
    cli.write("first.csv", "code", "A-1", "A-2")
    assert 0 == cli("uploads", "send", connection, list_id, "first.csv", "--wait").code
    cli.write("codes.csv", "code", "A-3", "A-2", "A-1", "A-3")
    report = cli("codes", "check", "codes.csv", "-o", "json").json
    assert [{"connection": connection, "list_id": list_id, "codes": 2}] == report["sent"]

    other = next(name for name in CONNECTIONS if name != connection)
    twice = cli("codes", "check", "codes.csv", "--for", connection, "--for", other, "-o", "json").json
    assert [(2, True)] == [
        (finding["count"], f"at {other}, too, they could be used twice" in finding["message"])
        for finding in twice["findings"]
        if finding["kind"] == "two_vendors"
    ]

    sent = f"list:{connection}/{list_id}"
    ran = cli("codes", "subtract", "codes.csv", sent, "--out", "new.csv", "-o", "json")
    assert (0, {"codes": 3, "written": 1, "left_out": 2, "path": "new.csv"}) == (ran.code, ran.json)
    assert "code\nA-3\n" == (cli.folder / "new.csv").read_text(encoding="utf-8")
    assert 0 == cli("codes", "intersect", "codes.csv", sent, "--out", "known.csv").code
    assert "code\nA-2\nA-1\n" == (cli.folder / "known.csv").read_text(encoding="utf-8")
    compared = cli("codes", "compare", sent, "codes.csv", "--out", "compared", "-o", "json").json
    assert ({"=": 2, "-": 0, "+": 1}, False) == (compared["classes"], compared["equal"])
    assert "code\nA-3\n" == (cli.folder / compared["files"]["+"]).read_text(encoding="utf-8")
    prints = [
        cli("codes", "fingerprint", source, "--key", "k", "-o", "json").json["fingerprint"]
        for source in (sent, "known.csv", "codes.csv")
    ]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize("connection", CONNECTIONS)
def test_a_prepared_folder_is_what_the_vendor_wants(cli: CliRunner, connection: str) -> None:
    """In the file's order, each code once; faulty rows in a file of their own; doing it again changes nothing."""
    cli.write("codes.csv", "note;Gutscheincode", "x;B-2", "y;NULL", "z;A-1", "z;B-2", "z;")
    words = ("codes", "prepare", "codes.csv", "--for", connection, "--out", "clean", "-o", "json")
    ran = cli(*words)
    assert 3 == ran.code
    assert "2 faulty rows were left out; clean/rejects.csv says which and why" in ran.complaint
    prepared = ran.json
    (part,) = prepared["parts"]
    assert (5, 2, 1, 1, 1) == tuple(
        prepared[key] for key in ("rows", "distinct", "duplicates", "empty", "rejected")
    )
    folder = cli.folder / "clean"
    assert ["B-2", "A-1"] == (folder / "1.csv").read_text(encoding="utf-8").split("\n")[1:-1]
    assert "line,reason\n3,the code is a word for nothing\n6,no code\n" == (folder / "rejects.csv").read_text(
        encoding="utf-8"
    )
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {"1.csv", "rejects.csv", "prepared.json"} == set(first)
    again = cli(*words)
    assert (prepared, first) == (again.json, {path.name: path.read_bytes() for path in folder.iterdir()})
    clean = cli("codes", "prepare", part["path"], "--for", connection, "--out", "cleaner", "-o", "json")
    assert (0, part["sha256"]) == (clean.code, clean.json["parts"][0]["sha256"])
    assert 0 == cli("uploads", "send", connection, cli.list_id(connection), part["path"], "--wait").code


def test_a_folder_of_something_else_stays(cli: CliRunner) -> None:
    """Nothing is removed that was not made here, or was changed since."""
    cli.write("codes.csv", "code", "A-1")
    words = ("codes", "prepare", "codes.csv", "--for", "moengage", "--out", "clean")
    assert 0 == cli(*words).code
    (cli.folder / "clean" / "1.csv").write_text("mine", encoding="utf-8")
    ran = cli(*words)
    assert (2, True) == (
        ran.code,
        "holds something else than what was prepared there before" in ran.complaint,
    )
    assert "mine" == (cli.folder / "clean" / "1.csv").read_text(encoding="utf-8")
    ran = cli("codes", "prepare", "codes.csv", "--for", "moengage", "--out", "codes.csv/x")
    assert (2, True) == (ran.code, "codes.csv/x cannot be made" in ran.complaint)
    assert {"clean", "codes.csv"} <= {path.name for path in cli.folder.iterdir()}
    assert not list(cli.folder.glob(".clean*"))


def test_files_from_a_pipe_and_a_page(
    cli: CliRunner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stdin is read once, and told under that name; without a config nothing of it is missing."""
    (cli.folder / "couponhub.toml").unlink()
    pipe: Any = io.TextIOWrapper(io.BytesIO(gzip.compress(b"code\nA-1\nNULL\n")))
    monkeypatch.setattr(sys, "stdin", pipe)
    ran = cli("codes", "check", "-", "--html", "page.html", "-o", "json")
    capsys.readouterr()
    assert (0, "file", "gzip", None) == (
        ran.code,
        ran.json["files"][0]["path"],
        ran.json["files"][0]["packing"],
        ran.json["sent"],
    )
    assert "<svg" in (cli.folder / "page.html").read_text(encoding="utf-8")


def test_prepared_files_survive_what_would_replace_them(
    cli: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of the source and the one that we are in are refused; a link's folder is replaced, or stays as it was."""
    cli.write("codes.csv", "code", "A-1", "A-2")
    prepare = ("codes", "prepare", "codes.csv", "--for", "moengage", "--out")
    assert 0 == cli(*prepare, "clean").code
    written = (cli.folder / "clean" / "1.csv").read_bytes()
    ran = cli("codes", "prepare", "clean/1.csv", "--for", "capillary", "--out", "clean")
    assert (2, True) == (ran.code, "clean/1.csv lies in clean, which would be replaced" in ran.complaint)
    (cli.folder / "link").symlink_to("clean")
    assert 0 == cli(*prepare, "link").code
    monkeypatch.chdir(cli.folder / "clean")
    ran = cli(
        "--config", "../couponhub.toml", "codes", "prepare", "../codes.csv", "--for", "moengage", "--out", "."
    )
    assert (2, True) == (ran.code, "the one that you are in" in ran.complaint)
    monkeypatch.chdir(cli.folder)
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if target.name == "clean" and not cleared:
            cleared.append(path)
            raise OSError(errno.EIO, "it failed")
        return rename(path, target)

    cleared: list[Path] = []
    monkeypatch.setattr(Path, "rename", refused)
    ran = cli(*prepare, "clean")
    assert (2, True, 1) == (ran.code, "clean cannot be written" in ran.complaint, len(cleared))
    assert written == (cli.folder / "clean" / "1.csv").read_bytes()
    assert not list(cli.folder.glob(".clean*"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_a_pipe_that_is_named_is_read_once(cli: CliRunner) -> None:
    """As `<(...)` of a shell is; a check for vendors, an upload's rehearsal and the upload see all of it."""
    list_id = cli.list_id("moengage")
    pipe = cli.folder / "pipe"
    os.mkfifo(pipe)
    found: list[Any] = []
    for words in (
        ("codes", "check", "pipe", "--for", "moengage", "--for", "capillary"),
        ("uploads", "send", "moengage", list_id, "pipe", "--dry-run"),
        ("uploads", "send", "moengage", list_id, "pipe", "--wait"),
        ("codes", "subtract", "pipe", f"list:moengage/{list_id}", "--out", "rest.csv"),
    ):
        writer = threading.Thread(target=pipe.write_bytes, args=(b"code\nA-1\nA-2\n",))
        writer.start()
        found.append(cli(*words, "-o", "json").json)
        writer.join()
    checked, rehearsed, sent, rest = found
    assert [2, 2, 2] == [checked["rows"], *(way["codes"] for way in checked["connections"])]
    assert [2, 2] == [rehearsed["rows"], rehearsed["connections"][0]["codes"]]
    assert ("pipe", 2, 0) == (rehearsed["files"][0]["path"], sent["accepted"], rest["written"])


@pytest.mark.parametrize("there", ["code\nA-1\n", "<!doctype html>\n<html><body>"])
def test_a_page_is_written_over_an_earlier_one_alone(cli: CliRunner, there: str) -> None:
    """What else lies there stays: it may be the codes themselves."""
    cli.write("codes.csv", "code", "A-1")
    (cli.folder / "there").write_text(there, encoding="utf-8")
    ran = cli("codes", "check", "codes.csv", "--html", "there")
    assert (2, True) == (ran.code, "something else lies there" in ran.complaint)
    assert there == (cli.folder / "there").read_text(encoding="utf-8")
    for _ in range(2):
        assert 0 == cli("codes", "check", "codes.csv", "--html", "page.html").code


@pytest.mark.parametrize(
    "words",
    [
        ("check", "-", "-"),
        ("subtract", "-", "-", "--out", "rest.csv"),
        ("intersect", "codes.csv", "-", "-", "--out", "rest.csv"),
        ("compare", "-", "-"),
        ("fingerprint", "-", "--key", "-"),
    ],
)
def test_stdin_is_one_thing(cli: CliRunner, words: tuple[str, ...]) -> None:
    """Whoever names it twice is told so: the second reading would find nothing, or the rest."""
    cli.write("codes.csv", "code", "A-1")
    ran = cli("codes", *words)
    assert (2, True) == (ran.code, "stdin can be" in ran.complaint)


def test_an_empty_key_is_none(cli: CliRunner) -> None:
    """As of a variable that is not set: what is made with it is not keyed, and must not be taken for that."""
    cli.write("codes.csv", "code", "A-1")
    cli.write("key")
    (cli.folder / "key").write_bytes(b"\n")
    for key in ("", "@key"):
        ran = cli("codes", "fingerprint", "codes.csv", "--key", key)
        assert (2, True) == (ran.code, "the key is empty" in ran.complaint)


def test_a_pasted_column_is_no_fault_of_ours(cli: CliRunner) -> None:
    """More digits than Python reads as a number are a name that no column has; an upload is told the same."""
    cli.write("codes.csv", "code", "A-1")
    send = ("uploads", "send", "capillary", cli.list_id("capillary"), "codes.csv")
    for words in (("codes", "check", "codes.csv"), send):
        ran = cli(*words, "--column", "1" * 5000)
        assert (2, True) == (ran.code, "no column has the name" in ran.complaint)


@pytest.mark.parametrize("connection", CONNECTIONS)
def test_rounded_numbers_are_refused_by_all(cli: CliRunner, connection: str) -> None:
    """A rehearsal says what the upload would, and nothing is prepared of them; whoever means them says so."""
    cli.write("codes.csv", "code", *(f"{number}23456789012345000" for number in range(1, 9)))
    send = ("uploads", "send", connection, cli.list_id(connection), "codes.csv")
    ran = cli(*send, "--dry-run")
    assert (3, True) == (ran.code, "the upload would be refused" in ran.complaint)
    assert 2 == cli(*send).code
    ran = cli("codes", "prepare", "codes.csv", "--for", connection, "--out", "clean")
    assert (2, True, False) == (
        ran.code,
        "zeros from the 16th digit" in ran.complaint,
        (cli.folder / "clean").exists(),
    )
    assert 0 == cli(*send, "--accept", "ruined", "--dry-run").code
    assert 0 == cli(*send, "--accept", "ruined", "--wait").code


def test_a_rehearsal_is_refused_for_what_the_upload_is(cli: CliRunner) -> None:
    """A vendor that binds no codes says so in both; so does a list that has ended; what was all sent is told."""
    list_id = cli.list_id("moengage")
    cli.write("codes.csv", "code,mobile", "A-1,919876543210")
    send = ("uploads", "send", "moengage", list_id, "codes.csv")
    for words in ((*send, "--tag", "mobile"), (*send, "--tag", "mobile", "--dry-run")):
        ran = cli(*words)
        assert (8, True) == (ran.code, "cannot bind codes to customers" in ran.complaint)
    assert 0 == cli(*send, "--wait").code
    ran = cli(*send, "--dry-run")
    assert (0, True) == (ran.code, "every code was sent to this list before" in ran.complaint)
    assert 0 == cli("lists", "archive", "moengage", list_id, "--yes").code
    ran = cli(*send, "--dry-run")
    assert (3, True) == (ran.code, f"cannot go to list {list_id}: it is archived" in ran.complaint)


def test_set_work_names_no_option_of_uploads(cli: CliRunner) -> None:
    """What is to be done about faulty rows is something that can be done there."""
    cli.write("codes.csv", "code", "1.5E+15")
    ran = cli("codes", "fingerprint", "codes.csv")
    assert (2, False, True) == (ran.code, "--accept" in ran.complaint, "codes prepare" in ran.complaint)


@pytest.mark.parametrize("connection", CONNECTIONS)
def test_an_upload_is_rehearsed(cli: CliRunner, connection: str) -> None:
    """The vendor is asked how the list stands; what was sent before is counted, and nothing is sent."""
    list_id = cli.list_id(connection)
    send = ("uploads", "send", connection, list_id, "codes.csv")
    cli.write("codes.csv", "code", "A-1")
    assert 0 == cli(*send, "--wait").code
    cli.write("codes.csv", "code", "A-1", "A-2", "A-2")
    ran = cli(*send, "--dry-run", "-o", "json")
    (way,) = ran.json["connections"]
    assert (0, 1, 1, 1, list_id, "active", True) == (
        ran.code,
        *(way[key] for key in ("codes", "skipped", "duplicates", "list_id", "list_status", "fits")),
    )
    assert ["A-1"] == cli.codes(connection, list_id)
    cli.write("codes.csv", "code", "A-3", "NULL")
    refused = cli(*send, "--dry-run")
    assert (3, True) == (refused.code, "1 faulty row: the upload would be refused" in refused.complaint)
    assert 0 == cli(*send, "--dry-run", "--accept", "ruined").code
    assert 2 == cli("uploads", "send", connection, list_id, "--url", "https://example.com", "--dry-run").code
    assert 4 == cli("uploads", "send", connection, "none", "codes.csv", "--dry-run").code
    assert ["A-1"] == cli.codes(connection, list_id)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", "page.html"), "page.html: this is no code file: it is a web page"),
        (("check", "nowhere.csv"), "cannot read nowhere.csv"),
        (("check", "codes.csv", "--for", "nobody"), "nobody"),
        (("fingerprint", "list:moengage/none"), "nothing was sent to list none of moengage from here"),
        (("fingerprint", "bad.csv"), "bad.csv: 1 faulty row: line 3: the code is a word for nothing"),
        (
            ("subtract", "codes.csv", "codes.csv", "--out", "codes.csv"),
            "codes.csv cannot be written: File exists",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line(cli: CliRunner, words: tuple[str, ...], told: str) -> None:
    """It names the file or list, and what is wrong with it."""
    cli.write("codes.csv", "code", "A-1")
    cli.write("bad.csv", "code", "A-1", "NULL")
    cli.write("page.html", "<!DOCTYPE html><html></html>")
    ran = cli("codes", *words)
    assert ran.code in {2, 4}
    assert told in ran.complaint
