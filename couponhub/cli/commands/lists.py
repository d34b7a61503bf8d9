"""`couponhub lists`: coupon lists at a vendor."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import click

from couponhub.cli.options import GlobalGroup, GlobalOptions, pass_options
from couponhub.cli.output import print_many, print_one
from couponhub.cli.session import Day, confirm, opened_hub, told_if_interrupted
from couponhub.cli.tables import Column
from couponhub.documents import list_document
from couponhub.errors import UsageError
from couponhub.models import Alerts, CouponList, ListChange, ListStatus, NewCouponList

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
)
_STATUSES = ("active", "expired", "archived", "all")


@click.group("lists", cls=GlobalGroup)
def command() -> None:
    """Coupon lists (Capillary calls them series)."""


@command.command("ls")
@click.argument("connection", metavar="CONN")
@click.option("--status", type=click.Choice(_STATUSES), default="all", show_default=True)
@pass_options
def ls(options: GlobalOptions, connection: str, status: str) -> None:
    """List the coupon lists of CONN."""
    wanted = None if status == "all" else ListStatus(status)
    with opened_hub(options) as hub:
        lists = hub[connection].lists.iterate(wanted)
        documents = (list_document(coupon_list, raw=options.raw) for coupon_list in lists)
        print_many(options, documents, _COLUMNS, f"{connection} holds no such list.")


@command.command("show")
@click.argument("connection", metavar="CONN")
@click.argument("list_id", metavar="ID")
@pass_options
def show(options: GlobalOptions, connection: str, list_id: str) -> None:
    """Show one coupon list of CONN."""
    with opened_hub(options) as hub:
        coupon_list = hub[connection].lists.get(list_id)
    print_one(options, list_document(coupon_list, raw=options.raw), _FIELDS)


def _described(function: Callable[..., None]) -> Callable[..., None]:
    """The options that describe a list, shared by `create` and `update`."""
    for option in reversed(
        (
            click.option(
                "--subscriber", "subscribers", multiple=True, metavar="EMAIL", help="Who is mailed alerts."
            ),
            click.option("--alert-success", is_flag=True, help="Mail when a file was processed."),
            click.option("--alert-failure", is_flag=True, help="Mail when a file failed."),
            click.option(
                "--alert-shortage",
                type=click.IntRange(min=1),
                metavar="COUNT",
                help="Mail below COUNT codes.",
            ),
            click.option(
                "--alert-expiry", type=click.IntRange(min=1), metavar="DAYS", help="Mail DAYS before expiry."
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
@click.argument("connection", metavar="CONN")
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
        alerts=_alerts(alerts) or Alerts(),
        extra=_pairs(extra),
    )
    unknown = f"whether the list was created is not known: see `couponhub lists ls {connection}`"
    with opened_hub(options) as hub, told_if_interrupted(unknown):
        coupon_list = hub[connection].lists.create(new)
    _print(options, coupon_list, done=f"list {coupon_list.id} was created at {connection}")


@command.command("update")
@click.argument("connection", metavar="CONN")
@click.argument("list_id", metavar="ID")
@click.option("--name")
@click.option("--expires", type=Day(), help="New last day; may bring an expired list back.")
@_described
@pass_options
def update(
    options: GlobalOptions,
    connection: str,
    list_id: str,
    *,
    name: str | None,
    expires: date | None,
    extra: tuple[str, ...],
    **alerts: Any,
) -> None:
    """Change a coupon list of CONN; what is not named stays as it is.

    Subscribers and alerts are changed as a whole: name all that are to hold.
    """
    change = ListChange(name=name, expires=expires, alerts=_alerts(alerts), extra=_pairs(extra))
    unknown = f"whether the list was changed is not known: see `couponhub lists show {connection} {list_id}`"
    with opened_hub(options) as hub, told_if_interrupted(unknown):
        coupon_list = hub[connection].lists.update(list_id, change)
    _print(options, coupon_list, done=f"list {list_id} was changed at {connection}")


@command.command("activate")
@click.argument("connection", metavar="CONN")
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
@click.argument("connection", metavar="CONN")
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
    print_one(options, list_document(coupon_list, raw=options.raw), _FIELDS, done=done)


def _alerts(given: Mapping[str, Any]) -> Alerts | None:
    """The alerts that were asked for, None when none of their options was given."""
    if not any(given.values()):
        return None
    return Alerts(
        subscribers=given["subscribers"],
        success=given["alert_success"],
        failure=given["alert_failure"],
        shortage=given["alert_shortage"],
        expiry_days=given["alert_expiry"],
    )


def _pairs(words: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for word in words:
        key, separator, value = word.partition("=")
        if not separator or not key:
            raise UsageError("--set takes KEY=VALUE", hint="for example --set discountValue=10")
        if key in pairs:
            raise UsageError(f"--set {key} was given twice")
        pairs[key] = value
    return pairs
