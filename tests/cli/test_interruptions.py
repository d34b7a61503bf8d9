"""Ctrl-C, a kill, and two at once: one line at most, nothing lost, nothing sent twice."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from typing import Any

import pytest

from couponhub.cli import main
from tests.kit.cli import CUSTOMER, SOON, CliRunner, Ran
from tests.kit.clock import vendors_today
from tests.kit.eventually import eventually
from tests.kit.processes import Command

HOLD = 60.0
UPLOAD = {"capillary": "POST *upload*", "moengage": "POST */files"}
LOOK = {"capillary": "GET *upload*", "moengage": "GET */files"}
READS = {
    "lists ls": ("lists", "ls", "moengage"),
    "lists show": ("lists", "show", "moengage", "x"),
    "uploads ls": ("uploads", "ls", "moengage", "x"),
    "uploads show": ("uploads", "show", "moengage", "x", "y"),
    "lookup": ("lookup", "--mobile", CUSTOMER, "--connection", "capillary", "--deadline", "60"),
    "doctor": ("doctor", "moengage"),
}
TODAY = vendors_today().isoformat()
WRITES = {
    "lists create": (
        ("lists", "create", "moengage", "--name", "x", *SOON, "--created-by", "x"),
        "lists ls moengage",
    ),
    "usage request": (
        ("usage", "request", "moengage", "x", "--from", TODAY, "--to", TODAY, "--email", "a@example.com"),
        "not known",
    ),
}


@pytest.mark.parametrize("words", READS.values(), ids=READS)
def test_ctrl_c_while_reading(cli: CliRunner, words: tuple[str, ...]) -> None:
    """Ctrl-C ends a command that reads at once, with one line and exit code 130."""
    ran = _interrupted(cli, words, "* /*")
    assert (130, "") == (ran.code, ran.out)
    assert "interrupted" == ran.complaint


@pytest.mark.parametrize(("words", "told"), WRITES.values(), ids=WRITES)
def test_ctrl_c_while_writing(cli: CliRunner, words: tuple[str, ...], told: str) -> None:
    """Ctrl-C after something was sent says that it may have been done, and how to find out."""
    ran = _interrupted(cli, words, "POST /*")
    assert (130, "") == (ran.code, ran.out)
    assert ran.complaint.startswith("interrupted; ")
    assert told in ran.complaint


@pytest.mark.parametrize("connection", ["capillary", "moengage"])
def test_ctrl_c_while_uploading(cli: CliRunner, connection: str) -> None:
    """Ctrl-C in the middle of an upload names it, and the same codes sent again arrive once."""
    list_id = cli.list_id(connection)
    file = cli.write("codes.csv", "code", "A1", "A2")
    words = ("uploads", "send", connection, list_id, file)
    ran = _interrupted(cli, words, UPLOAD[connection], connection)
    assert (130, "") == (ran.code, ran.out)
    upload_id = next(word for word in ran.complaint.replace("`", " ").split() if word.startswith("up_"))
    assert f"uploads show {connection} {list_id} {upload_id}" in ran.complaint
    assert "couponhub work" in ran.complaint, "a worker goes on with it, unasked"
    shown = cli("uploads", "show", connection, list_id, upload_id, "-o", "json")
    assert (0, upload_id) == (shown.code, shown.json["id"])
    assert 0 == cli(*words, "--wait").code
    assert ["A1", "A2"] == cli.codes(connection, list_id)


def test_ctrl_c_before_anything_was_sent(cli: CliRunner) -> None:
    """Ctrl-C while the codes are still being read says that nothing was sent."""
    list_id = cli.list_id("moengage")
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "w"):
        process = cli.begun("uploads", "send", "moengage", list_id, "-", stdin=reading)
        work = cli.folder / "state" / "codes" / ".work"
        eventually(lambda: any(path.is_dir() for path in work.glob("*")), "the preparation")
        ran = _stopped(process)
    assert (130, "interrupted; nothing was sent") == (ran.code, ran.complaint)
    assert [] == list(work.glob("*"))


def test_ctrl_c_while_waiting(cli: CliRunner) -> None:
    """Ctrl-C while waiting names the upload that is waited for."""
    list_id = cli.list_id("capillary")
    cli.vendors["capillary"].set_processing_delay(HOLD)
    file = cli.write("codes.csv", "code", "A1")
    upload_id = cli("uploads", "send", "capillary", list_id, file, "-o", "json").json["id"]
    ran = _interrupted(cli, ("uploads", "wait", "capillary", list_id, upload_id), "GET /*", "capillary")
    assert 130 == ran.code
    assert f"uploads show capillary {list_id} {upload_id}" in ran.complaint


def test_ctrl_c_in_the_demo(cli: CliRunner) -> None:
    """Ctrl-C ends the demo, with one line, and nothing is left behind."""
    for number in range(10):  # on a busy machine it may have ended before it is told to
        temporary = cli.folder / f"temporary-{number}"
        temporary.mkdir()
        process = cli.begun("demo", TMPDIR=str(temporary))
        eventually(lambda process=process: "lists create" in process.out, "the first list")  # type: ignore[misc]
        if (ran := _stopped(process)).code:
            break
    assert 130 == ran.code
    assert "interrupted" in ran.complaint
    assert [] == list(temporary.iterdir())
    assert {"couponhub.toml"} == {path.name for path in cli.folder.iterdir() if path.is_file()}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_ending_the_emulators(cli: CliRunner, number: signal.Signals, code: int) -> None:
    """The emulators say where they are as soon as they answer, and end at once when told to."""
    process = cli.begun("emulate", "--port", "0", "--rate-limits", "documented", "-o", "json")
    eventually(lambda: process.out.endswith("\n}\n"), "the announcement")
    told = json.loads(process.out)
    assert ["capillary", "moengage"] == [vendor["name"] for vendor in told["vendors"]]
    with urllib.request.urlopen(f"{told['url']}/_emulator/", timeout=10) as answer:  # noqa: S310 - ours
        assert 200 == answer.status
    process.send(number)
    ran = Ran.of(process)
    assert (code, "" if code == 0 else "couponhub: interrupted\n") == (ran.code, ran.err)


def test_one_emulator_with_a_seed(cli: CliRunner) -> None:
    """A vendor can be served alone, filled from a file, its clock set, and its config is one that works."""
    cli.write("seed.json", json.dumps({"moengage": {"lists": [{"name": "seeded", "codes": ["S1"]}]}}))
    process = cli.begun(
        *("emulate", "moengage", "--port", "0", "--seed", "seed.json", "--clock", "2026-06-01"),
        *("--processing-delay", "0"),
    )
    eventually(lambda: "Ctrl-C" in process.out, "the announcement")
    (cli.folder / "other.toml").write_text(process.out, encoding="utf-8")
    listed = cli("lists", "ls", "moengage", "--config", "other.toml", "-o", "json")
    process.send(signal.SIGTERM)
    assert 0 == process.ended().returncode
    assert ["seeded"] == [item["name"] for item in listed.json["items"]]
    assert listed.json["items"][0]["created_at"].startswith("2026-06-01T00:0")


@pytest.mark.parametrize("fault", ["latency", "drop_after"])
@pytest.mark.parametrize("connection", ["capillary", "moengage"])
def test_killed_in_the_middle(
    cli: CliRunner, connection: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a kill -9 the upload is shown, and sending the codes again makes every code arrive once."""
    # How long somebody who waits hopes that the sender will go on.
    monkeypatch.setattr("couponhub.uploads.completion_wait._IDLE_SECONDS", 0.1)
    list_id = cli.list_id(connection)
    file = cli.write("codes.csv", "code", "A1", "A2")
    words = ("uploads", "send", connection, list_id, file)
    if fault == "latency":
        process = _held(cli, words, UPLOAD[connection], connection)
    else:  # the vendor has the file, and the answer was lost: killed while it is looked for
        rules: list[dict[str, Any]] = [
            {"vendor": connection, "match": UPLOAD[connection], "fault": "drop_after", "times": 1},
            {"vendor": connection, "match": LOOK[connection], "fault": "latency", "value": HOLD},
        ]
        cli.control[connection].set_faults(*rules)
        process = cli.begun(*words)
        eventually(lambda: _holds(cli, connection), "the look")
    process.kill()
    assert -signal.SIGKILL == process.ended().returncode
    cli.control[connection].set_faults()
    (item,) = (
        found
        for found in cli("uploads", "ls", connection, list_id, "-o", "json").json["items"]
        if found["id"].startswith("up_")
    )
    shown = cli("uploads", "show", connection, list_id, item["id"], "-o", "json")
    assert 0 == shown.code
    assert 2 == shown.json["rows"]
    cli("uploads", "wait", connection, list_id, item["id"], "--timeout", "20")
    again = cli(*words, "--wait")
    assert again.code in {0, 9}, again.err  # 9: it is known by then that they arrived
    assert ["A1", "A2"] == cli.codes(connection, list_id)


