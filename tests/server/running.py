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
from tests.kit.eventually import eventually
from tests.kit.processes import Command, started
from tests.server.harness import MOBILE

ASKED = {"customer": {"mobile": MOBILE}, "connections": ["capillary"]}


@attrs.frozen
class Running:
    """A server in processes of its own."""

    process: Command
    config: Path
    url: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of its stderr, each of which is JSON."""
        return [json.loads(line) for line in self.process.err.splitlines()]

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
        found = re.search(r"chub_[\w-]+", self.process.err)
        assert found is not None, self.process.err
        return found[0]

    def post(self, document: Any, token: str) -> requests.Response:
        """Look up."""
        headers = {"Authorization": f"Bearer {token}"}
        return requests.post(f"{self.url}/v1/lookup", json=document, headers=headers, timeout=30)


def token_of(server: Running, name: str) -> str:
    """A new token, which counts by now."""
    words = ("--config", str(server.config), "token", "new", "--scope", "lookup", "--name", name)
    token = started(*words, folder=server.config.parent).ended().stdout.split()[0]
    eventually(lambda: server.post(ASKED, token).status_code == 200, "the token to count")
    return token


@contextmanager
def running(
    vendors: EmulatedVendors,
    folder: Path,
    *words: str,
    environment: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
    more: str = "",
) -> Iterator[Running]:
    """Serve for the length of the block, from a config and a store of its own.

    Args:
        vendors: What it serves.
        folder: Where its files lie.
        words: Further ones of the command.
        environment: Further variables.
        before: Is called in the process before it begins.
        more: Further tables of the config.
    """
    config = folder / "couponhub.toml"
    text = vendors.config.read_text(encoding="utf-8")
    store = f'url = "sqlite:///{folder.as_posix()}/state.db"'
    text = re.sub(r'url = "sqlite:.*"', store, text)
    config.write_text(f"{text}\n{more}", encoding="utf-8")
    with started(
        *("--config", str(config), "-o", "json", "serve", "--port", "0", *words),
        folder=folder,
        environment={**os.environ, **(environment or {})},
        before=before,
        has_children=True,
    ) as process:
        yield Running(process, config, announced(process))


def announced(process: Command) -> str:
    """Where it says that it answers."""
    eventually(lambda: process.out.endswith("\n}\n") or not process.is_running, "the announcement")
    return str(json.loads(process.out)["url"])
