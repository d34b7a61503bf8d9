"""All migrations of the state in SQLite. One that was released is never changed, only followed by another."""

import sqlite3
from pathlib import Path

import attrs

from couponhub.errors import LocalError
from couponhub.state.sqlite.call_tables import CALL_TABLES
from couponhub.state.sqlite.layout import LEDGER, QUOTAS, REPORTS


@attrs.frozen(kw_only=True)
class Migration:
    """One step of one database, from the version before.

    Attributes:
        database: Which.
        version: That it leads to, from 1.
        about: What for, for people.
    """

    database: str
    version: int
    about: str
    statements: tuple[str, ...] = attrs.field(repr=False)


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        database=LEDGER,
        version=1,
        about="uploads and their parts",
        statements=(
            """
        CREATE TABLE uploads (
            id          TEXT PRIMARY KEY,
            connection  TEXT NOT NULL,
            list_id     TEXT NOT NULL,
            name        TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            rows        INTEGER,
            duplicates  INTEGER,
            skipped     INTEGER,
            tagging     TEXT,
            warnings    TEXT NOT NULL,
            created_at  TEXT NOT NULL,
            updated_at  TEXT NOT NULL
        )
        """,
            "CREATE INDEX uploads_of_list ON uploads (connection, list_id, created_at)",
            """
        CREATE TABLE parts (
            upload_id     TEXT NOT NULL REFERENCES uploads (id),
            number        INTEGER NOT NULL,
            name          TEXT NOT NULL,
            stage         TEXT NOT NULL CHECK (stage IN ('prepared', 'submitting', 'submitted', 'absent')),
            vendor_id     TEXT,
            rows          INTEGER,
            status        TEXT NOT NULL,
            vendor_status TEXT NOT NULL,
            accepted      INTEGER,
            rejected      INTEGER,
            error_file    TEXT,
            submitted_at  TEXT,
            updated_at    TEXT NOT NULL,
            PRIMARY KEY (upload_id, number)
        ) WITHOUT ROWID
        """,
        ),
    ),
    Migration(
        database=LEDGER,
        version=2,
        about="tokens, and callback addresses",
        statements=(
            """
        CREATE TABLE tokens (
            id         TEXT NOT NULL UNIQUE,
            name       TEXT NOT NULL UNIQUE,
            scopes     TEXT NOT NULL,
            digest     BLOB NOT NULL,
            created_at TEXT NOT NULL,
            expires_at TEXT
        )
        """,
            """
        CREATE TABLE callbacks (
            digest     BLOB PRIMARY KEY,
            upload_id  TEXT NOT NULL,
            calls      INTEGER NOT NULL,
            created_at TEXT NOT NULL
        ) WITHOUT ROWID
        """,
            "CREATE INDEX callbacks_of_upload ON callbacks (upload_id)",
        ),
    ),
    Migration(
        database=LEDGER,
        version=3,
        about="what a vendor made of a part, and when it got it",
        statements=(
            "ALTER TABLE parts ADD COLUMN success_file TEXT",
            "ALTER TABLE parts ADD COLUMN created_at TEXT",
        ),
    ),
    Migration(
        database=LEDGER,
        version=4,
        about="where the file of a part is served",
        statements=("ALTER TABLE parts ADD COLUMN url TEXT",),
    ),
    Migration(
        database=LEDGER,
        version=5,
        about="find the newest upload to a list, and a part by its vendor's id, without reading all",
        statements=(
            # By rowid within a list, in which uploads were written down; their times are of no use for that.
            "DROP INDEX uploads_of_list",
            "CREATE INDEX uploads_of_list ON uploads (connection, list_id)",
            "CREATE INDEX parts_at_vendor ON parts (vendor_id)",
        ),
    ),
    Migration(
        database=LEDGER,
        version=6,
        about="jobs and their steps",
        statements=(
            # A lease is measured in the machine's own seconds, which nobody sets.
            """
        CREATE TABLE jobs (
            id           TEXT NOT NULL UNIQUE,
            kind         TEXT NOT NULL,
            connection   TEXT NOT NULL,
            arguments    TEXT NOT NULL,
            status       TEXT NOT NULL CHECK (status IN ('pending', 'done', 'failed', 'cancelled')),
            wish         TEXT NOT NULL CHECK (wish IN ('go_on', 'pause', 'cancel')),
            owner        TEXT,
            leased_until REAL,
            leased_for   REAL,
            created_at   TEXT NOT NULL,
            updated_at   TEXT NOT NULL
        )
        """,
            "CREATE INDEX jobs_of_status ON jobs (status)",
            """
        CREATE TABLE steps (
            job_id     TEXT NOT NULL REFERENCES jobs (id),
            number     INTEGER NOT NULL,
            kind       TEXT NOT NULL,
            arguments  TEXT NOT NULL,
            status     TEXT NOT NULL CHECK (status IN ('pending', 'done', 'failed', 'cancelled')),
            not_before TEXT,
            result     TEXT NOT NULL,
            evidence   TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            PRIMARY KEY (job_id, number)
        ) WITHOUT ROWID
        """,
        ),
    ),
    Migration(
        database=LEDGER,
        version=7,
        about="events of migrations between vendors",
        statements=(
            # By rowid in which order migrations began; their times are of no use for that.
            """
        CREATE TABLE migration_events (
            migration_id TEXT NOT NULL,
            number       INTEGER NOT NULL CHECK (number > 0),
            at           TEXT NOT NULL,
            kind         TEXT NOT NULL,
            details      TEXT NOT NULL,
            UNIQUE (migration_id, number)
        )
        """,
        ),
    ),
    Migration(
        database=LEDGER,
        version=8,
        about="the audit log: who has done what",
        statements=(
            # By rowid in which order; times are of no use for that.
            """
        CREATE TABLE audit_events (
            id         TEXT NOT NULL UNIQUE,
            at         TEXT NOT NULL,
            who        TEXT NOT NULL,
            name       TEXT NOT NULL,
            action     TEXT NOT NULL,
            connection TEXT,
            list_id    TEXT,
            reference  TEXT,
            request_id TEXT
        )
        """,
            "CREATE INDEX audit_events_by_age ON audit_events (at)",
            # Apart, so that no event is ever changed.
            """
        CREATE TABLE audit_outcomes (
            event_id  TEXT PRIMARY KEY,
            at        TEXT NOT NULL,
            outcome   TEXT NOT NULL,
            reference TEXT
        ) WITHOUT ROWID
        """,
        ),
    ),
    Migration(
        database=LEDGER,
        version=9,
        about="how many codes lists had left, and how many calls limits did",
        statements=(
            # In each span of time there is one at most; times are whole seconds since the epoch.
            """
        CREATE TABLE stock_readings (
            connection TEXT NOT NULL,
            list_id    TEXT NOT NULL,
            span       INTEGER NOT NULL,
            at         INTEGER NOT NULL,
            seen_until INTEGER NOT NULL,
            available  INTEGER NOT NULL,
            total      INTEGER,
            PRIMARY KEY (connection, list_id, span)
        ) WITHOUT ROWID
        """,
            "CREATE INDEX stock_readings_by_age ON stock_readings (span)",
            """
        CREATE TABLE quota_samples (
            connection TEXT NOT NULL,
            limit_name TEXT NOT NULL,
            span       INTEGER NOT NULL,
            at         INTEGER NOT NULL,
            calls_left INTEGER NOT NULL,
            calls_most INTEGER NOT NULL,
            PRIMARY KEY (connection, limit_name, span)
        ) WITHOUT ROWID
        """,
        ),
    ),
    Migration(
        database=LEDGER,
        version=10,
        about="calls to vendors and the server's own problems",
        statements=CALL_TABLES,
    ),
    Migration(
        database=LEDGER,
        version=11,
        about="sessions that were signed out of",
        statements=(
            # Seconds since the epoch.
            "CREATE TABLE sign_outs (mark TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID",
        ),
    ),
    Migration(
        database=REPORTS,
        version=1,
        about="lists, imports and the rows of reports",
        statements=(
            # One row. `generation` grows with every change, so that readers know when to read the small tables anew.
            "CREATE TABLE state (generation INTEGER NOT NULL, key TEXT NOT NULL)",
            """
        CREATE TABLE lists (
            number     INTEGER PRIMARY KEY,
            connection TEXT NOT NULL,
            list_id    TEXT NOT NULL,
            name       TEXT,
            label      TEXT,
            created_at TEXT,
            expires_at TEXT,
            UNIQUE (connection, list_id)
        )
        """,
            "CREATE TABLE sightings (connection TEXT PRIMARY KEY, lists_seen_at TEXT NOT NULL) WITHOUT ROWID",
            """
        CREATE TABLE imports (
            number      INTEGER PRIMARY KEY,
            list        INTEGER NOT NULL REFERENCES lists (number),
            identifier  TEXT NOT NULL,
            first       TEXT NOT NULL,
            last        TEXT NOT NULL,
            file        TEXT NOT NULL,
            content     BLOB NOT NULL,
            rows        INTEGER NOT NULL,
            made_at     TEXT NOT NULL,
            imported_at TEXT NOT NULL,
            approximate INTEGER NOT NULL
        )
        """,
            """
        CREATE TABLE campaigns (
            import    INTEGER NOT NULL REFERENCES imports (number),
            number    INTEGER NOT NULL,
            id        TEXT NOT NULL,
            name      TEXT NOT NULL,
            locale    TEXT NOT NULL,
            variation TEXT NOT NULL,
            PRIMARY KEY (import, number)
        ) WITHOUT ROWID
        """,
            # See couponhub.state.sql.report_pages.
            "CREATE TABLE pages (number INTEGER PRIMARY KEY, lines TEXT NOT NULL)",
            "CREATE TABLE forgotten (customer TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID",
        ),
    ),
    Migration(
        database=QUOTAS,
        version=1,
        about="calls counted in windows",
        statements=(
            # Counted before there were versions: the table may be there.
            """
            CREATE TABLE IF NOT EXISTS budgets (
                account TEXT NOT NULL,
                name    TEXT NOT NULL,
                ends    REAL NOT NULL,
                used    INTEGER NOT NULL,
                cap     INTEGER,
                PRIMARY KEY (account, name)
            ) WITHOUT ROWID
            """,
        ),
    ),
)


