"""`couponhub demo`: the main job, end to end, against emulated vendors in this very process."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import click

from couponhub.cli.options import GlobalCommand
from couponhub.hub import CouponHub
from couponhub.testing.configuration import config_text
from couponhub.testing.emulation.server import EmulatorServer
from couponhub.testing.emulation.world import World
from couponhub.testing.vendors import emulators

_CUSTOMER = "919876543210"


@click.command("demo", cls=GlobalCommand)
def command() -> None:
    """Start both emulated vendors, create lists, upload codes, look a customer up, and print it all.

    Nothing leaves this machine, and nothing is left behind. Every command shown is a real one.
    """
    world = World()
    vendors = emulators((), world)
    for vendor in vendors:
        vendor.seed_demo()
    with EmulatorServer(vendors, world) as server, _scene(config_text(server.url, vendors)) as folder:
        expires = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
        _say(f"Two emulated vendors answer at {server.url}, and couponhub.toml names them:")
        click.echo((folder / "couponhub.toml").read_text())
        _run("connections")

        _say("One command creates a list, whoever the vendor is.")
        _run(
            "lists",
            "create",
            "moengage",
            "--name",
            "Winter mail",
            "--expires",
            expires,
            "--created-by",
            "demo",
        )
        _run(
            *("lists", "create", "capillary", "--name", "Winter loyalty", "--expires", expires),
            *("--set", "discountCode=WINTER10", "--set", "discountType=PERC", "--set", "discountValue=10"),
            *("--set", "smsTemplate=Hi {{first_name}}, your code is {{voucher}}"),
        )

        _say("Codes for MoEngage: it fetches the file from us. One code stands twice, and is sent once.")
        (folder / "codes.csv").write_text("Coupon Code\nMAIL-0001\nMAIL-0002\nMAIL-0003\nMAIL-0002\n")
        _run("uploads", "send", "moengage", _list_id("moengage", "Winter mail"), "codes.csv", "--wait")

        _say("Codes for Capillary, each bound to a customer: they are sent as a stream.")
        (folder / "tagged.csv").write_text(
            f"mobile,coupon code\n{_CUSTOMER},LOYAL-0001\n{_CUSTOMER},LOYAL-0002\n"
        )
        series = _list_id("capillary", "Winter loyalty")
        _run(
            "uploads",
            "send",
            "capillary",
            series,
            "tagged.csv",
            "--tag",
            "mobile",
            "--tag-column",
            "mobile",
            "--wait",
        )
        _run("lists", "ls", "capillary", "--status", "active")

        _say(
            "Which coupons does this customer hold, anywhere? MoEngage cannot be asked, and the answer says so:"
        )
        _run("lookup", "--mobile", _CUSTOMER, expect=3)
    _say("That was all of it. To use real accounts: couponhub config init, fill it in, couponhub doctor.")


@contextmanager
def _scene(config: str) -> Iterator[Path]:
    """A folder of its own to work in, with a config, a store and a width that suits a file as well."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="couponhub-demo-") as name:
        folder = Path(name)
        (folder / "couponhub.toml").write_text(f'{config}\n[store]\nurl = "sqlite:///couponhub.db"\n')
        surroundings = {"COUPONHUB_CONFIG": "couponhub.toml"}
        if not sys.stdout.isatty():
            surroundings["COLUMNS"] = "110"
        with mock.patch.dict(os.environ, surroundings):
            os.chdir(folder)
            try:
                yield folder
            finally:
                os.chdir(here)


def _say(text: str) -> None:
    click.echo(f"\n{click.style('# ' + text, bold=True)}")


def _run(*words: str, expect: int = 0) -> None:
    from couponhub.cli.app import main  # noqa: PLC0415 - the demo runs the command line itself

    shown = " ".join(f"'{word}'" if " " in word else word for word in words)
    click.echo(f"\n{click.style(f'$ couponhub {shown}', fg='cyan')}")
    sys.stdout.flush()
    code = main([*words, "-o", "table"])
    if code != expect:
        raise click.exceptions.Exit(code or 1)


def _list_id(connection: str, name: str) -> str:
    with CouponHub.from_config() as hub:
        return next(found.id for found in hub[connection].lists.iterate() if found.name == name)
