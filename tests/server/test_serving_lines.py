"""Lines on their way to stderr: bounded, and nobody waits for whoever reads them."""

import logging
import os
import threading

import pytest

from couponhub.server.log_lines import Lines, LinesHandler
from tests.cli.desk import until


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
    until(lambda: b"7 lost" in b"".join(written), "the lines")
    lines.put("b")
    until(lambda: b"b\n" in written, "another line")
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


def test_records_are_lines(capfd: pytest.CaptureFixture[str]) -> None:
    """Of every logger, through the same."""
    handler = LinesHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    handler.handle(logging.LogRecord("x", logging.WARNING, "", 0, "the %s", ("text",), None))
    handler.flush()
    assert "WARNING the text\n" == capfd.readouterr().err
