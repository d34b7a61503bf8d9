"""The console over what the demo has made, until Ctrl-C: with a past, uploads on their way, and a sign-in for each of three people."""

import json
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import attrs
import click

from couponhub.cli.commands.serve import require_console
from couponhub.cli.demo_env import DemoEnvironment, demo_environment, list_id, say
from couponhub.errors import CouponhubError, LocalError
from couponhub.hub import CouponHub
from couponhub.models import CouponList, NewCouponList
from couponhub.serialization import Document
from couponhub.sockets import listen
from couponhub.state import Scope, State, open_state

_HOST, _PORT = "127.0.0.1", 8700
_PART_BYTES = 2400
_SETTINGS = MappingProxyType({"moengage": {"limits": {"file_bytes": _PART_BYTES}}})
"""Parts so small that a demo's upload has many."""
_FLASH_CODES = 3600
_VENDORS_TAKE_SECONDS = 8.0
_DAILY = (31, 18, 22, 27, 20, 16, 12, 29, 24, 19, 26, 21, 17, 15)
"""Codes that a list has lost in each of the last days."""
_STOCKED = 380
_HOURLY = (1, 1, 1, 1, 2, 4, 9, 17, 28, 36, 44, 49, 54, 60, 65, 71, 76, 80, 83, 85, 86, 87, 87, 88)
"""The part of a day's limit that was used yesterday by each hour, of a hundred."""
_TIRED = ("fetch_lists_per_day", "upload_per_day", "fetch_files_per_day")

_PEOPLE: Mapping[str, tuple[str, tuple[Scope, ...]]] = MappingProxyType(
    {
        "operator": ("everything, as an operator", tuple(Scope)),
        "desk": ("what a support desk sees", (Scope.LOOKUP, Scope.CODES_REVEAL)),
        "campaigns": (
            "what a campaign manager sees",
            (Scope.LISTS_READ, Scope.LISTS_WRITE, Scope.UPLOADS_WRITE, Scope.JOBS_WRITE),
        ),
    }
)


def show_console(port: int | None, mobile: str, fill: Callable[[DemoEnvironment], None]) -> None:
    """Set the stage, have it filled, and serve the console until Ctrl-C or SIGTERM; nothing of it is left after.

    Args:
        port: Where; 0 takes a free one, and None the usual one if it is free.
        mobile: A customer to look up.
        fill: Does what the demo shows.

    Raises:
        UsageError: What the console takes is not installed.
        LocalError: The port is taken.
    """
    require_console()
    port = _free(port)
    signal.signal(signal.SIGTERM, _ended)
    say("Two emulated vendors are filled, with two weeks of the past; that takes some seconds.")
    with demo_environment(_SETTINGS) as here:
        fill(here)
        stocked = _stocked(here)
        with CouponHub.from_config() as hub:
            _remember(hub, stocked)
            tokens = {
                name: hub.state.tokens.new(scopes, name=name)[0] for name, (_, scopes) in _PEOPLE.items()
            }
        here.hurry(_VENDORS_TAKE_SECONDS)
        with _served(port) as (url, server):
            _add(here, _Api(url, tokens), mobile)
            say(
                "The console, until Ctrl-C. Each address signs in by itself; sign out before you open another one."
            )
            for name, (told, _) in _PEOPLE.items():
                click.echo(f"{told + ':':<31}{url}/#token={tokens[name]}")
            say(f"A customer to look up: {mobile}. The emulated vendors, where you can have one fail:")
            for name, address in here.dashboards.items():
                click.echo(f"{name + ':':<31}{address}")
            sys.stdout.flush()
            server.wait()
            raise LocalError("the console's server has ended by itself", hint=_log())


@attrs.frozen
class _Api:
    """Acts of people over HTTP, each with a token."""

    url: str
    tokens: Mapping[str, str] = attrs.field(repr=False)

    def lookup(self, mobile: str) -> None:
        """Ask for a customer, whatever comes of it."""
        body = json.dumps({"customer": {"mobile": mobile}}).encode()
        self._send("desk", "/v1/lookup", body, "application/json")

    def upload(self, connection: str, name: str, file: str, content: str, **fields: str) -> None:
        """Send a file to the list of that name; who drives jobs is who serves."""
        border = secrets.token_hex(8)
        parts = [f'name="{key}"\r\n\r\n{value}' for key, value in fields.items()]
        parts.append(f'name="file"; filename="{file}"\r\nContent-Type: text/csv\r\n\r\n{content}')
        text = "".join(f"--{border}\r\nContent-Disposition: form-data; {one}\r\n" for one in parts)
        path = f"/v1/connections/{connection}/lists/{list_id(connection, name)}/uploads"
        self._send(
            "campaigns", path, f"{text}--{border}--\r\n".encode(), f"multipart/form-data; boundary={border}"
        )

    def _send(self, who: str, path: str, body: bytes, kind: str) -> Document:
        headers = {"Authorization": f"Bearer {self.tokens[who]}", "Content-Type": kind}
        request = Request(self.url + path, body, headers)  # noqa: S310 - our own server
        try:
            with urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
                found: Document = json.load(answer)
                return found
        except HTTPError as error:
            raise CouponhubError(f"the demo's {path} was answered with {error.code}", hint=_log()) from None


