"""The stage of `couponhub demo`: emulated vendors, a folder of its own, the command line run for real, a real server."""

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import MappingProxyType
from typing import Any, TextIO
from unittest import mock
from urllib.request import Request, urlopen

import click

from couponhub.dashboard.opening import Dashboard, is_installed
from couponhub.errors import CouponhubError
from couponhub.hub import CouponHub
from couponhub.serialization import Document
from couponhub.testing.configuration import Setting, config_text
from couponhub.testing.control import Control
from couponhub.testing.emulation.context import EmulatorContext
from couponhub.testing.emulation.server import EmulatorServer
from couponhub.testing.vendors import emulators

# The demo asks twice within seconds, and shows what the vendors themselves say, not what is remembered.
_CONFIG_END = '\n[lookup]\ncache_ttl = 0\nstale_if_error = 0\n\n[store]\nurl = "sqlite:///couponhub.db"\n'
_WIDTH = "110"
_PATIENCE_SECONDS = 20
_TELLING: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "coupons": ("connection", "code", "status", "source"),
        "answers": ("connection", "verdict", "reason", "source", "as_of"),
    }
)


class DemoEnvironment:
    """Emulated vendors that a `couponhub.toml` in the working folder names.

    Args:
        folder: The working folder.
        servers: An emulator by vendor.
    """

    def __init__(self, folder: Path, servers: dict[str, EmulatorServer]) -> None:
        self.folder = folder
        self._servers = servers

    @property
    def config(self) -> str:
        """The config file's text."""
        return (self.folder / "couponhub.toml").read_text(encoding="utf-8")

    @property
    def dashboards(self) -> Mapping[str, str]:
        """The pages of each emulated vendor for a browser, by name."""
        return {name: f"{server.url}/_emulator/" for name, server in self._servers.items()}

    @contextmanager
    def down(self, vendor: str, calls: str = "* /*") -> Iterator[None]:
        """Have that vendor hang up on whoever asks it, or on some calls alone, for the length of the block."""
        control = self.control(vendor)
        control.fail(calls, "drop_before")
        try:
            yield
        finally:
            control.set_faults()

    def hurry(self, seconds: float = 0.0) -> None:
        """Have the vendors be done with files so soon after they have them, at once by default."""
        for name, server in self._servers.items():
            server.app.vendors[name].set_processing_delay(seconds)

    def control(self, vendor: str) -> Control:
        """Return what an onlooker does not see: the hands behind an emulated vendor."""
        return Control(self._servers[vendor].url, vendor)

    def save_mail(self, vendor: str, number: int, name: str) -> None:
        """Save the mail of that number, counted from 1, once the vendor has "sent" it."""
        url = f"{self._servers[vendor].url}/_emulator/mails/{number}.eml"
        mails = self.control(vendor).mails
        ends = time.monotonic() + _PATIENCE_SECONDS
        while len(mails()) < number and time.monotonic() < ends:
            time.sleep(0.02)
        _show("curl", "-s", url, "-o", name)
        with urlopen(url, timeout=10) as answer:  # noqa: S310 - an address of our own
            (self.folder / name).write_bytes(answer.read())


@contextmanager
def demo_environment(
    settings: Mapping[str, Mapping[str, Setting]] = MappingProxyType({}),
) -> Iterator[DemoEnvironment]:
    """Set the stage in a new folder, the working one for the length of the block; nothing of it is left after.

    Args:
        settings: Further settings of connections, by vendor.
    """
    here = Path.cwd()
    pages = Dashboard if is_installed() else None
    with ExitStack() as open_, tempfile.TemporaryDirectory(prefix="couponhub-demo-") as name:
        servers: dict[str, EmulatorServer] = {}
        text = ""
        for known in emulators((), EmulatorContext()):
            world = EmulatorContext()  # of its own, so that one can be switched off
            (vendor,) = emulators((known.name,), world)
            vendor.seed_demo()
            servers[vendor.name] = EmulatorServer([vendor], world, pages=pages)
            open_.enter_context(servers[vendor.name])
            text += config_text(servers[vendor.name].url, [vendor], settings.get(vendor.name)) + "\n"
        folder = Path(name)
        (folder / "couponhub.toml").write_text(text.rstrip() + "\n" + _CONFIG_END, encoding="utf-8")
        surroundings = {"COUPONHUB_CONFIG": "couponhub.toml"}
        if not sys.stdout.isatty():
            surroundings["COLUMNS"] = _WIDTH
        open_.enter_context(mock.patch.dict(os.environ, surroundings))
        os.chdir(folder)
        try:
            yield DemoEnvironment(folder, servers)
        finally:
            os.chdir(here)


