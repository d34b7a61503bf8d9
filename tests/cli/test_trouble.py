"""Whatever goes wrong is one line on stderr, the exit code of its kind, and in JSON the error on stdout."""

import json
import os
import resource
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.kit.cli import CUSTOMER, NEW_SERIES, SETTINGS, SOON, CliRunner, Ran
from tests.kit.clock import vendors_today

PERIOD = ("--from", "2026-01-01", "--to", "2026-01-02", "--email", "a@example.com")
URL = ("--url", "https://codes.example.com/x.csv")
SEND = ("uploads", "send", "moengage", "LIST")
MISUSE: Mapping[str, tuple[str, ...]] = {
    "a command that is none": ("upload",),
    "an option that is none": ("lists", "ls", "moengage", "--colour"),
    "an argument too few": ("lists", "show", "moengage"),
    "an argument too many": ("lookup", CUSTOMER),
    "an unknown connection": ("lists", "ls", "nobody"),
    "an unknown connection to look up": ("lookup", "--mobile", CUSTOMER, "--connection", "nobody"),
    "no customer": ("lookup",),
    "two customers": ("lookup", "--mobile", CUSTOMER, "--email", "a.buyer@example.com"),
    "a blank customer": ("lookup", "--mobile", " "),
    "a vendor's number for two vendors": ("lookup", "--id", "98662653"),
    "a day that is none": ("lists", "create", "moengage", "--name", "x", "--expires", "2026-02-30"),
    "an instant without offset": ("lookup", "--mobile", CUSTOMER, "--since", "2026-01-01T00:00:00"),
    "days in the wrong order": (
        "lookup",
        "--mobile",
        CUSTOMER,
        "--since",
        "2026-02-01",
        "--until",
        "2026-01-01",
    ),
    "no number of seconds": ("lookup", "--mobile", CUSTOMER, "--deadline", "nan"),
    "no time at all": (*SEND, "codes.csv", "--timeout", "0"),
    "endless patience": (*SEND, "codes.csv", "--timeout", "inf"),
    "neither file nor URL": SEND,
    "file and URL": (*SEND, "codes.csv", *URL),
    "a user without a URL": (*SEND, "codes.csv", "--url-user", "me"),
    "a URL that is none": (*SEND, "--url", "codes.csv"),
    "a secret's file that is none": (*SEND, *URL, "--url-password", "@nothing"),
    "no such file": (*SEND, "nothing.csv"),
    "a folder for a file": (*SEND, "."),
    "an empty file": (*SEND, "empty.csv"),
    "a binary file": (*SEND, "binary.csv"),
    "a file without header": (*SEND, "headless.csv"),
    "a header alone": (*SEND, "header.csv"),
    "a file that is not UTF-8": (*SEND, "latin.csv"),
    "a tag's column that is none": (
        *("uploads", "send", "capillary", "SERIES", "two.csv", "--tag", "mobile", "--tag-column", "nobody"),
    ),
    "a field without a value": ("lists", "create", "capillary", "--name", "x", *SOON, "--set", "oops"),
    "a field given twice": (
        "lists",
        "create",
        "capillary",
        "--name",
        "x",
        *SOON,
        "--set",
        "a=1",
        "--set",
        "a=2",
    ),
    "a field that is none": (
        "lists",
        "create",
        "capillary",
        "--name",
        "x",
        *SOON,
        *NEW_SERIES,
        "--set",
        "a=1",
    ),
    "a list without its creator": ("lists", "create", "moengage", "--name", "x", *SOON),
    "a config file that is none": ("lists", "ls", "moengage", "--config", "nothing.toml"),
    "an emulator that is none": ("emulate", "nobody"),
    "a seed that is none": ("emulate", "--port", "0", "--seed", "nothing.json"),
    "a seed that is no JSON": ("emulate", "--port", "0", "--seed", "headless.csv"),
    "a host with its scheme": ("emulate", "--port", "0", "--allow-host", "http://vendors"),
    "an endless delay": ("emulate", "--port", "0", "--processing-delay", "inf"),
}
SECRETIVE = {
    "an argument too many",
    "an unknown connection to look up",
    "two customers",
    "a file without header",
}
CONFIGS = {
    "an unknown key": ('[staging]\nlisten = "127.0.0.1:0"\nlissten = "x"\n', "lissten", "listen"),
    "a wrong type": ('[lookup]\ndeadline = "soon"\n', "lookup.deadline", "number"),
    "no TOML": ("[[[\n", "couponhub.toml", "TOML"),
    "a missing secret": (
        '[connections.x]\nadapter = "moengage"\ndata_center = "01"\nworkspace_id = "W"\napi_key = "${NOT_THERE}"\n',
        "connections.x.api_key",
        "NOT_THERE",
    ),
    "an adapter that is none": ('[connections.x]\nadapter = "nobody"\n', "connections.x.adapter", "nobody"),
}


