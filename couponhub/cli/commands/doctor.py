"""`couponhub doctor`: a live check of each connection, with the mend for each fault."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import attrs
import click

from couponhub.cli.completing import connections
from couponhub.cli.failures import tell, typed_error
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import print_many
from couponhub.cli.session import opened_hub
from couponhub.cli.tables import Column
from couponhub.config import ConnectionConfig
from couponhub.errors import CouponhubError, LocalError
from couponhub.hub import CouponHub
from couponhub.secret import Secret
from couponhub.serialization import Document, error_object
from couponhub.settings import is_loopback_url
from couponhub.staging import StagingSettings, open_staging
from couponhub.state import ReachedPart, State

_LOOK_SECONDS = 10.0
_COLUMNS = (
    Column("CONNECTION", lambda document: document["connection"] or f"({document['subject']})"),
    Column("OK", "ok"),
    Column("FOUND", lambda document: document["message"]),
    Column("MS", "elapsed_ms", right=True),
    Column("WHAT TO DO", lambda document: "; ".join(_mends(document)) or None),
)


@click.command("doctor", cls=GlobalCommand)
@click.argument("connection", required=False, metavar="[CONN]", shell_complete=connections)
@pass_options
def command(options: GlobalOptions, connection: str | None) -> None:
    """Call each connection (or only CONN) once, harmlessly, and say what is wrong and how to mend it.

    Where a vendor fetches files from here, one that holds nothing is staged for a moment, and fetched by its address.
    Without CONN the store is looked at too, and shown when something is wrong with it, or when it is on a server: what
    it has lost, and who else may read or change it. So are the place that [store] files names, what machines share, where [shared] names it, the
    cluster that [sets] names, and the provider that [server.oidc] names. Exits with the code of the first fault.
    """
    faults: list[CouponhubError] = []
    with opened_hub(options) as hub:
        names = [hub.config.connection(connection).name] if connection else list(hub)
        documents = [_checked(hub, name, faults) for name in names]
        documents += _staging(hub, names, faults)
        if connection is None:
            stores = _store(hub.state, faults)
            documents += stores
            if all(one["ok"] for one in stores):  # else nobody can tell where they lie
                documents += _files(hub.state, faults)
            documents += _shared(hub, faults)
            documents += _sets(hub, faults)
            documents += _webhooks(hub)
            documents += _oidc(hub, faults)
    print_many(options, documents, _COLUMNS, "No connection is configured.")
    for fault in faults:
        tell(fault)
    if faults:
        raise click.exceptions.Exit(faults[0].exit_code)


def _checked(hub: CouponHub, name: str, faults: list[CouponhubError]) -> Document:
    document = _tried(lambda: hub[name].check(), faults, connection=name)  # noqa: PLW0108 - to open it may fail too
    return {**document, "warnings": _warnings(hub.config.connections[name])}


def _tried(
    check: Callable[[], str],
    faults: list[CouponhubError],
    *,
    connection: str | None = None,
    subject: str = "",
) -> Document:
    started = time.monotonic()
    error: CouponhubError | None = None
    try:
        message = check()
    except Exception as fault:  # noqa: BLE001 - the others are to be checked too
        error = typed_error(fault).located(connection=connection, operation=None)
        faults.append(error)
        message = error.message
    return {
        "connection": connection,
        "subject": subject or "connection",
        "ok": error is None,
        "message": message,
        "elapsed_ms": round((time.monotonic() - started) * 1000),
        "warnings": [],
        "error": error and error_object(error),
    }


def _staging(hub: CouponHub, names: Sequence[str], faults: list[CouponhubError]) -> list[Document]:
    """Say whether vendors could fetch files from here, where one of them would."""
    from couponhub.staging.probing import probe  # noqa: PLC0415 - brings requests

    fetching = {}
    for name in names:
        with suppress(CouponhubError):  # then its own line says why
            able = hub[name].capabilities
            if "uploads.urls" in able and "uploads.files" not in able:
                fetching[name] = hub.config.connections[name].settings
    if not fetching:
        return []
    settings = hub.config.staging
    distant = [one for one in fetching.values() if not is_loopback_url(one.base_url or "")]
    if distant and settings == StagingSettings():
        named = ", ".join(fetching)
        document = _tried(
            lambda: f"no file can be sent to {named}, for [staging] is not set up", faults, subject="staging"
        )
        return [{**document, "warnings": ["set up [staging], or give files that lie elsewhere by --url"]}]
    way = (distant or list(fetching.values()))[0].transport()
    return [
        _tried(
            lambda: probe(open_staging(settings), settings, way, vendor_is_loopback=not distant),
            faults,
            subject="staging",
        )
    ]


def _store(state: State, faults: list[CouponhubError]) -> list[Document]:
    """Say how the store stands, if there is anything to say."""
    started = time.monotonic()
    try:
        checked = state.maintenance.check()
    except LocalError:
        return []  # a user without a home has no store, and reads all the same
    if checked.fault is None and not checked.warnings and not state.settings.is_postgresql:
        return []
    if checked.fault is not None:
        faults.append(checked.fault)
    return [
        {
            "connection": None,
            "subject": "store",
            "ok": checked.fault is None,
            "message": f"the store {checked.place}" if checked.fault is None else checked.fault.message,
            "elapsed_ms": round((time.monotonic() - started) * 1000),
            "warnings": list(checked.warnings),
            "error": checked.fault and error_object(checked.fault),
        }
    ]


def _files(state: State, faults: list[CouponhubError]) -> list[Document]:
    """Say whether the files of the store can be reached, where they lie apart from it."""
    if state.settings.files is None:
        return []
    (probe,) = (one for one in state.probes() if one.part is ReachedPart.FILES)

    def look() -> str:
        reached = probe.reach(_LOOK_SECONDS)
        if reached.fault is not None:
            raise reached.fault
        return f"the files of the store {probe.place}"

    return [_tried(look, faults, subject="files")]


def _shared(hub: CouponHub, faults: list[CouponhubError]) -> list[Document]:
    """Say how the place stands that machines share, where there is one."""
    if hub.shared is None:
        return []
    document = _tried(hub.shared.check, faults, subject="shared")
    return [{**document, "warnings": _literal(hub.config.shared)}]


def _sets(hub: CouponHub, faults: list[CouponhubError]) -> list[Document]:
    """Say whether the cluster can be reached, and sees the place that we see, where there is one."""
    settings = hub.config.sets
    if not settings.is_cluster:
        return []
    from couponhub.codes.joins import probe  # noqa: PLC0415 - few have a cluster

    return [_tried(lambda: probe(settings), faults, subject="sets")]


def _webhooks(hub: CouponHub) -> list[Document]:
    """Say who is told of the ends of jobs; nothing is posted, for there is nothing to be told."""
    return [
        {
            "connection": None,
            "subject": f"webhooks.{name}",
            "ok": True,
            "message": f"ends of jobs are told to {one.host}",
            "elapsed_ms": 0,
            "warnings": [*_literal(one), *one.warnings],
            "error": None,
        }
        for name, one in hub.config.webhooks.items()
    ]


def _oidc(hub: CouponHub, faults: list[CouponhubError]) -> list[Document]:
    """Say whether people can sign in to the console through their provider, where there is one."""
    settings = hub.config.server.oidc
    if settings is None:
        return []
    from couponhub.console.oidc_provider import OidcProvider  # noqa: PLC0415 - brings requests

    document = _tried(OidcProvider(settings).check, faults, subject="oidc")
    nobody = [] if settings.scopes else ["[server.oidc] scopes names no group, so nobody is let in"]
    if not hub.config.server.console:
        nobody.append(
            "[server] console is not true, so there is a door with `couponhub serve --console` alone"
        )
    return [{**document, "warnings": [*_literal(settings), *nobody]}]


def _warnings(connection: ConnectionConfig) -> list[str]:
    return [*_literal(connection.settings), *connection.warnings]


def _literal(settings: attrs.AttrsInstance) -> list[str]:
    return [
        f"{field.name} stands in the config file as plain text; write ${{NAME}} or ${{file:/path}} instead"
        for field in attrs.fields(type(settings))
        if isinstance(value := getattr(settings, field.name), Secret) and value.literal
    ]


def _mends(document: Document) -> list[str]:
    hint = (document["error"] or {}).get("hint")
    return [*([hint] if hint else []), *document["warnings"]]