def say(text: str) -> None:
    """Tell the onlooker what comes."""
    click.echo(f"\n{click.style('# ' + text, bold=True)}")


def run(*words: str, expect: int = 0) -> None:
    """Run a command of ours as the onlooker would, and stop the demo when it does not end as expected."""
    from couponhub.cli.app import main  # noqa: PLC0415 - the demo runs the command line itself

    _show("couponhub", *words)
    code = main([*words, "-o", "table"])
    if code != expect:
        raise click.exceptions.Exit(code or 1)


@contextmanager
def quietly() -> Iterator[None]:
    """Show nothing of what is said within the block, unless a command of it fails: then all that was said."""
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    try:
        with redirect_stdout(said), redirect_stderr(said):
            yield
    except click.exceptions.Exit:
        said.seek(0)
        click.echo(said.read(), err=True)
        raise


def list_id(connection: str, name: str) -> str:
    """The vendor's id of the list of that name."""
    with CouponHub.from_config() as hub:
        return next(found.id for found in hub[connection].lists.iterate() if found.name == name)


@contextmanager
def serving() -> Iterator[tuple[str, str]]:
    """Run `couponhub serve` for the length of the block; its address and its one-time token."""
    # Its log is read by people here, as on a terminal.
    log_words = ["--log-format", "text", "--log-level", "warning"]
    command = [sys.executable, "-m", "couponhub", "serve", "--port", "0", *log_words]
    _show("couponhub", "serve", "--port", "0", "&")
    with (
        (Path.cwd() / "serve.log").open("w+", encoding="utf-8") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as server,  # noqa: S603 - ourselves
    ):
        try:
            assert server.stdout is not None  # noqa: S101 - a pipe was asked for
            url = server.stdout.readline().strip()
            said = _said(log, server)
            click.echo(f"{url}\n{said}")
            yield url, said.rpartition(" ")[2]
        finally:
            server.terminate()


def ask(url: str, token: str, question: Document) -> None:
    """Ask the server as `curl` does, and show the answer, of each object the most telling keys."""
    body = json.dumps(question)
    headers = {"Authorization": "Bearer $TOKEN", "Content-Type": "application/json"}
    options = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    words = [f"{url}/v1/lookup", *options, "-d", body]
    _show("curl", "-s", *words)
    curl = shutil.which("curl")
    if curl is None:
        filled = {name: value.replace("$TOKEN", token) for name, value in headers.items()}
        request = Request(f"{url}/v1/lookup", body.encode(), filled)  # noqa: S310 - our own server
        with urlopen(request, timeout=30) as reply:  # noqa: S310 - the same
            text = reply.read()
    else:
        real = [word.replace("$TOKEN", token) for word in words]
        text = subprocess.check_output([curl, "-s", *real])  # noqa: S603 - curl, with our own words
    _print_answer(json.loads(text))


def _said(log: TextIO, server: "subprocess.Popen[str]") -> str:
    """The line that the server says on stderr once it answers."""
    ends = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < ends and server.poll() is None:
        log.seek(0)
        if "\n" in (said := log.read()):
            return said.strip()
        time.sleep(0.02)
    log.seek(0)
    raise CouponhubError(f"the server did not start: {log.read().strip()}")


def _print_answer(answer: dict[str, Any]) -> None:
    click.echo(f'{{\n  "complete": {json.dumps(answer["complete"])},')
    for name, keys in _TELLING.items():
        rows = [f"    {json.dumps({key: row[key] for key in keys})[:-1]}, ...}}" for row in answer[name]]
        click.echo(f'  "{name}": [\n' + ",\n".join(rows) + "\n  ],")
    click.echo("  ...\n}")


def _show(*words: str) -> None:
    shown = " ".join(_quoted(word) for word in words)
    click.echo(f"\n{click.style(f'$ {shown}', fg='cyan')}")
    sys.stdout.flush()


def _quoted(word: str) -> str:
    if "$" in word:
        return f'"{word}"'
    return f"'{word}'" if set(word) & set(' {"') else word
