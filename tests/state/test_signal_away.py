"""A signal of erasures whose state lies elsewhere and is away: that nobody can tell is no "nobody was forgotten"."""

import pytest

from couponhub.errors import LocalError
from couponhub.state import StoreSettings
from couponhub.state.hashing import HashKey
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.facts import Facts, FactSignal
from couponhub.state.redis.shared import RedisShared
from couponhub.state.shared_settings import SharedSettings


class _Away:
    """A signal that nobody can read."""

    def announce(self) -> None:
        """Nobody does."""
        raise NotImplementedError

    def latest(self) -> bytes:
        """See `InvalidationSignal.latest`."""
        raise LocalError("away")


def test_a_database_that_is_away_tells_nothing() -> None:
    """It is an error, each time anew, and names no password."""
    database = PostgresqlDatabase(StoreSettings(url="postgresql://me:of-mine@127.0.0.1:1/nowhere"))
    signal = FactSignal(Facts(database))
    for _ in range(2):
        with pytest.raises(LocalError) as refused:
            signal.latest()
        assert "of-mine" not in str(refused.value)
    database.close()


def test_a_fact_that_is_none_of_ours_is_told(postgresql_url: str) -> None:
    """The mend writes it anew; before there is a store, nobody was forgotten."""
    database = PostgresqlDatabase(StoreSettings(url=postgresql_url))
    facts = Facts(database)
    assert b"" == FactSignal(facts).latest()
    facts.write("erasure", "what is this")
    with pytest.raises(LocalError, match="signal of erasures"):
        FactSignal(facts).latest()
    FactSignal(facts).announce()
    assert 16 == len(FactSignal(facts).latest())
    database.close()


def test_answers_of_others_count_no_more_while_nobody_can_tell() -> None:
    """Whatever stands beside an answer in Redis, it is another word than what the store says now."""
    shared = RedisShared(SharedSettings(), key=lambda: HashKey(bytes(32)), erased=_Away())
    other = RedisShared(SharedSettings(), key=lambda: HashKey(bytes(32)), erased=_Away())
    words = {shared._erased_here(), other._erased_here(), b""}
    assert 3 == len(words)
