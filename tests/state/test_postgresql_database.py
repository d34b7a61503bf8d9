"""The database in PostgreSQL: its schema, its transactions, and its faults in one line."""

import os

import pytest

from couponhub.errors import LocalError
from couponhub.state import StoreSettings
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.statements import translated
from tests.kit.servers import PostgresqlServer


def test_writes_what_others_read(postgresql_url: str) -> None:
    """The schema is made with the first use; another process of its own reads what was committed, by names and places."""
    one, other = (PostgresqlDatabase(StoreSettings(url=postgresql_url)) for _ in range(2))
    with one.transaction() as database:
        database.execute(
            "INSERT INTO tokens (id, name, scopes, digest, created_at) VALUES (:id, 'a', '[]', ?, '')".replace(
                "?", ":digest"
            ),
            {"id": "1", "digest": b"\0"},
        )

    with other.reading() as database:
        (row,) = database.execute("SELECT * FROM tokens WHERE expires_at IS :none", {"none": None})

    assert ("1", "1", b"\0") == (row["id"], row[1], row["digest"])
    one.close()
    other.close()


def test_takes_back_what_failed(postgresql_url: str) -> None:
    """A block that raises has written nothing."""
    store = PostgresqlDatabase(StoreSettings(url=postgresql_url))

    def fail_half_way() -> None:
        with store.transaction() as database:
            database.execute("INSERT INTO callbacks VALUES (?, 'up_1', 0, '')", (b"1",))
            database.execute("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(LocalError):
        fail_half_way()
    with store.reading() as database:
        assert [] == database.execute("SELECT * FROM callbacks").fetchall()
    store.close()


def test_forked_process_opens_its_own(postgresql_url: str) -> None:
    """A child reads through a connection of its own, and its parent's goes on."""
    store = PostgresqlDatabase(StoreSettings(url=postgresql_url))
    with store.reading():
        pass
    child = os.fork()
    if not child:
        with store.reading() as database:
            found = database.execute("SELECT count(*) FROM tokens").fetchone()
        os._exit(7 if found is not None and found[0] == 0 else 1)

    assert 7 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with store.reading() as database:
        assert database.execute("SELECT 1").fetchone() is not None
    store.close()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("{user}:wrong@127.0.0.1:{port}/{database}", "password authentication failed"),
        ("{user}:{password}@127.0.0.1:{port}/not_there", "does not exist"),
        ("{user}:{password}@127.0.0.1:1/{database}", "refused"),
    ],
)
def test_faults_are_one_line_without_the_password(
    postgresql_server: PostgresqlServer, postgresql_url: str, address: str, says: str
) -> None:
    """Wrong password, wrong database, no server: said at once, with the mend, and never with the password."""
    userinfo, _, database = postgresql_url.removeprefix("postgresql://").partition("@")
    user, _, password = userinfo.partition(":")
    url = "postgresql://" + address.format(
        user=user, password=password, port=postgresql_server.port, database=database.rpartition("/")[2]
    )
    store = PostgresqlDatabase(StoreSettings(url=url))
    with pytest.raises(LocalError) as caught, store.reading():
        pass
    store.close()

    text = str(caught.value)
    assert says in text
    assert caught.value.hint
    assert "\n" not in text
    assert password not in text
    assert "wrong" not in text


def test_translates_the_common_subset() -> None:
    """Placeholders become psycopg's, texts stay what they are, and NULL compares as with SQLite."""
    assert (
        "SELECT '?:a%%' , %s WHERE a IS NOT DISTINCT FROM %(b)s AND c IS DISTINCT FROM %(d)s"
        == translated("SELECT '?:a%' , ? WHERE a IS :b AND c IS NOT :d")
    )
