"""`couponhub store`: what is kept, where it lies, and how to keep it safe."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import click

from couponhub.cli.completing import folders
from couponhub.cli.failures import tell
from couponhub.cli.options import GlobalGroup, GlobalOptions, pass_options
from couponhub.cli.output import print_many
from couponhub.cli.session import secret_value
from couponhub.cli.tables import Column
from couponhub.config import load_config
from couponhub.config.references import resolve
from couponhub.errors import UsageError
from couponhub.paths import expanded
from couponhub.serialization import Document, error_object
from couponhub.state import Maintenance, StateCheck, StoreSettings, open_state
from couponhub.state.moving.copying import copy_state


def _schema(document: Document) -> str | None:
    if document["schema"] is None:
        return None
    behind = document["schema"] != document["newest"]
    return f"{document['schema']} of {document['newest']}" if behind else str(document["schema"])


_NAME = Column("PART", "name", whole=True)
_STATUS = (
    _NAME,
    Column("WHERE", "place", whole=True),
    Column("HOLDS", "holds"),
    Column("BYTES", "bytes", right=True),
    Column("SCHEMA", _schema),
    Column("AN UPGRADE WOULD", lambda document: "; ".join(document["pending"]) or None),
)
_UPGRADE = (_NAME, Column("STEP", "step"), Column("DONE", "done"))
_BACKUP = (
    _NAME,
    Column("WRITTEN", "path", whole=True),
    Column("FILES", "files", right=True),
    Column("BYTES", "bytes", right=True),
)
_COPY = (
    _NAME,
    Column("COUNT", "count", right=True),
    Column("BYTES", "bytes", right=True),
    Column("THE SAME ON BOTH SIDES", "fingerprint"),
)
_CHECK = (
    Column("FOUND", "kind"),
    Column("WHAT", "message"),
    Column("WHAT TO DO", lambda document: (document["error"] or {}).get("hint")),
)


@click.group("store", cls=GlobalGroup)
def command() -> None:
    """Look after what is kept: the ledger of uploads, codes sent, usage reports, tokens, quotas."""


@command.command("status")
@pass_options
def status(options: GlobalOptions) -> None:
    """Say what lies where, how large it is, of which schema, and what an upgrade would do. Nothing is changed."""
    with _maintenance(options) as maintenance:
        documents = [{**attrs.asdict(part), "pending": list(part.pending)} for part in maintenance.status()]
    print_many(options, documents, _STATUS, "There is no store.")


@command.command("upgrade")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@pass_options
def upgrade(options: GlobalOptions, *, dry_run: bool) -> None:
    """Bring the store to the schema of this couponhub, which any use of it does too.

    An older couponhub cannot use it any more, but for the release before where machines share it: make a backup before.
    """
    with _maintenance(options) as maintenance:
        steps = maintenance.upgrade(dry_run=dry_run)
    documents = [
        {"name": name, "step": step, "done": not dry_run} for name, each in steps.items() for step in each
    ]
    print_many(options, documents, _UPGRADE, "The store has the schema of this couponhub.")


@command.command("backup")
@click.argument("folder", metavar="DIR", shell_complete=folders)
@pass_options
def backup(options: GlobalOptions, folder: str) -> None:
    """Copy the store into DIR, which is made or must be empty; others may go on using it meanwhile.

    To restore it, end whatever uses the store and put the files of DIR in its place. What was sent after the backup is
    not known then: see the page on the store. A store in PostgreSQL is refused: the server's own tools back it up.
    """
    with _maintenance(options) as maintenance:
        written = maintenance.backup(expanded(folder))
    documents = [{**attrs.asdict(part), "path": str(part.path)} for part in written]
    print_many(options, documents, _BACKUP, "")


@command.command("check")
@pass_options
def check(options: GlobalOptions) -> None:
    """Read the whole store and say what is broken, lost, or open to others. Nothing is mended.

    A store of an older schema is upgraded first, as by any other use. Exits with 0 when nothing is broken or lost, also where others may read it.
    """
    with _maintenance(options) as maintenance:
        checked = maintenance.check(thorough=True)
    nothing = f"Nothing is wrong with the store {checked.place}."
    print_many(options, list(_findings(checked)), _CHECK, nothing)
    for fault in checked.faults:
        tell(fault)
    if checked.fault is not None:
        raise click.exceptions.Exit(checked.fault.exit_code)


@command.command("copy")
@click.argument("from_url", metavar="FROM_URL")
@click.argument("to_url", metavar="TO_URL")
@pass_options
def copy(options: GlobalOptions, from_url: str, to_url: str) -> None:
    """Copy the whole store at FROM_URL to TO_URL, where nothing may be yet: from SQLite to PostgreSQL, back, or to another place.

    Each is an address as of [store] url. A password need not stand in it: write '${NAME}' for a variable, '${file:PATH}'
    for a file, or @FILE for a file that holds the whole address. [store] key and files of the config hold for both, files for
    the one in PostgreSQL that [store] url names.

    Calls to vendors that the console keeps for some days stay behind. Nobody may use the store meanwhile; a copy that somebody disturbs or kills leaves nothing behind, and is repeated with
    the same words. All that was written is read back and compared with the source before anybody can find it.
    """
    store = load_config(options.config).store
    copied = copy_state(_addressed(from_url, store), _addressed(to_url, store))
    print_many(options, [attrs.asdict(part) for part in copied], _COPY, "")


def _addressed(given: str, store: StoreSettings) -> StoreSettings:
    """Return the settings of a store at an address, which is never repeated: a password may stand in it."""
    try:
        url = resolve((secret_value(given, "address") or "").strip(), os.environ)
        if url == store.url:
            return store
        return attrs.evolve(store, url=url, files=None)
    except ValueError as error:
        raise UsageError(f"a store cannot be named so: {error}") from None


@contextmanager
def _maintenance(options: GlobalOptions) -> Iterator[Maintenance]:
    with open_state(load_config(options.config).store) as state:
        yield state.maintenance


def _findings(checked: StateCheck) -> Iterator[Document]:
    for fault in checked.faults:
        yield {"kind": "fault", "message": fault.message, "error": error_object(fault)}
    for warning in checked.warnings:
        yield {"kind": "warning", "message": warning, "error": None}