@pytest.fixture
def files(cli: CliRunner) -> dict[str, str]:
    """Files of codes that are none, and a list at each vendor by the word that stands for its id."""
    (cli.folder / "empty.csv").write_bytes(b"")
    (cli.folder / "binary.csv").write_bytes(bytes(range(256)))
    (cli.folder / "latin.csv").write_bytes("coupon code\nGRÜN-1\n".encode("latin-1"))
    cli.write("headless.csv", "SUMMER", "WINTER")
    cli.write("header.csv", "coupon code")
    cli.write("two.csv", "mobile,coupon code", f"{CUSTOMER},CODE-1")
    cli.write("codes.csv", "coupon code", "CODE-1", "CODE-2")
    return {"LIST": cli.list_id("moengage"), "SERIES": cli.list_id("capillary")}


@pytest.mark.parametrize("what", MISUSE)
def test_misuse(cli: CliRunner, files: dict[str, str], what: str) -> None:
    """What cannot be meant is refused with exit code 2 before any vendor is asked to change something."""
    ran = cli(*(files.get(word, word) for word in MISUSE[what]), "-o", "json")
    assert 2 == ran.code
    _tells(ran, {"usage", "local", "config"})
    if what in SECRETIVE:
        assert not any(secret in ran.err + ran.out for secret in (CUSTOMER, "a.buyer", "SUMMER"))
    assert [] == cli.codes("moengage", files["LIST"])
    assert [] == cli.codes("capillary", files["SERIES"])


@pytest.mark.parametrize("what", CONFIGS)
@pytest.mark.parametrize("words", [("config", "check"), ("doctor",), ("lookup", "--mobile", CUSTOMER)])
def test_faults_of_the_config(cli: CliRunner, what: str, words: tuple[str, ...]) -> None:
    """A wrong config is one line that names the file, the key and the mend, whatever command reads it."""
    more, *names = CONFIGS[what]
    cli.configure(more=more)
    ran = cli(*words, "-o", "json")
    assert 2 == ran.code
    _tells(ran, {"config"})
    assert all(name in ran.complaint for name in ("couponhub.toml", *names))


def test_all_faults_of_the_config_at_once(cli: CliRunner) -> None:
    """Several faults of a config are told together, a line each."""
    cli.configure(more="".join(more for more, *_ in (CONFIGS["an unknown key"], CONFIGS["a wrong type"])))
    ran = cli("config", "check")
    assert 2 == ran.code
    assert 2 == len(ran.err.splitlines())


def test_unknown_lists_and_uploads(cli: CliRunner) -> None:
    """What the vendor does not know is exit code 4, of the config's own words it is 2."""
    mine = {"moengage": cli.list_id("moengage"), "capillary": cli.list_id("capillary")}
    file = cli.write("codes.csv", "coupon code", "CODE-1")
    for connection, list_id in mine.items():
        for words in (
            ("lists", "show", connection, "999999"),
            ("uploads", "ls", connection, "999999"),
            ("uploads", "send", connection, "999999", file),
            ("uploads", "show", connection, list_id, "77"),
            ("uploads", "show", connection, list_id, "up_aaaaaaaaaaaaaaaaaaaa"),
            ("uploads", "wait", connection, list_id, "up_aaaaaaaaaaaaaaaaaaaa"),
        ):
            ran = cli(*words, "-o", "json")
            assert 4 == ran.code, words
            _tells(ran, {"not_found"})