def _add(here: DemoEnvironment, api: _Api, mobile: str) -> None:
    """Have people do what the pages then show: uploads in three states, lookups, and a vendor that was down."""
    stranger = f"{int(mobile) + 1_000_000}"
    rows = "".join(f"{who},VIP-{number:03}\n" for number, who in enumerate([mobile] * 6 + [stranger] * 2, 1))
    api.upload(
        *("capillary", "Winter loyalty", "vip.csv", f"mobile,code\n{rows}"),
        tag="mobile",
        tag_column="mobile",
    )
    many = "".join(f"FLASH-{number:05}\n" for number in range(_FLASH_CODES))
    api.upload("moengage", "Winter mail", "flash-sale.csv", f"code\n{many}")
    api.upload(
        "moengage", "Welcome offer", "checked.csv", "code\nWELCOME-1001\nWELCOME-1002\n", paused="true"
    )
    api.lookup(mobile)
    with here.down("capillary", "GET *customer*"):
        api.lookup(stranger)
    api.lookup(mobile)


def _stocked(here: DemoEnvironment) -> CouponList:
    """A list that has lost codes for two weeks, as its readings say."""
    expires = (datetime.now(UTC) + timedelta(days=60)).date()
    new = NewCouponList(name="Advent calendar", expires=expires, created_by="demo")
    codes = [f"A{number:04}" for number in range(_STOCKED)]
    Path("advent.csv").write_text("\n".join(("code", *codes)), encoding="utf-8")
    with CouponHub.from_config() as hub:
        lists = hub["moengage"].lists
        made = lists.create(new).id
        hub["moengage"].uploads.send(made, Path("advent.csv"), name="advent.csv", wait=True)
        here.control("moengage").add_customer(external_id="EXT-900")
        here.control("moengage").issue(made, {"external_id": "EXT-900"}, codes=codes[: sum(_DAILY)])
        return lists.get(made)


def _remember(hub: CouponHub, stocked: CouponList) -> None:
    """Write down what would have been read in the last two weeks, the oldest first."""
    now, left = datetime.now(UTC), stocked.available or 0
    for days in range(len(_DAILY), 0, -1):
        reading = attrs.evolve(stocked, available=left + sum(_DAILY[-days:]))
        with _past(hub, hours=24 * days) as state:
            state.readings.note_stock(stocked.connection, [reading])
    most = hub[stocked.connection].capabilities.limits
    for hours in range(23, 0, -1):
        at = now - timedelta(hours=hours)
        used = _HOURLY[at.hour] if at.date() < now.date() else 0
        with _past(hub, hours=hours) as state:
            state.readings.note_quotas(
                stocked.connection, {name: most[name] * (100 - used) // 100 for name in _TIRED}, most
            )


@contextmanager
def _past(hub: CouponHub, *, hours: int) -> Iterator[State]:
    """The state, as it is written to by somebody for whom it is so long ago."""
    state = open_state(hub.config.store, clock=lambda: time.time() - hours * 3600)
    try:
        yield state
    finally:
        state.close()


@contextmanager
def _served(port: int) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Serve the console for the length of the block; its address, and its process."""
    words = ["serve", "--console", "--port", str(port), "--log-format", "text", "--log-level", "warning"]
    command = [sys.executable, "-m", "couponhub", *words]
    with (
        Path("serve.log").open("w", encoding="utf-8") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as server,  # noqa: S603 - ourselves
    ):
        try:
            assert server.stdout is not None  # noqa: S101 - a pipe was asked for
            url = server.stdout.readline().strip()
            if not url:
                raise LocalError("the console's server did not start", hint=_log())
            yield url, server
        finally:
            server.terminate()


def _log() -> str:
    lines = Path("serve.log").read_text(encoding="utf-8").strip().splitlines()
    return lines[-1] if lines else ""


def _free(port: int | None) -> int:
    try:
        listen(_HOST, _PORT if port is None else port).close()
    except LocalError:
        if port is not None:
            raise
        return 0
    return _PORT if port is None else port


def _ended(*_: object) -> None:
    raise click.exceptions.Exit(0)
