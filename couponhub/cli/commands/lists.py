"""`couponhub lists`: coupon lists at a vendor."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import attrs
import click

from couponhub.cli.completing import connections, takes_connection
from couponhub.cli.every_list import kept_of, lists_of, sorted_lists, tell_untold
from couponhub.cli.numbers import DaysAhead, Whole
from couponhub.cli.options import GlobalGroup, GlobalOptions, pass_options
from couponhub.cli.output import print_many, print_one
from couponhub.cli.session import Day, confirm, opened_hub, pairs, told_if_interrupted
from couponhub.cli.tables import Column
from couponhub.clock import utc_now
from couponhub.errors import UsageError
from couponhub.models import KEPT, Alerts, AlertsChange, CouponList, ListChange, ListStatus, NewCouponList
from couponhub.models.list_selection import ListSelection, ListSort
from couponhub.serialization import to_document

_COLUMNS = (
    Column("ID", "id", whole=True),
    Column("NAME", "name"),
    Column("LABEL", "label"),
    Column("STATUS", "status", whole=True),
    Column("EXPIRES", "expires_at", time=True),
    Column("TOTAL", "total", right=True),
    Column("AVAILABLE", "available", right=True),
)
_FIELDS = (
    *_COLUMNS,
    Column("CREATED", "created_at", time=True),
    Column("UPDATED", "updated_at", time=True),
    Column("CONNECTION", "connection"),
    Column("VENDOR STATUS", "vendor_status"),
    Column("CREATED BY", "created_by"),
    Column("SUBSCRIBERS", "subscribers"),
    Column("ALERTS", lambda document: _alerts_told(document["alerts"])),
    Column("SNIPPET", "snippet", whole=True),
)
_STATUSES = ("active", "expired", "archived", "all")


def _alerts_told(alerts: Mapping[str, Any] | None) -> list[str] | None:
    """The alerts that are on, in words; None where they are not known."""
    if alerts is None:
        return None
    told = {
        "file processed": alerts["success"],
        "file failed": alerts["failure"],
        f"below {alerts['shortage']} codes": alerts["shortage"] is not None,
        f"{alerts['expiry_days']} days before expiry": alerts["expiry_days"] is not None,
    }
    return [words for words, is_on in told.items() if is_on] or ["none"]


_LONGEST_FIGURE = 18
"""Digits; Python itself refuses to read what is far longer."""


class _Figure(click.ParamType[Any]):
    """The figure of an alert, from 1; "off" is no alert, which is None to `Alerts`."""

    name = "figure"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read one."""
        if value == "off":
            return None
        is_number = (
            isinstance(value, str) and len(value) <= _LONGEST_FIGURE and value.isascii() and value.isdigit()
        )
        if is_number and int(value) > 0:
            return int(value)
        return (
            value if value is KEPT else self.fail(f"{value!r} is neither a number from 1 nor off", param, ctx)
        )


@click.group("lists", cls=GlobalGroup)
def command() -> None:
    """Coupon lists, whatever the vendor calls them."""


@command.command("ls")
@click.argument("connection", metavar="[CONN]", required=False, shell_complete=connections)
@click.option(
    "--status",
    type=click.Choice(_STATUSES, case_sensitive=False),
    help="Default: all; with --expiring or --below those that have not ended.",
)
@click.option("--expiring", type=DaysAhead(0), metavar="DAYS", help="Only lists that end within DAYS days.")
@click.option(
    "--below",
    type=Whole(0),
    metavar="COUNT",
    help="Only lists with fewer than COUNT codes left.",
)
@click.option(
    "--sort",
    type=click.Choice([sort.value for sort in ListSort]),
    help="By name, soonest end or fewest codes left first; default: as the vendor lists them.",
)
@pass_options
def ls(
    options: GlobalOptions,
    *,
    connection: str | None,
    status: str | None,
    expiring: int | None,
    below: int | None,
    sort: str | None,
) -> None:
    """List the coupon lists of CONN, or of every connection.

    A connection that cannot be asked does not hide the lists of the others: its error comes last, with its exit code.
    """
    now = utc_now()
    selection = ListSelection(
        now=now,
        until=None if expiring is None else now + timedelta(days=expiring),
        below=below,
        ended=status is not None or (expiring is None and below is None),
    )
    wanted = None if status is None or status == "all" else ListStatus(status)
    untold: list[CouponList] = []
    with opened_hub(options) as hub:
        names = list(hub) if connection is None else [connection]
        lists = kept_of(lists_of(hub, names, wanted), selection, untold)
        if sort is not None:
            lists = sorted_lists(lists, ListSort(sort))
        documents = (to_document(coupon_list, raw=options.raw) for coupon_list in lists)
        columns = _COLUMNS if connection is not None else (Column("CONNECTION", "connection"), *_COLUMNS)
        nothing = f"{connection} holds no such list." if connection else "No connection holds such a list."
        print_many(options, documents, columns, nothing)
    if untold:
        tell_untold(untold, expiring=expiring is not None, below=below is not None)


@command.command("show")
@takes_connection
@click.argument("list_id", metavar="ID")
@pass_options
def show(options: GlobalOptions, connection: str, list_id: str) -> None:
    """Show one coupon list of CONN."""
    with opened_hub(options) as hub:
        coupon_list = hub[connection].lists.get(list_id)
    print_one(options, to_document(coupon_list, raw=options.raw), _FIELDS)


