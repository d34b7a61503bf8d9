"""This machine in the place of those that `deploy/` is written for: their names, paths and ports become ones of a test's own."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import attrs

from tests.deploy.described import DEPLOY
from tests.kit.eventually import eventually
from tests.kit.processes import Command, started
from tests.kit.servers import free_port

STORE = re.compile(r"^\[store\]\n.*?(?=^\[|\Z)", re.MULTILINE | re.DOTALL)
"""The table [store]."""


@attrs.define(kw_only=True)
class Place:
    """A folder that stands for a machine or a container, and the processes in it.

    Attributes:
        folder: Where its files lie.
        instead: Whatever stands in a text of `deploy/`, with what takes its place here.
        environment: Variables of every process.
    """

    folder: Path
    instead: dict[str, str]
    environment: dict[str, str] = attrs.field(factory=dict)
    _running: ExitStack = attrs.field(factory=ExitStack)

    def __attrs_post_init__(self) -> None:
        for name in ("state", "tmp", "secrets"):
            self.folder.joinpath(name).mkdir(exist_ok=True)
        self.environment |= {
            "COUPONHUB_CONFIG": str(self.config),
            "HOME": str(self.folder / "state"),
            "TMPDIR": str(self.folder / "tmp"),
        }

    @property
    def config(self) -> Path:
        """Its couponhub.toml."""
        return self.folder / "couponhub.toml"

    def here(self, text: str) -> str:
        """Return a text of `deploy/` as it must be here."""
        for name, other in self.instead.items():
            text = text.replace(name, other)
        return text

    def configure(self, name: str, *, store: str | None = None) -> None:
        """Write a config of `deploy/`; with a `store` its state lies there."""
        text = self.here(DEPLOY.joinpath(name).read_text(encoding="utf-8"))
        if store is not None:
            text, count = STORE.subn(f'[store]\nurl = "{store}"\n\n', text)
            assert 1 == count
        self.config.write_text(text, encoding="utf-8")

    def begin(self, *words: str, port: int | None = None, **environment: str) -> Command:
        """Run couponhub with these words, which lack its own name; a port that they leave out may be given."""
        assert port is None or "--port" not in words
        more = () if port is None else ("--port", str(port))
        return self._running.enter_context(
            started(
                *map(self.here, hurried(words)),
                *more,
                folder=self.folder,
                environment={**os.environ, **self.environment, **environment},
                has_children=True,
            )
        )

    def run(self, words: Sequence[str], **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run another program to its end; `python` is this one, and `couponhub` is found."""
        command = [self.here(word) for word in words]
        if command[0] == "python":
            command[0] = sys.executable
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(  # noqa: S603 - commands of our own files
            command,
            cwd=self.folder,
            env={**os.environ, **self.environment, "PATH": path, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()


def hurried(words: Sequence[str]) -> list[str]:
    """Return a command that drains for a second, however long it is told to."""
    return ["1" if before == "--drain" else word for before, word in zip(("", *words), words, strict=False)]


def health_command(service: Mapping[str, object], port: int) -> list[str]:
    """Return the command of a service's health check, of the server that listens at another port here."""
    check = service["healthcheck"]
    assert isinstance(check, dict)
    kind, *words = check["test"]
    assert kind == "CMD"
    return at_port(words, port)


def at_port(words: Sequence[str], port: int) -> list[str]:
    """Return a command with another port in its addresses of this machine."""
    return [re.sub(r"(?<=127\.0\.0\.1:)\d+", str(port), word) for word in words]


def await_health(place: Place, words: Sequence[str], process: Command) -> None:
    """Wait until a health check succeeds."""

    def is_healthy() -> bool:
        assert process.is_running, process.err
        return place.run(words).returncode == 0

    eventually(is_healthy, "the health check to succeed")


__all__ = ["Place", "at_port", "await_health", "free_port", "health_command", "hurried"]
