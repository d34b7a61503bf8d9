"""`couponhub emulate`: emulated vendors on a port of this machine, until Ctrl-C."""

import ipaddress
import json
import re
import signal
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from couponhub.cli.completing import files
from couponhub.cli.numbers import Number, Whole
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import print_json
from couponhub.cli.session import Instant
from couponhub.dashboard.opening import EXTRA, Dashboard, is_installed
from couponhub.errors import UsageError
from couponhub.testing.configuration import config_text
from couponhub.testing.emulation.context import EmulatorContext
from couponhub.testing.emulation.server import EmulatorServer
from couponhub.testing.emulation.vendor import ControlError, VendorEmulator
from couponhub.testing.vendors import emulators

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")


def _vendors(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's signature
    names = [vendor.name for vendor in emulators((), EmulatorContext())]
    return [name for name in names if name.startswith(incomplete)]


@click.command("emulate", cls=GlobalCommand)
@click.argument("vendors", nargs=-1, metavar="[VENDOR]...", shell_complete=_vendors)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=Whole(0, 65535), default=8800, show_default=True, help="0 takes a free one.")
@click.option("--rate-limits", type=click.Choice(["documented", "off"]), default="off", show_default=True)
@click.option(
    "--processing-delay", type=Number(least=0, most=3600), metavar="S", help="Seconds a file takes."
)
@click.option(
    "--seed",
    metavar="demo|FILE",
    default="demo",
    show_default=True,
    shell_complete=files,
    help="What they hold at start.",
)
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="Take calls to that Host name too, with any port; may be given several times.",
)
@click.option("--clock", type=Instant(), metavar="T", help="The instant their clock starts from.")
@pass_options
def command(
    options: GlobalOptions,
    *,
    vendors: tuple[str, ...],
    host: str,
    port: int,
    rate_limits: str,
    processing_delay: float | None,
    seed: str,
    allowed_hosts: tuple[str, ...],
    clock: datetime | None,
) -> None:
    """Serve emulated vendors (all, or those named) with a control API under /_emulator/, and pages for a browser there.

    Stateful and in memory; nothing leaves this machine.
    """
    world = EmulatorContext()
    if clock is not None:
        world.clock.set(clock)
    emulated = emulators(vendors, world)
    for vendor in emulated:
        vendor.set_rate_limits(documented=rate_limits == "documented")
        if processing_delay is not None:
            vendor.set_processing_delay(processing_delay)
    _seed(emulated, seed)
    names = [_host_name(given) for given in allowed_hosts]
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    pages = Dashboard if is_installed() else None
    with EmulatorServer(emulated, world, host=host, port=port, allowed_hosts=names, pages=pages) as server:
        _announce(options, server.url, emulated, has_pages=pages is not None)
        while not stopped.wait(0.5):
            pass


def _host_name(given: str) -> str:
    """A name as it stands in a Host header without its port, or an address."""
    name = given.strip("[]") if given.count(":") > 1 else given
    try:
        ipaddress.ip_address(name)
    except ValueError:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"--allow-host takes a host's name, not {given!r}",
                hint="leave out http:// and the port: --allow-host vendors",
            ) from None
    return name


def _announce(options: GlobalOptions, url: str, emulated: list[VendorEmulator], *, has_pages: bool) -> None:
    if options.output == "json":
        print_json(
            {
                "url": url,
                "vendors": [
                    {
                        "name": vendor.name,
                        "base_url": f"{url}/{vendor.name}{vendor.base_path}",
                        "credentials": dict(vendor.credentials),
                    }
                    for vendor in emulated
                ],
            }
        )
    else:
        click.echo(f"# Emulated vendors answer at {url}; their control API is described at {url}/_emulator/")
        if has_pages:
            click.echo("# A browser shows there what they hold, their clock, faults, requests and mails.")
        else:
            click.echo(f"# For their pages in a browser: pip install 'couponhub[{EXTRA}]'")
        click.echo("# A couponhub.toml for them:\n")
        click.echo(config_text(url, emulated))
        click.echo("# Ctrl-C ends them.")
    sys.stdout.flush()


def _seed(emulated: list[VendorEmulator], seed: str) -> None:
    content = None if seed == "demo" else _seed_file(seed)
    for vendor in emulated:
        if content is None:
            vendor.seed_demo()
        elif vendor.name in content:
            try:
                vendor.seed(content[vendor.name])
            except ControlError as error:
                raise UsageError(f"the seed file {seed}, {vendor.name}: {error}") from None


def _seed_file(name: str) -> dict[str, Any]:
    try:
        content = json.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the seed file {name} cannot be read ({error.strerror})") from None
    except ValueError:
        raise UsageError(f"the seed file {name} is not JSON") from None
    if not isinstance(content, dict) or not all(isinstance(part, dict) for part in content.values()):
        raise UsageError(f"the seed file {name} must be an object with an object for each vendor")
    return content