UNSUPPORTED = {
    "usage": ("usage", "request", "capillary", "SERIES", *PERIOD),
    "url": ("uploads", "send", "capillary", "SERIES", *URL),
    "callback": ("uploads", "send", "capillary", "SERIES", "codes.csv", "--callback", "https://example.com/"),
    "tag": ("uploads", "send", "moengage", "LIST", "two.csv", "--tag", "mobile"),
}


@pytest.mark.parametrize("what", UNSUPPORTED)
def test_unsupported(cli: CliRunner, files: dict[str, str], what: str) -> None:
    """What a vendor lacks is exit code 8, with what to do instead."""
    ran = cli(*(files.get(word, word) for word in UNSUPPORTED[what]), "-o", "json")
    assert 8 == ran.code
    assert _tells(ran, {"unsupported"})["hint"]


def test_refused(cli: CliRunner) -> None:
    """A name that is taken and codes that were sent before are exit code 9."""
    list_id = cli.list_id("moengage", "taken")
    again = cli("lists", "create", "moengage", "--name", "taken", *SOON, "--created-by", "me", "-o", "json")
    assert 9 == again.code
    _tells(again, {"rejected", "conflict"})
    words = ("uploads", "send", "moengage", list_id, cli.write("codes.csv", "code", "A1"), "-o", "json")
    first, second = cli(*words), cli(*words)
    assert (0, 9) == (first.code, second.code)
    assert first.json["id"] in _tells(second, {"conflict"})["hint"]


def test_partly_and_wholly_refused_uploads(cli: CliRunner) -> None:
    """Refused codes are exit code 3, with the upload on stdout and its error beside it."""
    list_id = cli.list_id("capillary")
    words = ("uploads", "send", "capillary", list_id, "--wait", "-o", "json")
    assert 0 == cli(*words, cli.write("1.csv", "code", "A1", "A2")).code
    other = cli.list_id("capillary", "other")
    words = ("uploads", "send", "capillary", other, "--wait", "-o", "json")
    part = cli(*words, cli.write("2.csv", "code", "A1", "B1"))
    assert (3, "partial", 1, 1) == (
        part.code,
        *(part.json[key] for key in ("status", "accepted", "rejected")),
    )
    assert "partial" == part.json["error"]["kind"]
    assert part.json["id"] in part.complaint
    none = cli(*words, cli.write("3.csv", "code", "A2"))
    assert (3, "failed") == (none.code, none.json["status"])
    waited = cli("uploads", "wait", "capillary", other, part.json["id"], "-o", "json")
    assert (3, "partial") == (waited.code, waited.json["error"]["kind"])
    shown = cli("uploads", "show", "capillary", other, part.json["id"], "-o", "json")
    assert (0, "") == (shown.code, shown.err)


def test_waiting_in_vain(cli: CliRunner) -> None:
    """Patience that ends is exit code 3, the upload on stdout, its error beside it."""
    list_id = cli.list_id("capillary")
    cli.vendors["capillary"].set_processing_delay(30)
    file = cli.write("codes.csv", "code", "A1")
    sent = cli("uploads", "send", "capillary", list_id, file, "-o", "json")
    assert 0 == sent.code
    waited = cli("uploads", "wait", "capillary", list_id, sent.json["id"], "--timeout", "0.1", "-o", "json")
    assert (3, sent.json["id"], "timeout") == (waited.code, waited.json["id"], waited.json["error"]["kind"])
    assert "uploads show" in waited.complaint


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, 5, "credentials"),
        (403, 5, "permission"),
        (429, 6, "rate_limited"),
        (503, 7, "unavailable"),
        (302, 7, "unreadable"),
    ],
)
def test_answers_by_status(
    cli: CliRunner, monkeypatch: pytest.MonkeyPatch, status: int, code: int, kind: str
) -> None:
    """What a vendor's HTTP status means, the exit code says."""
    monkeypatch.setattr("couponhub.transport.retry.RetryPolicy.wait_before", lambda *_: 0.0)
    cli.control["moengage"].fail("GET /*", "status", status)
    for words in (("lists", "ls", "moengage"), ("uploads", "ls", "moengage", "x")):
        ran = cli(*words, "-o", "json")
        assert code == ran.code
        assert "moengage" == _tells(ran, {kind})["connection"]
    checked = cli("doctor", "-o", "json")
    assert code == checked.code
    assert [True, False] == [item["ok"] for item in checked.json["items"] if item["connection"]]
    assert "moengage" in checked.complaint


