"""A running `couponhub serve` over Capillary connections to the addresses given, for the benchmarks."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import requests

COUPONHUB = [sys.executable, "-m", "couponhub"]
READY_SECONDS = 30


def config_text(folder: Path, upstreams: Mapping[str, str], lines: Sequence[str] = ()) -> str:
    """A config of Capillary connections to these addresses, by name, with limits that nothing reaches.

    Args:
        folder: Where the store lies.
        upstreams: Address by connection name.
        lines: Further lines of each connection.
    """
    tables = [
        "\n".join(
            (
                f'[connections.{name}]\nadapter = "capillary"\nbase_url = "{url}"\nkey = "k"\nsecret = "s"',
                "limits = { calls_per_minute = 100000000 }",
                *lines,
            )
        )
        for name, url in upstreams.items()
    ]
    return "\n".join([*tables, f'[store]\nurl = "sqlite:///{folder}/couponhub.db"\n'])


@contextlib.contextmanager
def served(
    upstreams: Mapping[str, str], lines: Sequence[str] = (), *arguments: str
) -> Iterator[tuple[str, str, int]]:
    """Serve for the length of the block; the address, a token that may look up and see codes, and the process.

    Args:
        upstreams: Address by connection name.
        lines: Further lines of the config.
        arguments: Further words of `couponhub serve`.
    """
    with configured(upstreams, lines) as environment, running(environment, *arguments) as server:
        yield server


@contextlib.contextmanager
def configured(upstreams: Mapping[str, str], lines: Sequence[str] = ()) -> Iterator[Mapping[str, str]]:
    """The environment in which `couponhub` has such a config, for the length of the block."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "couponhub.toml"
        config.write_text("\n".join([config_text(Path(folder), upstreams), *lines]))
        yield {**os.environ, "COUPONHUB_CONFIG": str(config)}


@contextlib.contextmanager
def running(environment: Mapping[str, str], *arguments: str) -> Iterator[tuple[str, str, int]]:
    """Serve with that environment; the address, such a token, and the process's id."""
    new = [*COUPONHUB, "token", "new", "--scope", "lookup", "--scope", "codes:reveal", "--scope", "admin"]
    token = json.loads(subprocess.check_output([*new, "-o", "json"], env=environment))["token"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*COUPONHUB, "serve", "--port", str(port), *arguments]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            until_ready(url, server)
            yield url, token, server.pid
        finally:
            server.terminate()


def until_ready(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until it answers."""
    ends = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends and server.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"{url}/readyz", timeout=5).ok:
                return
        time.sleep(0.05)
    raise SystemExit("the server did not get ready")


def workers_of(pid: int) -> set[int]:
    """The processes below one, such as the workers of a server."""
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
