"""Faults of a server: each is one line that says which part and the mend, and none is for ever."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import pytest

from couponhub.errors import LocalError, WaitTimeout
from couponhub.state import Scope, StoreSettings
from couponhub.state.postgresql import connections
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.locks import SessionLocks
from couponhub.state.sql.tokens import SqlTokens
from tests.kit.forwarder import forwarding
from tests.kit.pgbouncer import pooling
from tests.kit.servers import PostgresqlServer, following, running_postgresql


@contextmanager
def store_at(url: str) -> Iterator[PostgresqlDatabase]:
    """A store as a new process opens it."""
    with closing(PostgresqlDatabase(StoreSettings(url=url))) as store:
        yield store


def written_to(url: str) -> None:
    """Write to a store as a new process does."""
    with store_at(url) as store:
        SqlTokens(store).new([Scope.LOOKUP])


def fault_of(work: Callable[[], object]) -> LocalError:
    """The fault that work ends with; one line, with a mend, and without the password."""
    with pytest.raises(LocalError) as caught:
        work()
    text = f"{caught.value.message} {caught.value.hint}"
    assert caught.value.hint
    assert "\n" not in text
    assert "pg-pass" not in text
    assert "cannot be used" in text or "store" in text
    return caught.value


def name_in(url: str) -> str:
    """The name of the database."""
    return urlsplit(url).path.strip("/")


class User:
    """A role of the test's own in its database."""

    def __init__(self, server: PostgresqlServer, url: str) -> None:
        self.server = server
        self.database = name_in(url)
        self.name = f"u_{self.database}"
        self.server.run(f"CREATE ROLE {self.name} LOGIN PASSWORD 'pg-pass-of-tests'")

    @property
    def url(self) -> str:
        """The address as this user has it."""
        return self.server.url(self.database, user=self.name)

    def run(self, statement: str) -> None:
        """Run a statement in the database, as its server's own user."""
        self.server.run(statement, database=self.database)

    def close(self) -> None:
        """Remove it."""
        self.run(f"DROP OWNED BY {self.name}")
        self.server.run(f"DROP ROLE {self.name}")


@pytest.fixture
def user(postgresql_server: PostgresqlServer, postgresql_url: str) -> Iterator[User]:
    """One who may do nothing yet."""
    with closing(User(postgresql_server, postgresql_url)) as made:
        yield made


def test_who_may_make_no_schema_is_told(user: User, postgresql_url: str) -> None:
    """Whoever may only write rows is told before there are any tables, and goes on once somebody else has made them."""
    fault = fault_of(lambda: written_to(user.url))
    assert "no store" in fault.message
    assert "store upgrade" in fault.hint
    written_to(postgresql_url)
    fault = fault_of(lambda: written_to(user.url))
    assert "permission denied for schema couponhub" in fault.message
    assert "grant" in fault.hint
    user.run(
        f"GRANT USAGE ON SCHEMA couponhub TO {user.name};"
        f" GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA couponhub TO {user.name};"
        f" GRANT USAGE ON ALL SEQUENCES IN SCHEMA couponhub TO {user.name}"
    )
    written_to(user.url)


def test_who_may_only_read_reads_on(user: User, postgresql_url: str) -> None:
    """Reads go on, and a write is one line."""
    written_to(postgresql_url)
    user.run(
        f"GRANT USAGE ON SCHEMA couponhub TO {user.name};"
        f" GRANT SELECT ON ALL TABLES IN SCHEMA couponhub TO {user.name}"
    )
    with store_at(user.url) as store:
        assert 1 == len(SqlTokens(store).all())
        assert (
            "permission denied for table tokens"
            in fault_of(lambda: SqlTokens(store).new([Scope.LOOKUP])).message
        )
    user.server.run(f"ALTER ROLE {user.name} SET default_transaction_read_only = on")
    with store_at(user.url) as store:
        assert 1 == len(SqlTokens(store).all())
        fault = fault_of(store.require_writable)
        assert "read-only" in fault.message
        assert "primary" in fault.hint


def test_no_connections_left_is_told(user: User, postgresql_url: str) -> None:
    """It says how many a process needs."""
    written_to(postgresql_url)
    user.server.run(f"ALTER ROLE {user.name} CONNECTION LIMIT 0")
    fault = fault_of(lambda: written_to(user.url))
    assert "too many connections" in fault.message
    assert "max_connections" in fault.hint


def test_a_full_disk_takes_nothing_half(postgresql_server: PostgresqlServer, postgresql_url: str) -> None:
    """What could not be written is not there, in one line; the next write goes on once there is room."""
    written_to(postgresql_url)
    database = name_in(postgresql_url)
    postgresql_server.run(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION"
        " 'could not extend file \"base/1/2\": No space left on device' USING ERRCODE = 'disk_full'; END $$;"
        " CREATE TRIGGER full_disk AFTER INSERT ON couponhub.tokens EXECUTE FUNCTION full_disk()",
        database=database,
    )
    with store_at(postgresql_url) as store:
        fault = fault_of(lambda: SqlTokens(store).new([Scope.LOOKUP]))
        assert "No space left" in fault.message
        assert "disk space" in fault.hint
        assert 1 == len(SqlTokens(store).all())
        postgresql_server.run("DROP TRIGGER full_disk ON couponhub.tokens", database=database)
        SqlTokens(store).new([Scope.LOOKUP])
        assert 2 == len(SqlTokens(store).all())