@pytest.mark.parametrize("connection", ["capillary", "moengage"])
def test_two_at_once(cli: CliRunner, connection: str) -> None:
    """Two processes that send the same file at once: exactly one copy reaches the vendor, the other is told so."""
    list_id = cli.list_id(connection)
    file = cli.write("codes.csv", "code", *(f"A{number}" for number in range(200)))
    words = ("uploads", "send", connection, list_id, file, "--wait", "-o", "json")
    both = [cli.begun(*words) for _ in range(2)]
    ran = list(map(Ran.of, both))
    assert [0, 9] == sorted(one.code for one in ran)
    refused = next(one for one in ran if one.code == 9)
    assert "conflict" == refused.json["error"]["kind"]
    assert "nothing was sent" in refused.complaint
    assert 200 == len(cli.codes(connection, list_id))
    assert 1 == len(cli("uploads", "ls", connection, list_id, "-o", "json").json["items"])


def test_a_large_file_in_little_memory(cli: CliRunner) -> None:
    """A file many times larger than the memory that may be used is checked, deduped and sent."""
    list_id = cli.list_id("capillary")
    rows = 600_000
    with (cli.folder / "large.csv").open("w", encoding="utf-8") as file:
        file.write("note,coupon code\n")
        file.writelines(f"{'x' * 100},LARGE-{number:09}\n" for number in range(rows))
    assert (cli.folder / "large.csv").stat().st_size > 70_000_000
    cli.control["capillary"].fail("POST *upload*", "status", 400)
    program = (
        f"import sys; from couponhub.cli import main; code = main(sys.argv[1:]); {_PEAK}; sys.exit(code)"
    )
    run = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", program, "uploads", "send", "capillary", list_id, "large.csv"],
        cwd=cli.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert 9 == run.returncode, run.stderr
    assert int(run.stdout) < 160_000 * (1024 if sys.platform == "darwin" else 1)


