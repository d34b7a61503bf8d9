"""`couponhub demo`: the main job, end to end, against emulated vendors on this machine."""

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import click

from couponhub.cli.demo_console import show_console
from couponhub.cli.demo_env import (
    DemoEnvironment,
    ask,
    demo_environment,
    list_id,
    quietly,
    run,
    say,
    serving,
)
from couponhub.cli.demo_migrations import show_migrations
from couponhub.cli.numbers import Whole
from couponhub.cli.options import GlobalCommand
from couponhub.errors import UsageError
from couponhub.models import NewCouponList

_CUSTOMER = "919876543210"
_SAME_CUSTOMER = "EXT-007"
_RECIPIENT = "reports@example.com"
_INDIA = timezone(timedelta(hours=5, minutes=30))
"""Both vendors' days begin there, five and a half hours before those of UTC."""


@click.command("demo", cls=GlobalCommand)
@click.option(
    "--console", is_flag=True, help="Do the same unseen, and show it in the web console until Ctrl-C."
)
@click.option(
    "--port",
    type=Whole(0, 65535),
    metavar="P",
    help="Of the console; 0 takes a free one, and without it 8700 is taken if it is free.",
)
def command(*, console: bool, port: int | None) -> None:
    """Show the main job on emulated vendors: lists, codes, lookups, a server, and the move to another vendor.

    Nothing leaves this machine, and nothing is left behind but the two pages that it names at the end. Every command
    shown is a real one.
    """
    if console:
        show_console(port, _CUSTOMER, _fill)
        return
    if port is not None:
        raise UsageError("--port is for --console", hint="couponhub demo --console --port 8701")
    with demo_environment() as here:
        say("Two emulated vendors answer on this machine, and couponhub.toml names them:")
        click.echo(here.config)
        run("connections")
        _create_lists()
        _send_codes(here.folder)
        _import_reports(here)

        say(
            "Which coupons does this customer hold, anywhere? Capillary names the id that MoEngage knows her by:"
        )
        run("lookup", "--mobile", _CUSTOMER)
        _serve(here)
        pages = show_migrations(here, _CUSTOMER, _spring_lists())
    say("The pages stay until you delete them, and hold no code:")
    for page in pages:
        click.echo(page)
    say("That was all of it. To use real accounts: couponhub config init, then couponhub doctor.")
    say("All of this in a browser, with an address that signs you in, until Ctrl-C:")
    click.echo("make demo-console        # where couponhub is installed: couponhub demo --console")


def _fill(here: DemoEnvironment) -> None:
    """Do what the demo shows, unseen."""
    with quietly():
        _create_lists()
        _send_codes(here.folder)
        _import_reports(here)
        show_migrations(here, _CUSTOMER, _spring_lists(), stays=False)


def _create_lists() -> None:
    expires = _days_from_now(60)
    say("One command creates a list, whoever the vendor is.")
    run(
        *("lists", "create", "moengage", "--name", "Winter mail", "--expires", expires),
        *("--created-by", "demo"),
    )
    run(
        *("lists", "create", "capillary", "--name", "Winter loyalty", "--expires", expires),
        *("--set", "discountCode=WINTER10", "--set", "discountType=PERC", "--set", "discountValue=10"),
        *("--set", "smsTemplate=Hi {{first_name}}, your code is {{voucher}}"),
    )


def _send_codes(folder: Path) -> None:
    say("Codes for MoEngage: it fetches the file from us. One code stands twice, and is sent once.")
    (folder / "codes.csv").write_text("Coupon Code\nMAIL-0001\nMAIL-0002\nMAIL-0003\nMAIL-0002\n")
    run("uploads", "send", "moengage", list_id("moengage", "Winter mail"), "codes.csv", "--wait")

    say("Codes for Capillary, each bound to a customer: they are sent as a stream.")
    (folder / "tagged.csv").write_text(
        f"mobile,coupon code\n{_CUSTOMER},LOYAL-0001\n{_CUSTOMER},LOYAL-0002\n"
    )
    series = list_id("capillary", "Winter loyalty")
    run(
        *("uploads", "send", "capillary", series, "tagged.csv"),
        *("--tag", "mobile", "--tag-column", "mobile", "--wait"),
    )
    run("lists", "ls", "capillary", "--status", "active")


def _import_reports(here: DemoEnvironment) -> None:
    say(
        "MoEngage cannot be asked who holds a code. It mails a report for each list, and that can be imported."
    )
    today = _days_from_now(0)
    for number, (name, age) in enumerate((("Welcome offer", 42), ("Autumn sale", 70)), start=1):
        days = ("--from", _days_from_now(-age), "--to", today)
        known = list_id("moengage", name)
        run("usage", "request", "moengage", known, *days, "--email", _RECIPIENT)
        here.save_mail("moengage", number, f"report-{number}.eml")
        run("usage", "import", "moengage", known, f"report-{number}.eml", *days)
    run("usage", "status", "moengage")


def _serve(here: DemoEnvironment) -> None:
    say("The same over HTTP, for a shop's backend or a support desk:")
    with serving() as (url, token):
        ask(url, token, {"customer": {"external_id": _SAME_CUSTOMER}})
        with here.down("capillary"):
            say("And now Capillary is down. Nobody is told that the customer holds nothing there:")
            ask(url, token, {"customer": {"external_id": _SAME_CUSTOMER}})


def _spring_lists() -> dict[str, NewCouponList]:
    expires = date.fromisoformat(_days_from_now(60))
    series = {"discountCode": "SPRING10", "discountType": "PERC", "discountValue": "10"}
    series |= {"smsTemplate": "Hi {{first_name}}, your code is {{voucher}}"}
    return {
        "capillary": NewCouponList(name="Spring loyalty", expires=expires, extra=series),
        "moengage": NewCouponList(name="Spring mail", expires=expires, created_by="demo"),
    }


def _days_from_now(days: int) -> str:
    return (datetime.now(_INDIA) + timedelta(days=days)).date().isoformat()
