"""The tables of calls to vendors and of servers' own failures in SQLite. By rowid in which order they were written."""

CALL_TABLES: tuple[str, ...] = (
    """
    CREATE TABLE vendor_calls (
        id                TEXT NOT NULL UNIQUE,
        at                TEXT NOT NULL,
        connection        TEXT NOT NULL,
        operation         TEXT NOT NULL,
        method            TEXT NOT NULL,
        base              TEXT NOT NULL,
        path              TEXT NOT NULL,
        changes           INTEGER NOT NULL,
        is_plain          INTEGER NOT NULL,
        outcome           TEXT NOT NULL,
        decision          TEXT NOT NULL,
        because           TEXT NOT NULL,
        waited            REAL,
        status            INTEGER,
        attempt           INTEGER NOT NULL,
        milliseconds      INTEGER NOT NULL,
        vendor_request_id TEXT,
        request_id        TEXT,
        headers           TEXT NOT NULL,
        query             TEXT NOT NULL,
        sent              TEXT,
        received          TEXT
    )
    """,
    "CREATE INDEX vendor_calls_by_time ON vendor_calls (at)",
    "CREATE INDEX vendor_calls_by_use ON vendor_calls (is_plain)",
    "CREATE INDEX vendor_calls_by_name ON vendor_calls (connection, operation)",
    "CREATE INDEX vendor_calls_of_request ON vendor_calls (request_id)",
    """
    CREATE TABLE server_faults (
        at         TEXT NOT NULL,
        request_id TEXT NOT NULL,
        kind       TEXT NOT NULL,
        status     INTEGER NOT NULL,
        method     TEXT NOT NULL,
        route      TEXT NOT NULL,
        place      TEXT NOT NULL
    )
    """,
    "CREATE INDEX server_faults_by_time ON server_faults (at)",
    # What was counted and not kept, by the hour in which it was.
    """
    CREATE TABLE calls_left_out (
        hour  TEXT NOT NULL,
        why   TEXT NOT NULL,
        calls INTEGER NOT NULL,
        PRIMARY KEY (hour, why)
    ) WITHOUT ROWID
    """,
)
