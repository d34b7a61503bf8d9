"""The command line, run in a folder with a `couponhub.toml` for both emulated vendors."""

import json
import logging
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import attrs
import pytest

from couponhub.cli import main
from couponhub.testing import Control, EmulatorServer, VendorEmulator, config_text
from tests.kit.processes import Command, started

CUSTOMER = "919876543210"
COMMAND = (sys.executable, "-m", "couponhub")
NEW_SERIES = (
    *("--set", "discountCode=WINTER10", "--set", "discountType=PERC", "--set", "discountValue=10"),
    *("--set", "smsTemplate=Hi {{first_name}}, your code is {{voucher}}"),
)
SETTINGS: Mapping[str, str | float] = {"timeout": 2.0, "settle": 0.05}


_PROGRESS = re.compile("couponhub: (up_[a-z2-7]+: |preparing the codes|asking the vendor|waiting for up_)")


@attrs.frozen
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @classmethod
    def of(cls, command: Command) -> Self:
        """What a command did that runs in a process of its own, once it has ended."""
        run = command.ended()
        return cls(run.returncode, run.stdout, run.stderr)

    @property
    def json(self) -> Any:
        """Its stdout, decoded."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """Its stdout as tab-separated columns."""
        return [line.split("\t") for line in self.out.splitlines()]

    @property
    def remarks(self) -> list[str]:
        """The lines of its stderr, without those that tell how an upload goes on."""
        return [line for line in self.err.splitlines() if not _PROGRESS.match(line)]

    @property
    def complaint(self) -> str:
        """Its one line on stderr, beside those that tell how an upload goes on."""
        (line,) = self.remarks
        assert line.startswith("couponhub: ")
        assert "Traceback" not in line
        return line.removeprefix("couponhub: ")


@attrs.frozen
class CliRunner:
    """Two emulated vendors behind one HTTP server in this process, and a config file that names them."""

    folder: Path
    server: EmulatorServer
    control: Mapping[str, Control]
    vendors: Mapping[str, VendorEmulator]
    capture: pytest.CaptureFixture[str]

    def __call__(self, *words: str) -> Ran:
        """Run a command in this process, which logs afterwards as it did before."""
        self.capture.readouterr()
        root = logging.getLogger()
        level, handlers = root.level, [*root.handlers]
        code = main(words)
        root.setLevel(level)
        root.handlers[:] = handlers
        out, err = self.capture.readouterr()
        return Ran(code, out, err)

    def apart(
        self, *words: str, stdin: str = "", before: Callable[[], None] | None = None, **surroundings: str
    ) -> Ran:
        """Run a command in a process of its own, forked off one that has loaded it; see `tests.kit.processes`."""
        return Ran.of(self.begun(*words, stdin=stdin, output=None, before=before, **surroundings))

    def begun(
        self,
        *words: str,
        stdin: str | int = "",
        output: int | None = None,
        before: Callable[[], None] | None = None,
        **surroundings: str,
    ) -> Command:
        """Begin a command in such a process."""
        return started(
            *words,
            folder=self.folder,
            environment={**os.environ, **surroundings},
            stdin=stdin,
            output=output,
            before=before,
        )

    def spawned(self, *words: str, **arguments: Any) -> subprocess.Popen[str]:
        """Begin a command as a shell does, by starting Python."""
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": self.folder}
        return subprocess.Popen([*COMMAND, *words], **{**given, **arguments})  # noqa: S603 - our own command

    def on_terminal(self, *words: str, columns: int = 120, **surroundings: str) -> Ran:
        """Run a command on a terminal of its own; all that it shows is in `out`."""
        master, slave = pty.openpty()
        plain = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
        process = started(
            *words,
            folder=self.folder,
            environment={**plain, "TERM": "xterm-256color", "COLUMNS": str(columns), **surroundings},
            stdin=slave,
            output=slave,
            errors=slave,
        )
        os.close(slave)
        shown = b""
        while block := _read(master):
            shown += block
        os.close(master)
        return Ran(process.ended().returncode, shown.decode().replace("\r\n", "\n"), "")

    def write(self, name: str, *lines: str) -> str:
        """Write a file of these lines; answer its name."""
        (self.folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return name

    def configure(
        self,
        settings: Mapping[str, str | float | None] = SETTINGS,
        more: str = "",
        folder: Path | None = None,
    ) -> None:
        """Write the config file anew."""
        store = f'\n[store]\nurl = "sqlite:///{(folder or self.folder).as_posix()}/state/couponhub.db"\n'
        text = config_text(self.server.url, tuple(self.vendors.values()), settings) + more + store
        (self.folder / "couponhub.toml").write_text(text, encoding="utf-8")

    def list_id(self, connection: str, name: str = "a list") -> str:
        """The id of a new list, created on the command line."""
        extra = NEW_SERIES if connection == "capillary" else ("--created-by", "tests")
        ran = self(*("-o", "json", "lists", "create", connection, "--name", name), *SOON, *extra)
        assert 0 == ran.code, ran.err
        return str(ran.json["id"])

    def answering(self, **changed: Any) -> str:
        """Have MoEngage answer a list with these fields, whichever list is asked for; the id of it."""
        list_id = self.list_id("moengage", "changeable")
        raw = self("lists", "show", "moengage", list_id, "--raw", "-o", "json").json["raw"]
        assert set(changed) <= set(raw)
        answer = {
            "status": 200,
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps({**raw, **changed}),
        }
        self.control["moengage"].fail("GET /v1/coupon-list/*", "status", answer)
        return list_id

    def codes(self, connection: str, list_id: str) -> list[str]:
        """The truth: the codes that the vendor holds of a list."""
        return sorted(row["code"] for row in self.control[connection].codes(list_id))


SOON = ("--expires", "2099-12-31")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the last process has left the terminal
        return b""
