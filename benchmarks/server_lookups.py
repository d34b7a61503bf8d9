"""A cached lookup over HTTP, beside the same server's answer of a constant, and Flask's on gunicorn.

.venv/bin/pip install flask gunicorn
.venv/bin/python benchmarks/server_lookups.py
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from served import config_text
from server_frameworks import CASES, Rate, free_port, measured, rate, show, standing
from upstream import upstream

from couponhub.config import load_config
from couponhub.server.loading import load_app
from couponhub.server.lookup_endpoints import LookupEndpoints
from couponhub.server.operations import OperationResponse
from couponhub.state import Scope
from couponhub.state.sql.tokens import SqlTokens
from couponhub.state.sqlite.database import LedgerDatabase

QUESTION = {"customer": {"mobile": "919876543210"}}


def app() -> Any:
    """The application in a worker; with CONSTANT set, its lookups answer that and ask nobody."""
    constant = os.environ.get("CONSTANT")
    if constant is not None:
        content = Path(constant).read_bytes()
        LookupEndpoints._one = lambda *_: OperationResponse(content=content)  # type: ignore[method-assign] # noqa: SLF001 - measured around it
    return load_app(load_config(os.environ["COUPONHUB_CONFIG"]))


@contextmanager
def serving(config: Path, threads: int, constant: Path | None = None) -> Iterator[tuple[int, int]]:
    """The server on one core; its process and its port."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--http", "1", "--no-ws", "--interface", "wsgi", "--factory"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--blocking-threads", str(threads)]
    told = {} if constant is None else {"CONSTANT": str(constant)}
    with standing([*command, "server_lookups:app"], port, COUPONHUB_CONFIG=str(config), **told) as pid:
        yield pid, port


def configured(folder: Path, *urls: str, certificate: Path | None = None) -> tuple[Path, str]:
    """A config of a connection to each, of which all show the certificate, and a token."""
    config = folder / "couponhub.toml"
    shown = () if certificate is None else (f'ca_bundle = "{certificate}"',)
    vendors = {f"vendor{place}": url for place, url in enumerate(urls)}
    config.write_text(f"{config_text(folder, vendors, shown)}[lookup]\ncache_ttl = 3600\ndeadline = 20\n")
    text, _ = SqlTokens(LedgerDatabase(load_config(config).store)).new([Scope.LOOKUP, Scope.CODES_REVEAL])
    return config, text


def main() -> None:
    """Measure each in turns, and print the best of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--threads", type=int, default=64)
    parser.add_argument("--coupons", type=int, default=5, help="of each of two vendors")
    given = parser.parse_args()
    best: dict[str, Rate] = {}

    def note(name: str, found: Rate) -> None:
        best[name] = found.better(best.get(name))

    with tempfile.TemporaryDirectory() as place, upstream(delay=0.0, coupons=given.coupons) as url:
        config, token = configured(Path(place), url, url)
        constant = Path(place) / "answer.json"
        for _ in range(given.rounds):
            with serving(config, given.threads) as (pid, port):
                for _ in range(2):
                    asked = requests.post(
                        f"http://127.0.0.1:{port}/v1/lookup",
                        json=QUESTION,
                        headers={"Authorization": f"Bearer {token}"},
                        timeout=30,
                    )
                    asked.raise_for_status()
                constant.write_bytes(asked.content)
                note(
                    "cached lookup",
                    rate(pid, port, clients=given.clients, seconds=given.seconds, token=token),
                )
            with serving(config, given.threads, constant) as (pid, port):
                note(
                    "constant, all around it",
                    rate(pid, port, clients=given.clients, seconds=given.seconds, token=token),
                )
            note(
                "Flask, gunicorn",
                measured(CASES["Flask, gunicorn"], clients=given.clients, seconds=given.seconds),
            )
        print(f"{constant.stat().st_size} bytes")
    show(best, "Flask, gunicorn")


if __name__ == "__main__":
    main()