# On Linux, getrusage answers for a child no less than its parent held when it was begun.
_PEAK = (
    "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    if sys.platform == "linux"
    else "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
)


def _held(cli: CliRunner, words: tuple[str, ...], match: str, connection: str | None = None) -> Command:
    """Begin a command whose call that matches is never answered, and wait for that call."""
    asked = connection or ("capillary" if "capillary" in words else "moengage")
    cli.control[asked].fail(match, "latency", HOLD)
    process = cli.begun(*words)
    eventually(lambda: _holds(cli, asked), "the call")
    return process


def _holds(cli: CliRunner, connection: str) -> bool:
    return any(asked["fault"] == "latency" for asked in cli.control[connection].requests())


def _interrupted(cli: CliRunner, words: tuple[str, ...], match: str, connection: str | None = None) -> Ran:
    ran = _stopped(_held(cli, words, match, connection))
    for control in cli.control.values():
        control.set_faults()
    return ran


def _stopped(process: Command) -> Ran:
    process.send(signal.SIGINT)
    return Ran.of(process)


def test_ctrl_c_while_the_command_line_is_brought_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It takes a while on a busy machine; one line, and no traceback."""

    class Interrupted:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "couponhub.cli.app":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "couponhub.cli.app", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    assert 130 == main(["lists", "ls"])
    assert "couponhub: interrupted\n" == capsys.readouterr().err
