"""The database's schema, as numbered steps; a step that was released is never changed, only followed by another."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
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
    (
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
    (
        "ALTER TABLE parts ADD COLUMN success_file TEXT",
        "ALTER TABLE parts ADD COLUMN created_at TEXT",
    ),
    ("ALTER TABLE parts ADD COLUMN url TEXT",),
)
"""Step n brings a database from `user_version` n to n + 1."""
