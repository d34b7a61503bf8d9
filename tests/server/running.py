"""`couponhub serve` in processes of its own."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import requests

from couponhub.testing import EmulatedVendors
from tests.cli.desk import COMMAND
from tests.server.counter import MOBILE

ASKED = {"customer": {"mobile": MOBILE}, "connections": ["capillary"]}


@attrs.frozen
class Running:
    """A server in processes of its own."""

    process: "subprocess.Popen[str]"
    config: Path
    url: str
    told: Path

    @property
    def err(self) -> str:
        """Its stderr so far."""
        return self.told.read_text(encoding="utf-8")

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of its stderr, each of which is JSON."""
        return [json.loads(line) for line in self.err.splitlines()]

    @property
    def complaints(self) -> list[str]:
        """What it warned of, and what went wrong."""
        return [line["message"] for line in self.lines if line["level"] in {"warning", "error", "critical"}]

    @property
    def workers(self) -> list[int]:
        """Its workers, by their process ids."""
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,stat="],  # noqa: S607 - the same
            capture_output=True,
            text=True,
            check=True,
        )
        rows = [line.split() for line in listed.stdout.splitlines()]
        return [
            int(pid) for pid, parent, state in rows if int(parent) == self.process.pid and state[0] != "Z"
        ]

    @property
    def one_time_token(self) -> str:
        """What it printed at the start."""
        found = re.search(r"chub_[\w-]+", self.err)
        assert found is not None, self.err
        return found[0]

    def post(self, document: Any, token: str) -> requests.Response:
        """Look up."""
        headers = {"Authorization": f"Bearer {token}"}
        return requests.post(f"{self.url}/v1/lookup", json=document, headers=headers, timeout=30)


@contextmanager
def running(
    vendors: EmulatedVendors,
    folder: Path,
    *words: str,
    environment: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> Iterator[Running]:
    """Serve for the length of the block, from a config and a store of its own.

    Args:
        vendors: What it serves.
        folder: Where its files lie.
        words: Further ones of the command.
        environment: Further variables.
        before: Is called in the process before it begins.
    """
    config, told = folder / "couponhub.toml", folder / "stderr"
    text = vendors.config.read_text(encoding="utf-8")
    store = f'url = "sqlite:///{folder.as_posix()}/state.db"'
    config.write_text(re.sub(r'url = "sqlite:.*"', store, text), encoding="utf-8")
    command = [*COMMAND, "--config", str(config), "-o", "json", "serve", "--port", "0", *words]
    with told.open("w") as stderr:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env={**os.environ, **(environment or {})},
            preexec_fn=before,  # noqa: PLW1509 - sets a limit, and no more
        )
    try:
        assert process.stdout is not None
        head = process.stdout.readline() + process.stdout.readline() + process.stdout.readline()
        head += process.stdout.readline()
        yield Running(process, config, json.loads(head)["url"], told)
    finally:
        process.kill()
        process.communicate()


def ended(process: "subprocess.Popen[str]") -> int:
    """Its exit code, once it has ended."""
    return process.wait(30)