@pytest.mark.parametrize("garbage", ["html", "half", "empty", "nulls", "array"])
@pytest.mark.parametrize("connection", ["capillary", "moengage"])
def test_answers_that_are_none(cli: CliRunner, connection: str, garbage: str) -> None:
    """A reply that cannot be understood is exit code 7 for a read, and in a lookup "unknown", never "none"."""
    assert 0 == cli("lists", "ls", connection).code
    cli.control[connection].fail("GET /*", "garbage", garbage)
    ran = cli("lists", "ls", connection, "-o", "json")
    assert 7 == ran.code
    _tells(ran, {"unreadable"})
    asked = cli("lookup", "--mobile", CUSTOMER, "--connection", connection, "-o", "json")
    assert (3, "unknown", False) == (asked.code, asked.json["answers"][0]["verdict"], asked.json["complete"])
    assert asked.complaint


@pytest.mark.parametrize("fault", ["drop_after", "garbage", "wrong_types"])
def test_a_write_whose_answer_is_lost(cli: CliRunner, fault: str) -> None:
    """A write that may have been done is looked for, or is exit code 3 and its line says how to find out."""
    list_id = cli.list_id("moengage")
    words = ("lists", "create", "moengage", *SOON, "--created-by", "me", "-o", "json", "--name")
    lost = {"match": "POST /*", "fault": fault}
    cli.control["moengage"].set_faults(lost)
    made = cli(*words, "found")
    assert (0, "found") == (made.code, made.json["name"])
    cli.control["moengage"].set_faults(lost, {"match": "GET /*", "fault": "status", "value": 404})
    made = cli(*words, "maybe")
    assert 3 == made.code
    error = _tells(made, {"outcome_unknown"})
    assert (False, True) == (error["retryable"], "lists ls moengage" in error["hint"])
    mailed = cli("usage", "request", "moengage", list_id, *_today(), "-o", "json")
    assert 3 == mailed.code
    _tells(mailed, {"outcome_unknown"})


def test_an_upload_whose_answer_is_lost(cli: CliRunner) -> None:
    """An upload whose answer is lost is looked for, found, and not sent again."""
    file = cli.write("codes.csv", "code", "A1")
    for connection, match in (("moengage", "POST */files"), ("capillary", "POST *upload*")):
        list_id = cli.list_id(connection)
        cli.control[connection].fail(match, "drop_after", times=1)
        sent = cli("uploads", "send", connection, list_id, file, "--wait", "-o", "json")
        assert (0, "done", 1) == (sent.code, sent.json["status"], sent.json["accepted"])
        assert 1 == len(cli("uploads", "ls", connection, list_id, "-o", "json").json["items"])
        assert ["A1"] == cli.codes(connection, list_id)


def test_a_vendor_that_is_very_slow(cli: CliRunner) -> None:
    """A vendor that does not answer in time is exit code 7; a lookup keeps its deadline and says so."""
    cli.configure({**SETTINGS, "timeout": 0.05})
    cli.control["moengage"].fail("GET /*", "latency", 1.0)
    ran = cli("lists", "ls", "moengage", "-o", "json")
    assert 7 == ran.code
    _tells(ran, {"unavailable"})
    cli.configure()
    cli.control["capillary"].fail("* /*", "latency", 1.0)
    words = ("lookup", "--mobile", CUSTOMER, "--connection", "capillary", "--deadline", "0.1", "-o", "json")
    asked = cli(*words)
    assert (3, "timeout") == (asked.code, asked.json["answers"][0]["reason"])


