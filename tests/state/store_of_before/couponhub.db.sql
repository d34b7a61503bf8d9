BEGIN TRANSACTION;
CREATE TABLE callbacks (
            digest     BLOB PRIMARY KEY,
            upload_id  TEXT NOT NULL,
            calls      INTEGER NOT NULL,
            created_at TEXT NOT NULL
        ) WITHOUT ROWID
        ;
INSERT INTO "callbacks" VALUES(X'48E0BD12B1AD5B095E9460B0B24037960F7E9CB492E127A0D9ADDE876EBD30D1','up_two',1,'2026-11-29T13:33:12.403063+00:00');
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
            updated_at    TEXT NOT NULL, success_file TEXT, created_at TEXT, url TEXT,
            PRIMARY KEY (upload_id, number)
        ) WITHOUT ROWID
        ;
INSERT INTO "parts" VALUES('up_one',1,'up_one.csv','submitted','77',2,'done','',2,NULL,NULL,'2026-10-01T12:00:00+00:00','2026-10-01T12:00:00+00:00',NULL,NULL,NULL);
INSERT INTO "parts" VALUES('up_two',1,'up_two.csv','submitting',NULL,1,'pending','',NULL,NULL,NULL,'2026-10-01T12:00:00+00:00','2026-10-01T12:00:00+00:00',NULL,NULL,NULL);
CREATE TABLE tokens (
            id         TEXT NOT NULL UNIQUE,
            name       TEXT NOT NULL UNIQUE,
            scopes     TEXT NOT NULL,
            digest     BLOB NOT NULL,
            created_at TEXT NOT NULL,
            expires_at TEXT
        );
INSERT INTO "tokens" VALUES('b03eb02d68','till','["admin", "lookup"]',X'B32B526293F5FCC8364C79A7D2D0A25C0F7186CED1051F4EDFC35FD2BAE8B945','2026-10-01T12:00:00+00:00',NULL);
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
        );
INSERT INTO "uploads" VALUES('up_one','engage','L 1/ä','spring.csv','up_one',2,0,0,'mobile','["odd"]','2026-10-01T12:00:00+00:00','2026-10-01T12:00:00+00:00');
INSERT INTO "uploads" VALUES('up_two','engage','L 1/ä','spring.csv','up_two',1,0,0,NULL,'[]','2026-10-01T12:00:00+00:00','2026-10-01T12:00:00+00:00');
CREATE INDEX uploads_of_list ON uploads (connection, list_id, created_at);
CREATE INDEX callbacks_of_upload ON callbacks (upload_id);
COMMIT;
PRAGMA user_version = 4;
