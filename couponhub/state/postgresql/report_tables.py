"""The tables of usage reports and quotas in PostgreSQL, which belong to the first migration."""

from typing import LiteralString

# Texts that are compared with each other are so byte by byte, whatever the order of words in the database's language.
REPORT_TABLES: tuple[LiteralString, ...] = (
    # One row. `generation` grows with every change, so that readers know when to read the small tables anew.
    "CREATE TABLE state (generation BIGINT NOT NULL, key TEXT NOT NULL)",
    "CREATE UNIQUE INDEX state_is_one ON state ((true))",
    """
    CREATE TABLE lists (
        number     BIGINT PRIMARY KEY,
        connection TEXT NOT NULL,
        list_id    TEXT NOT NULL,
        name       TEXT,
        label      TEXT,
        created_at TEXT COLLATE "C",
        expires_at TEXT,
        UNIQUE (connection, list_id)
    )
    """,
    'CREATE TABLE sightings (connection TEXT PRIMARY KEY, lists_seen_at TEXT COLLATE "C" NOT NULL)',
    """
    CREATE TABLE imports (
        number      BIGINT PRIMARY KEY,
        list        BIGINT NOT NULL REFERENCES lists (number),
        identifier  TEXT NOT NULL,
        first       TEXT NOT NULL,
        last        TEXT NOT NULL,
        file        TEXT NOT NULL,
        content     BYTEA NOT NULL,
        rows        BIGINT NOT NULL,
        made_at     TEXT NOT NULL,
        imported_at TEXT NOT NULL,
        approximate BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE campaigns (
        import    BIGINT NOT NULL REFERENCES imports (number),
        number    BIGINT NOT NULL,
        id        TEXT NOT NULL,
        name      TEXT NOT NULL,
        locale    TEXT NOT NULL,
        variation TEXT NOT NULL,
        PRIMARY KEY (import, number)
    )
    """,
    # See couponhub.state.sql.report_pages.
    "CREATE TABLE pages (number BIGINT PRIMARY KEY, lines TEXT NOT NULL)",
    # Thrice as quick to write as the usual compression; not every server was built with it, and older ones know no word for it.
    """
    DO $$
    BEGIN
        EXECUTE 'ALTER TABLE pages ALTER COLUMN lines SET COMPRESSION lz4';
    EXCEPTION WHEN feature_not_supported OR syntax_error OR invalid_parameter_value THEN
        NULL;
    END
    $$
    """,
    'CREATE TABLE forgotten (customer TEXT COLLATE "C" PRIMARY KEY, at TEXT NOT NULL)',
    # Written for good but without waiting for the disk, not UNLOGGED: after a crash of the server such a table is empty, and
    # on a replica that is promoted too, so that every window would begin anew with all of its calls. Room in each page
    # for the next form of a row, which then touches no index.
    """
    CREATE TABLE budgets (
        account TEXT NOT NULL,
        name    TEXT NOT NULL,
        ends    DOUBLE PRECISION NOT NULL,
        used    BIGINT NOT NULL,
        cap     BIGINT,
        PRIMARY KEY (account, name)
    ) WITH (fillfactor = 50)
    """,
)