def test_wrong_credentials(cli: CliRunner) -> None:
    """Wrong credentials are exit code 5 everywhere, and appear nowhere."""
    vendors = {"api_key": "WRONG-KEY-1"}, {"secret": "WRONG-SECRET-2"}
    text = (cli.folder / "couponhub.toml").read_text(encoding="utf-8")
    assert 'api_key = "demo-key"' in text
    assert 'secret = "demo-secret"' in text
    text = text.replace("demo-secret", "WRONG-SECRET-2").replace(
        'api_key = "demo-key"', 'api_key = "WRONG-KEY-1"'
    )
    (cli.folder / "couponhub.toml").write_text(text, encoding="utf-8")
    for connection in ("moengage", "capillary"):
        ran = cli("lists", "ls", connection, "-o", "json")
        assert 5 == ran.code
        assert _tells(ran, {"credentials"})["hint"]
    checked = cli("doctor", "-o", "json")
    assert 5 == checked.code
    assert all("plain text" in item["warnings"][0] for item in checked.json["items"] if item["connection"])
    for values in vendors:
        assert not any(value in checked.out + checked.err for value in values.values())


def test_what_was_fetched_before_an_error_is_shown(cli: CliRunner) -> None:
    """A page of lists with one unreadable row shows the others, then the error beside them and its exit code."""
    rows = cli("lists", "ls", "moengage", "--raw", "-o", "json").json["items"]
    data = [row["raw"] for row in rows]
    data[-1] = {**data[-1], "_id": 7}
    cli.control["moengage"].fail("GET /v1/coupon-list", "status", {"status": 200, "body": {"data": data}})
    for form in ("json", "jsonl", "csv", "table"):
        ran = cli("lists", "ls", "moengage", "-o", form)
        assert 7 == ran.code
        assert "could not be read" in ran.complaint
        assert all(row["name"] in ran.out for row in rows[:-1])
        if form == "json":
            assert (len(rows) - 1, "unreadable") == (len(ran.json["items"]), ran.json["error"]["kind"])


def test_a_port_that_is_taken(cli: CliRunner) -> None:
    """`emulate` and a fixed staging port that somebody else has are exit code 2; the codes can be sent later."""
    list_id = cli.list_id("moengage")
    file = cli.write("codes.csv", "code", "A1")
    words = ("uploads", "send", "moengage", list_id, file, "-o", "json")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = cli("emulate", "--port", str(port), "-o", "json")
        assert 2 == ran.code
        assert str(port) in _tells(ran, {"local"})["message"]
        cli.configure(more=f'\n[staging]\nlisten = "127.0.0.1:{port}"\n')
        ran = cli(*words)
        assert 2 == ran.code
        assert str(port) in _tells(ran, {"local"})["message"]
        assert [] == cli.codes("moengage", list_id)
    assert 0 == cli(*words).code
    assert ["A1"] == cli.codes("moengage", list_id)


@pytest.mark.parametrize("what", ["a file", "no folder", "damaged", "newer"])
def test_a_store_that_cannot_be_used(cli: CliRunner, tmp_path: Path, what: str) -> None:
    """Without its store nothing is sent, in one line; reading works without it."""
    list_id = cli.list_id("moengage")
    state = tmp_path / "elsewhere"
    if what == "a file":
        state.write_text("", encoding="utf-8")
    elif what == "no folder":
        state = Path("/proc/nowhere")
    else:
        (state / "state").mkdir(parents=True)
        database = state / "state" / "couponhub.db"
        database.write_bytes(b"SQLite format 3\0" if what == "newer" else b"nonsense" * 1000)
        if what == "newer":
            import sqlite3

            database.unlink()
            with sqlite3.connect(database) as connection:
                connection.execute("PRAGMA user_version = 99")
    cli.configure(folder=state)
    ran = cli("uploads", "send", "moengage", list_id, cli.write("codes.csv", "code", "A1"), "-o", "json")
    assert 2 == ran.code
    _tells(ran, {"local"})
    assert [] == cli.codes("moengage", list_id)
    assert 0 == cli("lists", "ls", "moengage").code
    assert 0 == cli("uploads", "ls", "moengage", list_id).code
    assert 0 == cli("lookup", "--mobile", CUSTOMER, "--connection", "capillary").code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", None])
