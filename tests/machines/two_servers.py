"""Two `couponhub serve` over one state, each with a home of its own, as on two machines."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import attrs
import requests

from couponhub.testing import EmulatedVendors
from tests.kit.processes import Command, started
from tests.server.running import Running, announced

KEY = "5f" * 32
"""Of the hashes of customers: the same on all machines."""


@attrs.frozen
class Machine:
    """One machine: a config, a home, and where its server answers.

    Attributes:
        folder: Its working folder, in which its config lies.
        environment: The variables of its processes.
        server: Its `couponhub serve`.
    """

    folder: Path
    environment: Mapping[str, str]
    server: Running

    @property
    def url(self) -> str:
        """Where its server answers."""
        return self.server.url

    def cli(self, *words: str) -> Any:
        """Run a command here, and return what it prints as JSON."""
        command = run(self.folder, self.environment, *words)
        ended = command.ended()
        assert 0 == ended.returncode, ended.stderr
        return json.loads(ended.stdout)

    def post(self, path: str, document: Any, token: str) -> requests.Response:
        """Ask the server here."""
        headers = {"Authorization": f"Bearer {token}"}
        return requests.post(f"{self.url}{path}", json=document, headers=headers, timeout=30)

    def get(self, path: str, token: str | None = None) -> requests.Response:
        """Read from the server here."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return requests.get(f"{self.url}{path}", headers=headers, timeout=30)


def run(folder: Path, environment: Mapping[str, str], *words: str) -> Command:
    """Start a command on a machine."""
    return started(
        *("--config", str(folder / "couponhub.toml"), "-o", "json", *words),
        folder=folder,
        environment=environment,
        has_children=True,
    )


def store_table(url: str) -> str:
    """The tables of a config by which machines share a state."""
    key = "" if url.startswith("sqlite") else f'key = "{KEY}"\n'
    return f'[store]\nurl = "{url}"\n{key}'


@contextmanager
def machines(
    vendors: EmulatedVendors,
    folder: Path,
    tables: str,
    *,
    names: Sequence[str] = ("one", "two"),
    words: Sequence[str] = (),
) -> Iterator[list[Machine]]:
    """Serve the vendors from several machines for the length of the block.

    Args:
        vendors: The vendors of all.
        folder: Where the machines' own folders lie.
        tables: The tables of the config that name what they share, and how they remember.
        names: The machines.
        words: Further ones of `couponhub serve`.
    """
    text = re.sub(r"\[store\].*", "", vendors.config.read_text(encoding="utf-8"), flags=re.DOTALL)
    with ExitStack() as held:
        begun = []
        for name in names:
            own = folder / name
            own.mkdir()
            (own / "couponhub.toml").write_text(f"{text}\n{tables}", encoding="utf-8")
            environment = {
                "PATH": "/usr/bin:/bin",
                "HOME": str(own),
                "XDG_STATE_HOME": str(own / "state"),
                "TMPDIR": str(own),
            }
            begun.append(
                (own, environment, held.enter_context(run(own, environment, "serve", "--port", "0", *words)))
            )
        yield [
            Machine(own, environment, Running(process, own / "couponhub.toml", announced(process)))
            for own, environment, process in begun
        ]
