BEGIN TRANSACTION;
CREATE TABLE budgets (
        account TEXT NOT NULL,
        name    TEXT NOT NULL,
        ends    REAL NOT NULL,
        used    INTEGER NOT NULL,
        cap     INTEGER,
        PRIMARY KEY (account, name)
    ) WITHOUT ROWID
;
INSERT INTO "budgets" VALUES('9af211329b2fc82e5efe906062c73008','calls_per_day',1700006400.0,7,NULL);
COMMIT;
PRAGMA user_version = 0;