def test_a_full_disk_behind_stdout(cli: CliRunner, form: str | None) -> None:
    """Output that cannot be written is exit code 2 and one line, which says what was done at the vendor."""
    asked = ("-o", form) if form else ()
    list_id = cli.list_id("moengage")
    file = cli.write("codes.csv", "code", "A1")
    for words, done in (
        (("lists", "ls", "moengage"), ""),
        (("lookup", "--mobile", CUSTOMER, "--connection", "capillary"), ""),
        (("config", "check"), ""),
        (
            ("lists", "create", "moengage", "--name", "full", *SOON, "--created-by", "x"),
            "was created at moengage",
        ),
        (("uploads", "send", "moengage", list_id, file), "is done, but"),
    ):
        with open("/dev/full", "w") as full:  # noqa: PTH123 - no path of ours
            ran = Ran.of(cli.begun(*words, *asked, output=full.fileno()))
        assert 2 == ran.code, ran.err
        complaint = ran.complaint
        assert "stdout cannot be written" in complaint
        assert done in complaint
    assert ["A1"] == cli.codes("moengage", list_id)


def little_room() -> None:
    """Let no file grow far, in a process of its own."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))


def test_a_full_disk_under_the_store(cli: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full before anything was sent, nothing is sent, in one line, and later all is."""
    # Whoever counts what is reached would have its own file on that disk, and complain on stderr.
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    list_id = cli.list_id("moengage")
    file = cli.write("codes.csv", "code", *(f"CODE-{number:06}" for number in range(40_000)))
    words = ("uploads", "send", "moengage", list_id, file, "-o", "json")

    ran = cli.apart(*words, before=little_room)
    assert 2 == ran.code
    _tells(ran, {"local"})
    assert "CODE-" not in ran.err + ran.out
    assert [] == cli.codes("moengage", list_id)
    assert 0 == cli(*words).code
    assert 40_000 == len(cli.codes("moengage", list_id))


def test_a_reader_that_goes_away(cli: CliRunner) -> None:
    """`| head -1` ends a command without a word; what a command found stays its exit code."""
    for words, code in (
        (("lists", "ls", "moengage"), 0),
        (("lists", "ls", "moengage", "-o", "table"), 0),
        (("connections", "-o", "csv"), 0),
        (("lists", "ls", "capillary", "-o", "jsonl"), 0),
        (("lookup", "--mobile", CUSTOMER, "--connection", "moengage", "-o", "json"), 3),
    ):
        reading, writing = os.pipe()
        os.close(reading)
        process = cli.begun(*words, output=writing)
        os.close(writing)
        ran = Ran.of(process)
        assert code == ran.code, ran.err
        assert (1 if code else 0) == len(ran.err.splitlines())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_python_adds_nothing_when_it_ends(cli: CliRunner) -> None:
    """What could not be written is not tried once more: the exit code and the lines stay as they were."""
    reading, writing = os.pipe()
    os.close(reading)
    for output, code in ((writing, 0), (os.open("/dev/full", os.O_WRONLY), 2)):
        process = cli.spawned("lists", "ls", "moengage", stdout=output)
        os.close(output)
        _, err = process.communicate(timeout=60)
        assert (code, 1 if code else 0) == (process.returncode, len(err.splitlines())), err


def test_closed_streams(cli: CliRunner) -> None:
    """A command whose stdin or stdout was closed by its caller does its work."""
    list_id = cli.list_id("moengage")
    closed = cli.spawned(
        *("uploads", "send", "-q", "moengage", list_id, cli.write("codes.csv", "code", "A1")),
        stdout=None,
        preexec_fn=lambda: os.close(1),
    )
    assert (0, "") == (closed.wait(60), closed.communicate()[1])
    assert ["A1"] == cli.codes("moengage", list_id)
    silent = cli.spawned("uploads", "send", "moengage", list_id, "-", preexec_fn=lambda: os.close(0))
    _, err = silent.communicate(timeout=60)
    assert "stdin" in Ran(silent.returncode, "", err).complaint
    assert 2 == silent.returncode


def _today() -> tuple[str, ...]:
    day = vendors_today().isoformat()
    return "--from", day, "--to", day, "--email", "a@example.com"


def _tells(ran: Ran, kinds: set[str]) -> dict[str, Any]:
    """The error that a command tells once on stderr and once on stdout."""
    assert ["error"] == list(json.loads(ran.out))
    error: dict[str, Any] = ran.json["error"]
    assert error["kind"] in kinds
    assert error["message"] in ran.complaint
    return error