def newest(database: str) -> int:
    """Return the version that this couponhub reads and writes."""
    return max(one.version for one in MIGRATIONS if one.database == database)


def pending(database: str, version: int) -> tuple[Migration, ...]:
    """Return the migrations that a database of that version lacks, in their order."""
    return tuple(one for one in MIGRATIONS if one.database == database and one.version > version)


def version_of(connection: sqlite3.Connection, database: str, path: Path) -> int:
    """Return the version of a database; 0 of an empty one.

    Raises:
        LocalError: A newer couponhub wrote it.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > newest(database):
        raise LocalError(
            f"the {_NAMES[database]} {path} was written by a newer couponhub (schema {version}, known up to"
            f" {newest(database)})",
            hint="upgrade couponhub, or name another file in [store] url",
        )
    return version


def migrate(connection: sqlite3.Connection, database: str, path: Path) -> None:
    """Bring a database to the newest version: wholly, or not at all. The connection is in no transaction.

    Raises:
        LocalError: As of `version_of`.
    """
    if version_of(connection, database, path) == newest(database):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again: another process may have been faster.
        for one in pending(database, version_of(connection, database, path)):
            for statement in one.statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {one.version}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk may have ended it already
            connection.execute("ROLLBACK")
        raise


_NAMES = {LEDGER: "store", REPORTS: "usage index", QUOTAS: "file of quotas"}
