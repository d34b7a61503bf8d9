"""Faults of a state in PostgreSQL, found without changing anything."""

from collections.abc import Callable, Iterator
from ipaddress import ip_address

from couponhub.errors import LocalError
from couponhub.state.ledger import Ledger
from couponhub.state.maintenance import StateCheck
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.facts import preferred_in, read_facts
from couponhub.state.postgresql.key import SharedKey
from couponhub.state.postgresql.migrations import version_in
from couponhub.state.postgresql.statements import PostgresqlStatements
from couponhub.state.postgresql.tables import names

_RESTORE = (
    "restore the database, and the files that [store] files names, from backups of one moment; until then codes of which"
    " it is not known whether they were sent are left out, or uploads are refused"
)


def checked_state(
    database: PostgresqlDatabase, key: SharedKey, ledger: Callable[[str], Ledger], *, thorough: bool
) -> StateCheck:
    """Look at what is written down, what it names, and who may read it. Nothing is made.

    Args:
        database: Of the state.
        key: Of the state.
        ledger: Gives the ledger of a connection.
        thorough: See `Maintenance.check`.
    """
    try:
        with database.looking() as opened:
            version = version_in(opened, database.place)
            warnings = tuple(_warnings(opened))
        faults = tuple(_faults(database, key, ledger, thorough=thorough)) if version else ()
    except LocalError as error:
        return StateCheck(place=database.place, faults=(error,))
    return StateCheck(place=database.place, faults=faults, warnings=warnings)


def _faults(
    database: PostgresqlDatabase, key: SharedKey, ledger: Callable[[str], Ledger], *, thorough: bool
) -> Iterator[LocalError]:
    looks: tuple[Callable[[], None], ...] = (key.refuse_other, lambda: _look_at_preference(database))
    for look in looks:
        try:
            look()
        except LocalError as error:
            yield error
    if not thorough:
        return
    yield from _unreadable(database)
    with database.reading() as opened:
        connections = [row[0] for row in opened.execute("SELECT DISTINCT connection FROM uploads")]
    for connection in connections:
        yield from _miscounted(connection, ledger(connection))


def _look_at_preference(database: PostgresqlDatabase) -> None:
    with database.reading() as opened:
        preferred_in(read_facts(opened))


def _unreadable(database: PostgresqlDatabase) -> Iterator[LocalError]:
    """Read every row of every table, with what lies outside of it."""
    with database.looking() as opened:
        tables = names(opened)
    for table in tables:
        try:
            with database.reading() as opened:
                opened.take_long()
                opened.execute(f"SELECT sum(length(one::text)) FROM {table} AS one")  # noqa: S608 - our own tables
        except LocalError as error:
            yield LocalError(f"the table {table} cannot be read: {error.message}", hint=_RESTORE)


def _miscounted(connection: str, ledger: Ledger) -> Iterator[LocalError]:
    """Compare each code set with the rows that the ledger knows of it."""
    wrong = gone = 0
    for list_id in dict.fromkeys(upload.list_id for upload in ledger.all()):
        history = ledger.history(list_id)
        for upload in history.uploads:
            for part in upload.parts:
                code_set = history.code_set(upload, part)
                if part.shown.rows is None or code_set is None:
                    continue
                try:
                    wrong += sum(map(len, code_set.batches())) != part.shown.rows
                except LocalError:
                    gone += 1
    if gone:
        yield LocalError(f"{gone} code sets of {connection} that the store names are gone", hint=_RESTORE)
    if wrong:
        yield LocalError(
            f"{wrong} code sets of {connection} have more or fewer codes than were sent: some could go out twice",
            hint=_RESTORE,
        )


def _warnings(opened: PostgresqlStatements) -> Iterator[str]:
    info = opened.connection.info
    if not opened.connection.pgconn.ssl_in_use and _is_distant(info.hostaddr):
        yield (
            f"codes and customers go to {info.host} unencrypted: add sslmode=verify-full to [store] url, and give the"
            " server a certificate"
        )
    found = opened.execute(
        "SELECT count(DISTINCT relname) FROM pg_class, aclexplode(relacl) AS one WHERE relnamespace ="
        " to_regnamespace('couponhub') AND relkind IN ('r', 'p') AND one.grantee = 0"
    ).fetchone()
    if exposed := found and found[0]:
        yield (
            f"every user of the server may read or change {exposed} tables of the store: `REVOKE ALL ON ALL TABLES IN"
            " SCHEMA couponhub FROM PUBLIC`"
        )


def _is_distant(address: str) -> bool:
    try:
        return not ip_address(address).is_loopback
    except ValueError:
        return False  # a socket of this machine
