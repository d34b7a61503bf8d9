"""Lines on their way to stderr: bounded, and nobody waits for whoever reads them."""

import json
import logging
import os
import select
import sys
import threading
import warnings
from datetime import datetime
from typing import Any

import pytest

from couponhub.server.log_format import LogFormat, LogSettings
from couponhub.server.log_lines import Lines, LinesHandler, lost_record
from couponhub.server.request_context import AccessLog, RequestContext
from tests.kit.eventually import eventually


def test_what_nobody_reads_is_counted_and_let_go_of() -> None:
    """The first ones are kept; how many are missing is told once somebody reads again."""
    go_on, writing = threading.Event(), threading.Event()
    written: list[bytes] = []

    def write(lines: bytes) -> None:
        writing.set()
        go_on.wait(30)
        written.append(lines)

    lines = Lines(write, lost=lambda count: f"{count} lost", most=3)
    lines.put("a")
    assert writing.wait(30)
    for number in range(10):
        lines.put(str(number))
    lines.finish(0.01)  # nobody reads
    go_on.set()
    eventually(lambda: b"7 lost" in b"".join(written), "the lines")
    lines.put("b")
    eventually(lambda: b"b\n" in written, "another line")
    assert [b"a", b"0", b"1", b"2", b"7 lost", b"b"] == b"".join(written).splitlines()


def test_a_copy_that_came_with_a_fork_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else lines that waited when a worker began would be there twice."""
    written: list[bytes] = []
    lines = Lines(written.append, lost=str)
    lines.put("a")
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: 0)
        lines.flush()
    assert [] == written
    lines.flush()
    assert [b"a\n"] == written


def records(text: str, **more: Any) -> logging.LogRecord:
    """A record of a warning."""
    record = logging.LogRecord("x", logging.WARNING, "", 0, text, (), None)
    record.__dict__ |= more
    return record


def caught() -> Any:
    """What `logging` is told of an error whose text quotes a customer."""
    try:
        int("919876543210x")
    except ValueError:
        return sys.exc_info()
    return None


def test_records_are_lines(capfd: pytest.CaptureFixture[str]) -> None:
    """Of every logger, through the same handler; each is an object, whatever its text is."""
    handler = LinesHandler()
    handler.setFormatter(LogSettings().formatter())
    call = {"connection": "shop", "seconds": 0.5}
    handler.handle(records('a\n"b" \x1b[2J', fields={"worker": 1}))
    handler.handle(records("called", vendor_call=call))
    handler.handle(lost_record(7))
    handler.flush()
    first, second, third = map(json.loads, capfd.readouterr().err.splitlines())
    assert ("warning", "x", 'a\n"b" \x1b[2J', 1) == tuple(
        first[key] for key in ("level", "logger", "message", "worker")
    )
    assert datetime.fromisoformat(first["time"]).tzinfo is not None
    assert call == second["vendor_call"]
    assert 7 == third["lost"]


@pytest.mark.parametrize("form", LogFormat)
def test_an_error_is_told_without_what_it_quotes(form: LogFormat) -> None:
    """Its class and where it was; the texts of other people's errors hold customers and codes."""
    written = LogSettings(format=form).formatter().format(records("it failed", exc_info=caught()))
    assert "ValueError" in written
    assert "919876543210" not in written
    assert "test_serving_lines.py" in written
    assert all(line.startswith("    ") for line in written.splitlines()[1:])


def test_text_steers_no_terminal() -> None:
    """And a line break in it begins no line that looks like another record."""
    written = (
        LogSettings(format=LogFormat.TEXT).formatter().format(records("a\nb\x1b[2J", fields={"port": 80}))
    )
    assert "\x1b" not in written
    assert written.endswith(" WARNING x: a\n    b\\x1b[2J port=80")


def test_what_nobody_has_caught_is_a_line_too(capfd: pytest.CaptureFixture[str]) -> None:
    """Of a thread, and warnings of libraries; afterwards all is as before."""

    def fails() -> None:
        raise ValueError("919876543210")

    before = sys.excepthook, threading.excepthook, logging.getLogger().level
    with LogSettings().applied():
        thread = threading.Thread(target=fails)
        thread.start()
        thread.join()
        with warnings.catch_warnings(action="always"):
            warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert before == (sys.excepthook, threading.excepthook, logging.getLogger().level)
    error, warning = map(json.loads, capfd.readouterr().err.splitlines())
    assert ("critical", "ValueError") == (error["level"], error["exception"])
    assert ("warning", "py.warnings") == (warning["level"], warning["logger"])


@pytest.mark.parametrize(("level", "expected"), [("info", 1), ("warning", 0)])
def test_requests_are_told_at_their_level(level: str, expected: int) -> None:
    """As text too, with the same in it."""
    lines: list[bytes] = []
    log = AccessLog(LogSettings(format=LogFormat.TEXT, level=level), lines.append)
    log.note(RequestContext("r1", "GET", 0.0, route="/healthz"), status=200, seconds=0.0125, size=15)
    log.flush()
    told = "INFO    GET /healthz status=200 ms=12.50 bytes=15 token=- request_id=r1"
    assert expected == len([line for line in lines if line.decode().rstrip().endswith(told)])


def test_lines_of_several_processes_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe takes pieces of a certain size at once, and mixes what is longer: each piece ends with a line."""
    reading, writing = os.pipe()
    pieces: list[bytes] = []

    def taken(_: int, piece: bytes) -> int:
        pieces.append(piece)
        return len(piece)

    with monkeypatch.context() as patched, os.fdopen(reading, "rb"), os.fdopen(writing, "wb"):
        status = os.fstat(writing)
        patched.setattr(os, "fstat", lambda _: status)
        patched.setattr(os, "write", taken)
        lines = Lines(lost=str)
        for number in range(200):
            lines.put(f"{number:0100}")
        lines.put("x" * 10_000)
        lines.put("y")
        lines.flush()
    assert [f"{number:0100}" for number in range(200)] == b"".join(pieces).decode().splitlines()[:200]
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert 4 < len([piece for piece in pieces if len(piece) <= select.PIPE_BUF])