def test_a_stopped_server_is_used_again_when_it_is_back() -> None:
    """Stopped as by a crash within a transaction: all of it is taken back, what was committed is there, locks are free."""
    with running_postgresql() as server:
        url = server.url(server.new_database())
        with store_at(url) as store:
            tokens = SqlTokens(store)
            tokens.new([Scope.LOOKUP], name="before")

            def stopped_within() -> None:
                with store.transaction() as database:
                    database.execute("DELETE FROM tokens")
                    server.stop("immediate")
                    database.execute("DELETE FROM tokens")

            locks = SessionLocks(store)
            with locks.hold(("a",), timeout=0):
                fault_of(stopped_within)
                refused = fault_of(tokens.all)
                assert "refused" in refused.message
                assert "start the server" in refused.hint
                server.start()
                assert ["before"] == [token.name for token in tokens.all()]
                assert not locks.is_held(("a",))
            tokens.new([Scope.LOOKUP], name="after")
            assert "after" == tokens.all()[-1].name


@pytest.mark.parametrize("sslmode", ["require", "verify-full"])
def test_tls_that_cannot_be_had_is_told(postgresql_url: str, sslmode: str) -> None:
    """Asked for by the client: the server has none, or no authority is known."""
    fault = fault_of(lambda: written_to(f"{postgresql_url}?sslmode={sslmode}"))
    assert "SSL" in fault.message or "certificate" in fault.message
    assert "TLS" in fault.hint


def test_tls_that_the_server_demands_is_told() -> None:
    """The mend speaks of TLS, not of the password."""
    with running_postgresql() as server:
        url = server.url(server.new_database())
        rules = server.folder / "data" / "pg_hba.conf"
        rules.write_text(
            "hostssl all couponhub 127.0.0.1/32 scram-sha-256\nhost all postgres 127.0.0.1/32 scram-sha-256\n"
        )
        server.run("SELECT pg_reload_conf()")
        fault = fault_of(lambda: written_to(f"{url}?sslmode=disable"))
        assert "no encryption" in fault.message
        assert "TLS" in fault.hint


def test_a_way_that_hangs_is_given_up(
    postgresql_server: PostgresqlServer, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for ever for an answer that does not come; once the way is mended all goes on."""
    written_to(postgresql_url)
    monkeypatch.setattr(connections, "_ANSWER_SECONDS", -4.5)
    monkeypatch.setattr(connections, "_CONNECT_SECONDS", 2)
    with forwarding(postgresql_server.port) as way:
        through = postgresql_url.replace(f":{postgresql_server.port}/", f":{way.port}/")
        with store_at(through) as store:
            tokens = SqlTokens(store)
            assert 1 == len(tokens.all())
            way.hangs = True
            fault = fault_of(tokens.all)
            assert "no answer within" in fault.message
            assert "network" in fault.hint
            assert "timeout" in fault_of(tokens.all).message, "while connecting, too"
            way.hangs = False
            assert 1 == len(tokens.all())
            way.drop()
            way.refuses = True
            fault_of(tokens.all)
            way.refuses = False
            tokens.new([Scope.LOOKUP])
            assert 2 == len(tokens.all())


def test_a_replica_is_read_and_used_once_it_is_promoted() -> None:
    """Reads go on from it, locks and jobs can be looked at, a write is one line; promoted, it takes writes as it is."""
    with running_postgresql() as server:
        database = server.new_database()
        written_to(server.url(database))
        with following(server) as replica, store_at(replica.url(database)) as store:
            tokens = SqlTokens(store)
            assert 1 == len(tokens.all())
            assert not SessionLocks(store).is_held(("a",))
            fault = fault_of(lambda: tokens.new([Scope.LOOKUP]))
            assert "read-only" in fault.message
            assert "primary" in fault.hint
            server.stop("immediate")
            assert 1 == len(tokens.all())
            replica.promote()
            tokens.new([Scope.LOOKUP])
            store.require_writable()
            assert 2 == len(tokens.all())


def test_a_pooler_in_session_mode_is_fine(postgresql_server: PostgresqlServer, postgresql_url: str) -> None:
    """Locks hold, and rows are written."""
    with pooling(postgresql_server, "session") as port:
        through = postgresql_url.replace(f":{postgresql_server.port}/", f":{port}/")
        with store_at(through) as store, store_at(through) as other:
            SqlTokens(store).new([Scope.LOOKUP])
            with SessionLocks(store).hold(("a",), timeout=0):
                assert SessionLocks(other).is_held(("a",))
                with pytest.raises(WaitTimeout), SessionLocks(other).hold(("a",), timeout=0):
                    pass
            assert not SessionLocks(other).is_held(("a",))
            assert 1 == len(SqlTokens(other).all())


@pytest.mark.parametrize("size", [1, 20])
def test_a_pooler_without_sessions_is_refused(
    postgresql_server: PostgresqlServer, postgresql_url: str, size: int
) -> None:
    """In its transaction mode locks would be lost: nothing is written through it."""
    with pooling(postgresql_server, "transaction", size=size) as port:
        through = postgresql_url.replace(f":{postgresql_server.port}/", f":{port}/")
        with store_at(through) as store:
            for work in (SqlTokens(store).all, SessionLocks(store).hold(("a",), timeout=0).__enter__):
                fault = fault_of(work)
                assert "transaction mode" in fault.message
                assert "session mode" in fault.hint