def _described(function: Callable[..., None]) -> Callable[..., None]:
    """The options that describe a list, shared by `create` and `update`."""
    for option in reversed(
        (
            click.option(
                "--subscriber", "subscribers", multiple=True, metavar="EMAIL", help="Who is mailed alerts."
            ),
            click.option(
                "--alert-success/--no-alert-success", default=None, help="Mail when a file was processed."
            ),
            click.option("--alert-failure/--no-alert-failure", default=None, help="Mail when a file failed."),
            click.option(
                "--alert-shortage",
                type=_Figure(),
                default=KEPT,
                metavar="COUNT|off",
                help="Mail below COUNT codes.",
            ),
            click.option(
                "--alert-expiry",
                type=_Figure(),
                default=KEPT,
                metavar="DAYS|off",
                help="Mail from DAYS before expiry.",
            ),
            click.option(
                "--set",
                "extra",
                multiple=True,
                metavar="KEY=VALUE",
                help="The vendor's own documented fields.",
            ),
        )
    ):
        function = option(function)
    return function


@command.command("create")
@takes_connection
@click.option("--name", required=True)
@click.option("--expires", type=Day(), required=True, help="Last day of validity.")
@click.option("--label", help="Name for machines; default: a plain form of the name.")
@click.option("--created-by", metavar="WHO", help="Default: the connection's created_by.")
@_described
@pass_options
def create(
    options: GlobalOptions,
    connection: str,
    *,
    name: str,
    expires: date,
    label: str | None,
    created_by: str | None,
    extra: tuple[str, ...],
    **alerts: Any,
) -> None:
    """Create a coupon list at CONN."""
    new = NewCouponList(
        name=name,
        expires=expires,
        label=label,
        created_by=created_by,
        alerts=_alerts(alerts).applied_to(Alerts()),
        extra=pairs("--set", extra),
    )
    unknown = f"whether the list was created is not known: see `couponhub lists ls {connection}`"
    with opened_hub(options) as hub, told_if_interrupted(unknown):
        coupon_list = hub[connection].lists.create(new)
    _print(options, coupon_list, done=f"list {coupon_list.id} was created at {connection}")


@command.command("update")
@takes_connection
@click.argument("list_id", metavar="ID")
@click.option("--name")
@click.option("--expires", type=Day(), help="New last day; may bring an expired list back.")
@click.option("--no-subscribers", is_flag=True, help="Nobody is mailed alerts any more.")
@_described
@pass_options
def update(
    options: GlobalOptions,
    connection: str,
    list_id: str,
    *,
    name: str | None,
    expires: date | None,
    no_subscribers: bool,
    extra: tuple[str, ...],
    **alerts: Any,
) -> None:
    """Change a coupon list of CONN; what is not named stays as it is.

    Subscribers that are named replace those there; of the alerts each is changed by itself. Where the vendor takes
    a list or its alerts as a whole, the rest is read right before and sent back as it was: what somebody else changes
    in that moment is lost.
    """
    changed = _alerts(alerts)
    if no_subscribers:
        if changed.subscribers is not KEPT:
            raise UsageError("give either --subscriber or --no-subscribers")
        changed = attrs.evolve(changed, subscribers=())
    change = ListChange(
        name=name, expires=expires, alerts=changed if changed.named() else None, extra=pairs("--set", extra)
    )
    unknown = f"whether the list was changed is not known: see `couponhub lists show {connection} {list_id}`"
    with opened_hub(options) as hub, told_if_interrupted(unknown):
        coupon_list = hub[connection].lists.update(list_id, change)
    _print(options, coupon_list, done=f"list {list_id} was changed at {connection}")


@command.command("activate")
@takes_connection
@click.argument("list_id", metavar="ID")
@click.option("--expires", type=Day(), required=True, help="New last day of validity.")
@pass_options
def activate(options: GlobalOptions, connection: str, list_id: str, *, expires: date) -> None:
    """Bring an archived or expired list of CONN back; its codes are not restored."""
    unknown = (
        f"whether the list was activated is not known: see `couponhub lists show {connection} {list_id}`"
    )
    with opened_hub(options) as hub, told_if_interrupted(unknown):
        lists = hub[connection].lists
        lists.activate(list_id, expires)
        coupon_list = lists.get(list_id)
    _print(options, coupon_list, done=f"list {list_id} was activated at {connection}")


@command.command("archive")
@takes_connection
@click.argument("list_id", metavar="ID")
@pass_options
def archive(options: GlobalOptions, connection: str, list_id: str) -> None:
    """Archive a list of CONN. DESTRUCTIVE: the vendor deletes its codes that were not handed out."""
    unknown = f"whether the list was archived is not known: see `couponhub lists show {connection} {list_id}`"
    with opened_hub(options) as hub:
        lists = hub[connection].lists
        confirm(
            options, f"Archive list {list_id} of {connection}? Its codes that were not handed out are deleted"
        )
        with told_if_interrupted(unknown):
            lists.archive(list_id)
            coupon_list = lists.get(list_id)
    _print(options, coupon_list, done=f"list {list_id} was archived at {connection}")


def _print(options: GlobalOptions, coupon_list: CouponList, *, done: str) -> None:
    print_one(options, to_document(coupon_list, raw=options.raw), _FIELDS, done=done)


def _alerts(given: Mapping[str, Any]) -> AlertsChange:
    """Return what was said of the alerts."""
    return AlertsChange(
        subscribers=given["subscribers"] or KEPT,
        success=KEPT if given["alert_success"] is None else given["alert_success"],
        failure=KEPT if given["alert_failure"] is None else given["alert_failure"],
        shortage=given["alert_shortage"],
        expiry_days=given["alert_expiry"],
    )
