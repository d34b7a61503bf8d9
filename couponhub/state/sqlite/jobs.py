"""Jobs in SQLite; owners are files that are locked while their process lives."""

import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import attrs

from couponhub.clock import utc_now
from couponhub.errors import LocalError
from couponhub.state.jobs import Followers, no_followers
from couponhub.state.sql.database import Statements
from couponhub.state.sql.jobs import SqlJobs
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.files import private_folder
from couponhub.state.sqlite.layout import Layout
from couponhub.state.sqlite.lockfile import held_lockfile, is_held, reap_all

_LOCK = ".lock"


class SqliteJobs(SqlJobs):
    """A `JobStore` of one machine.

    Args:
        store: Where it is kept.
        now: The clock of what is written, for tests.
        monotonic: That of leases, for tests: seconds that all processes of this machine count alike. After a restart
            of the machine they begin anew.
        followers: As of `SqlJobs`.
    """

    def __init__(
        self,
        store: LedgerDatabase,
        *,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        followers: Followers = no_followers,
    ) -> None:
        super().__init__(store, FileOwners(store.layout, monotonic), now=now, followers=followers)


@attrs.frozen
class FileOwners:
    """`Owners` on one machine: an empty file for each.

    Args:
        layout: Where they lie.
        monotonic: The clock of leases.
    """

    layout: Layout
    monotonic: Callable[[], float] = time.monotonic

    @property
    def clock_slack(self) -> float:
        """As `Owners.clock_slack`: nobody sets this clock, but a restart begins it anew."""
        return 0.0

    @contextmanager
    def worker(self) -> Iterator[str]:
        """As `Owners.worker`."""
        home = self._home
        with ExitStack() as held:
            try:
                private_folder(home)
                reap_all(home.glob(f"*{_LOCK}"), _nothing)
                lock = held.enter_context(
                    held_lockfile(lambda: home / f"{secrets.token_hex(16)}{_LOCK}", _nothing)
                )
            except OSError as error:
                raise LocalError(f"no locks can be held in {home}: {error.strerror}") from error
            yield lock.stem

    def now(self, database: Statements) -> float:  # noqa: ARG002 - of another kind of state
        """As `Owners.now`."""
        return self.monotonic()

    def living(self, database: Statements, names: Collection[str]) -> Collection[str]:  # noqa: ARG002 - the same
        """As `Owners.living`."""
        return {name for name in names if is_held(self._home / f"{name}{_LOCK}")}

    @property
    def _home(self) -> Path:
        return self.layout.codes / ".owners"


def _nothing(_: Path) -> None:
    """Remove nothing: an owner's lock stands for nothing but itself."""
