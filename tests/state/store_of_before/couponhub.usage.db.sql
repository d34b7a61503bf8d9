BEGIN TRANSACTION;
CREATE TABLE campaigns (
            import    INTEGER NOT NULL REFERENCES imports (number),
            number    INTEGER NOT NULL,
            id        TEXT NOT NULL,
            name      TEXT NOT NULL,
            locale    TEXT NOT NULL,
            variation TEXT NOT NULL,
            PRIMARY KEY (import, number)
        ) WITHOUT ROWID
        ;
INSERT INTO "campaigns" VALUES(1,0,'C1','Autumn','Default','Variation 1');
CREATE TABLE forgotten (customer TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
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
        );
INSERT INTO "imports" VALUES(1,1,'external_id','2026-10-01','2026-10-18','report',X'C7D6AB60D2ED3A7664008FEB3FD6AD1F',3,'2026-10-20T06:00:00+00:00','2026-10-20T06:00:00+00:00',0);
CREATE TABLE lists (
            number     INTEGER PRIMARY KEY,
            connection TEXT NOT NULL,
            list_id    TEXT NOT NULL,
            name       TEXT,
            label      TEXT,
            created_at TEXT,
            expires_at TEXT,
            UNIQUE (connection, list_id)
        );
INSERT INTO "lists" VALUES(1,'engage','L1','List L1','label_L1','2026-10-01T06:30:00+00:00','2027-07-27T06:30:00+00:00');
CREATE TABLE pages (number INTEGER PRIMARY KEY, lines TEXT NOT NULL);
INSERT INTO "pages" VALUES(194206,'bda7a46f3878f645a06657dd111e10b4	CODE-3	2026-10-07T06:30:00Z	0	3	1	1
');
INSERT INTO "pages" VALUES(215516,'d27721a95a62b19e3cf46d975f1aaecf	CODE-1	2026-10-05T06:30:00Z	0	1	1	1
d27721a95a62b19e3cf46d975f1aaecf	CODE-2	2026-10-06T06:30:00Z	0	2	1	1
');
CREATE TABLE sightings (connection TEXT PRIMARY KEY, lists_seen_at TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "sightings" VALUES('engage','2026-10-20T06:00:00+00:00');
CREATE TABLE state (generation INTEGER NOT NULL, key TEXT NOT NULL);
INSERT INTO "state" VALUES(1,'1f5a4bfddf4de0fb');
COMMIT;
PRAGMA user_version = 1;
