"""Facts of which a state has one each: the signal of erasures, and the order in which lookups ask."""

import json
import math
import secrets
import time
from collections.abc import Callable, Mapping, Sequence

from couponhub.errors import LocalError, UsageError
from couponhub.forking import ProcessLock
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.preference import checked_names
from couponhub.state.sql.database import Statements

FINGERPRINT = "key"
"""The fact that tells the store's key from others, and nothing of it."""
ERASURE, PREFERENCE = "erasure", "preference"
_LOOK_SECONDS = 2.0
_AWAY_SECONDS = 10.0


class Facts:
    """Rows of the table `facts`, by their names. Thread-safe.

    Lookups read them, and must not be held up by a server that is away: after a look that failed none is taken for a
    while, and the same is told again.

    Args:
        database: Where they are kept.
        monotonic: The clock of that while, for tests.
    """

    def __init__(
        self, database: PostgresqlDatabase, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._monotonic = monotonic
        self._lock = ProcessLock()
        self._fault: LocalError | None = None
        self._again = -math.inf

    def read(self) -> Mapping[str, str]:
        """Return all of them; none where there is no store yet.

        Raises:
            LocalError: They cannot be read now.
        """
        with self._lock:
            fault = self._fault if self._monotonic() < self._again else None
        if fault is not None:
            raise LocalError(fault.message, hint=fault.hint)  # a new one: each raise adds to an error's trace
        try:
            with self._database.looking(seconds=_LOOK_SECONDS) as database:
                found = read_facts(database)
        except LocalError as error:
            with self._lock:
                self._fault, self._again = error, self._monotonic() + _AWAY_SECONDS
            raise
        return found

    def write(self, name: str, value: str) -> None:
        """Write one for good, in the place of what it was."""
        with self._database.transaction() as database:
            database.execute(
                "INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, value),
            )


def read_facts(database: Statements) -> Mapping[str, str]:
    """Return all facts that a transaction sees; none where there is no store yet."""
    if not database.execute("SELECT to_regclass('couponhub.facts') IS NOT NULL").fetchone()[0]:
        return {}
    return {row["name"]: row["value"] for row in database.execute("SELECT name, value FROM facts")}


class FactSignal:
    """An `InvalidationSignal` as a fact.

    Args:
        facts: Of the state.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def announce(self) -> None:
        """As `InvalidationSignal.announce`."""
        self._facts.write(ERASURE, secrets.token_hex(16))

    def latest(self) -> bytes:
        """As `InvalidationSignal.latest`."""
        try:
            return bytes.fromhex(self._facts.read().get(ERASURE, ""))
        except ValueError:
            raise LocalError(
                "the store's signal of erasures is none that couponhub wrote",
                hint="`couponhub forget` anybody, which writes it anew",
            ) from None


class FactPreference:
    """A `LookupPreference` as a fact.

    Args:
        facts: Of the state.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def get(self) -> tuple[str, ...]:
        """As `LookupPreference.get`."""
        return preferred_in(self._facts.read())

    def set(self, names: Sequence[str]) -> None:
        """As `LookupPreference.set`."""
        self._facts.write(PREFERENCE, json.dumps(checked_names(list(names)), ensure_ascii=False))


def preferred_in(facts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the connections that lookups ask first.

    Raises:
        LocalError: The fact is none of ours.
    """
    try:
        return checked_names(json.loads(facts.get(PREFERENCE, "[]")))
    except (ValueError, UsageError) as error:
        raise LocalError(
            "the store's order of lookups does not hold the names of connections as couponhub writes them",
            hint="set it again with a cut-over, or remove the row `preference` of couponhub.facts",
        ) from error
