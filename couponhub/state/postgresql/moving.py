"""A whole state in PostgreSQL, to be copied from, or to."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import attrs

from couponhub.errors import LocalError
from couponhub.state.moving.content import ORDERED, Content, Filling, MovedFile, MovedKind, Singles
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.facts import ERASURE, FINGERPRINT, PREFERENCE, preferred_in, read_facts
from couponhub.state.postgresql.faults import told_as_local
from couponhub.state.postgresql.file_shelf import FileKind, FileShelf, open_stored_files, selected
from couponhub.state.postgresql.key import key_file
from couponhub.state.postgresql.local_files import LocalFiles
from couponhub.state.postgresql.locks import lock_number
from couponhub.state.postgresql.statements import PostgresqlStatements
from couponhub.state.settings import StoreSettings
from couponhub.state.sqlite.files import private_folder
from couponhub.state.sqlite.moving import moved_columns
from couponhub.state.store_key import StoreKey

_LONGEST_STATEMENT_SECONDS = 3600.0
_ROWS_AT_ONCE = 500
_PAGES_AT_ONCE = 64
"""One of a large index has 70 KB."""


@attrs.frozen
class PostgresqlMovable:
    """A `MovableState` in PostgreSQL.

    Args:
        settings: Of the store.
    """

    settings: StoreSettings

    @property
    def place(self) -> str:
        """As `MovableState.place`."""
        return self.settings.place

    @contextmanager
    def reading(self) -> Iterator[Content]:
        """As `MovableState.reading`."""
        with self._begun("ISOLATION LEVEL REPEATABLE READ, READ ONLY") as content:
            yield content

    @contextmanager
    def filling(self) -> Iterator[Filling]:
        """As `MovableState.filling`: in one transaction, of which nobody sees anything before its end."""
        with self._begun("READ WRITE") as content:
            taken = content.database.execute(
                "SELECT pg_try_advisory_xact_lock(?)", (lock_number("store copy"),)
            ).fetchall()
            if not taken[0][0]:
                raise LocalError(f"somebody else copies a store to {self.place}", hint="wait for its end")
            _refuse_filled(content.database, self.place)
            yield content

    @contextmanager
    def _begun(self, kind: str) -> Iterator["_Content"]:
        with closing(PostgresqlDatabase(self.settings)) as database:
            with database.reading():
                pass  # makes the tables, or says what is wrong
            with database.session() as session, told_as_local(database.place):
                session.answer_seconds = _LONGEST_STATEMENT_SECONDS
                with session.transaction():
                    session.execute(f"SET TRANSACTION {kind}".encode())
                    session.execute(
                        "SELECT set_config('statement_timeout', '0', true),"
                        " set_config('idle_in_transaction_session_timeout', '0', true)"
                    )
                    shelf = FileShelf(database, open_stored_files(self.settings, database), LocalFiles())
                    yield _Content(self.settings, PostgresqlStatements(session), shelf)


@attrs.frozen
class _Content:
    """The content of a state, in a transaction of its database."""

    settings: StoreSettings
    database: PostgresqlStatements
    shelf: FileShelf

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
        """As `Content.rows`."""
        from psycopg import sql  # noqa: PLC0415 - an extra

        query = sql.SQL("SELECT {} FROM {}").format(_listed(columns), sql.Identifier(table))
        if table in ORDERED:
            query = query + sql.SQL(" ORDER BY rowid")
        with self.database.connection.cursor("moved") as cursor:
            cursor.itersize = _PAGES_AT_ONCE if table == "pages" else _ROWS_AT_ONCE
            cursor.execute(query)
            yield from cursor

    def put_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """As `Filling.put_rows`: in binary, where no character means anything."""
        from psycopg import sql  # noqa: PLC0415 - an extra

        types = dict(
            self.database.connection.execute(
                "SELECT column_name, udt_name FROM information_schema.columns"
                " WHERE table_schema = 'couponhub' AND table_name = %s",
                (table,),
            ).fetchall()
        )
        into = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
            sql.Identifier(table), _listed(columns)
        )
        with self.database.connection.cursor() as cursor, cursor.copy(into) as copy:
            copy.set_types([types[column] for column in columns])
            for row in rows:
                copy.write_row(row)

    def files(self) -> Iterable[MovedFile]:
        """As `Content.files`."""
        return sorted(
            MovedFile(
                kind=MovedKind(row["kind"]),
                connection=row["connection"],
                list_id=row["list_id"],
                owner=row["owner"],
                label=row["label"],
                created_at=row["created_at"],
            )
            for row in self.database.execute("SELECT * FROM files ORDER BY rowid").fetchall()
        )

    def fetch(self, file: MovedFile, path: Path) -> None:
        """As `Content.fetch`."""
        (kept,) = selected(
            self.database, "kind = ? AND owner = ? AND label = ?", str(file.kind), file.owner, file.label
        )
        self.shelf.fetch(kept, path)

    def put_file(self, file: MovedFile, path: Path) -> None:
        """As `Filling.put_file`."""
        kept = self.shelf.put(
            path,
            FileKind(file.kind),
            connection=file.connection,
            list_id=file.list_id,
            owner=file.owner,
            label=file.label,
        )
        self.shelf.write(self.database, kept, file.created_at)

    def singles(self) -> Singles:
        """As `Content.singles`."""
        facts = read_facts(self.database)
        stored = self._stored_key()
        has_key = stored.is_configured or FINGERPRINT in facts
        key = stored.read() if has_key else None
        if key is not None and facts.get(FINGERPRINT, key.check) != key.check:
            raise LocalError(
                f"the store {self.settings.place} was made with another key than {stored.place}",
                hint="set [store] key to that one, or leave it out where its file lies",
            )
        (mark,) = self.database.execute("SELECT mark FROM file_erasures").fetchall()
        return Singles(
            key=key,
            is_key_configured=stored.is_configured,
            preference=preferred_in(facts),
            erasure_mark=bytes(mark["mark"]),
        )

    def put_singles(self, singles: Singles) -> None:
        """As `Filling.put_singles`."""
        stored = self._stored_key()
        if singles.key is not None:
            if not stored.is_configured:
                private_folder(key_file(self.settings).parent)
            stored.adopt(singles.key)
            self._put_fact(FINGERPRINT, singles.key.check)
        if singles.preference:
            self._put_fact(PREFERENCE, json.dumps(list(singles.preference), ensure_ascii=False))
        if singles.erasure_mark:
            self._put_fact(ERASURE, singles.erasure_mark.hex())
            self.database.execute("UPDATE file_erasures SET mark = ?", (singles.erasure_mark,))

    def _stored_key(self) -> StoreKey:
        return StoreKey(self.settings, lambda: key_file(self.settings))

    def _put_fact(self, name: str, value: str) -> None:
        self.database.execute("INSERT INTO facts (name, value) VALUES (?, ?)", (name, value))


def _refuse_filled(database: PostgresqlStatements, place: str) -> None:
    for table in (*moved_columns(), "files", "facts"):
        if database.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None:  # noqa: S608 - our own names
            raise LocalError(
                f"the store {place} is not empty: there are rows in couponhub.{table}",
                hint="name an empty database, or drop the schema couponhub if nothing in it is needed",
            )


def _listed(columns: Sequence[str]) -> Any:
    from psycopg import sql  # noqa: PLC0415 - an extra

    return sql.SQL(", ").join(map(sql.Identifier, columns))
