"""`couponhub doctor`: a live check of each connection, with the mend for each fault."""

import time

import attrs
import click

from couponhub.cli.failures import tell, typed_error
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import print_many
from couponhub.cli.session import opened_hub
from couponhub.cli.tables import Column
from couponhub.documents import Document, error_object
from couponhub.errors import CouponhubError
from couponhub.hub import CouponHub
from couponhub.plugin import ConnectionSettings
from couponhub.secret import Secret

_COLUMNS = (
    Column("CONNECTION", "connection"),
    Column("OK", "ok"),
    Column("FOUND", lambda document: document["message"]),
    Column("MS", "elapsed_ms", right=True),
    Column("WHAT TO DO", lambda document: "; ".join(_mends(document)) or None),
)


@click.command("doctor", cls=GlobalCommand)
@click.argument("connection", required=False, metavar="[CONN]")
@pass_options
def command(options: GlobalOptions, connection: str | None) -> None:
    """Call each connection (or only CONN) once, harmlessly, and say what is wrong and how to mend it.

    Exits with the code of the first fault.
    """
    faults: list[CouponhubError] = []
    with opened_hub(options) as hub:
        names = [hub.config.connection(connection).name] if connection else list(hub)
        documents = [_checked(hub, name, faults) for name in names]
    print_many(options, documents, _COLUMNS, "No connection is configured.")
    for fault in faults:
        tell(fault)
    if faults:
        raise click.exceptions.Exit(faults[0].exit_code)


def _checked(hub: CouponHub, name: str, faults: list[CouponhubError]) -> Document:
    started = time.monotonic()
    error: CouponhubError | None = None
    message = ""
    try:
        message = hub[name].check()
    except Exception as fault:  # noqa: BLE001 - the others are to be checked too
        error = typed_error(fault).located(connection=name, operation=None)
        faults.append(error)
        message = error.message
    return {
        "connection": name,
        "ok": error is None,
        "message": message,
        "elapsed_ms": round((time.monotonic() - started) * 1000),
        "warnings": _warnings(hub.config.connections[name].settings),
        "error": error and error_object(error),
    }


def _warnings(settings: ConnectionSettings) -> list[str]:
    literal = [
        field.name
        for field in attrs.fields(type(settings))
        if isinstance(value := getattr(settings, field.name), Secret) and value.literal
    ]
    plain = (
        f"{name} stands in the config file as plain text; write ${{NAME}} or ${{file:/path}} instead"
        for name in literal
    )
    return [*plain, *settings.warnings]


def _mends(document: Document) -> list[str]:
    hint = (document["error"] or {}).get("hint")
    return [*([hint] if hint else []), *document["warnings"]]
