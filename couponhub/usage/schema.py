"""The schema of the usage index, as numbered steps; a released one is never changed, only followed by another."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
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
        # See couponhub.usage.pages.
        "CREATE TABLE pages (number INTEGER PRIMARY KEY, lines TEXT NOT NULL)",
        "CREATE TABLE forgotten (customer TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID",
    ),
)
"""Step n brings an index from `user_version` n to n + 1."""
