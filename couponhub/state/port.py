"""The one port to durable state: everything that must be known after a process has ended."""

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from couponhub.state.audit import AuditLog
from couponhub.state.callbacks import Callbacks
from couponhub.state.invalidation import InvalidationSignal
from couponhub.state.job_files import JobFiles
from couponhub.state.jobs import JobStore
from couponhub.state.ledger import IsForgotten, Ledger
from couponhub.state.locks import Locks
from couponhub.state.maintenance import Maintenance
from couponhub.state.migration_log import MigrationLog
from couponhub.state.preference import LookupPreference
from couponhub.state.quotas import QuotaStore
from couponhub.state.readings import Readings
from couponhub.state.reaped import Reaped
from couponhub.state.reports import ReportIndex
from couponhub.state.settings import StoreSettings
from couponhub.state.sign_outs import SignOuts
from couponhub.state.tokens import Tokens
from couponhub.state.vendor_calls import VendorCalls

if TYPE_CHECKING:
    from couponhub.state.reach import PartProbe


class State(Protocol):
    """Durable state, shared by the threads of a process, by processes, and where its kind allows it by machines.

    `open_state` gives one. Opening it touches nothing: what it needs is opened with the first use, and made with the
    first write. Thread-safe; a process that is forked off uses it like any other process. The protocols of the parts
    are their specification, and `couponhub.testing.StateConformanceSuite` tests every sentence of them that can be
    tested.
    """

    @property
    def settings(self) -> StoreSettings:
        """The settings that it was opened with."""
        ...

    def ledger(self, connection: str) -> Ledger:
        """Return the uploads of a connection, and their code sets."""
        ...

    @property
    def jobs(self) -> JobStore:
        """The jobs of all connections."""
        ...

    @property
    def job_files(self) -> JobFiles:
        """The files that jobs keep between their steps."""
        ...

    @property
    def tokens(self) -> Tokens:
        """The tokens of the HTTP endpoint."""
        ...

    @property
    def sign_outs(self) -> SignOuts:
        """The sessions of people that were signed out of."""
        ...

    @property
    def callbacks(self) -> Callbacks:
        """The addresses that vendors may call."""
        ...

    @property
    def quotas(self) -> QuotaStore:
        """The counters of rate limits."""
        ...

    @property
    def reports(self) -> ReportIndex:
        """The index of usage reports."""
        ...

    @property
    def invalidation(self) -> InvalidationSignal:
        """The signal that people were forgotten."""
        ...

    @property
    def migration_log(self) -> MigrationLog:
        """The events of migrations between vendors."""
        ...

    @property
    def audit(self) -> AuditLog:
        """The log of who has done what."""
        ...

    @property
    def readings(self) -> Readings:
        """The history of lists and limits."""
        ...

    @property
    def vendor_calls(self) -> VendorCalls:
        """The calls to vendors that are kept for a while."""
        ...

    @property
    def preference(self) -> LookupPreference:
        """The connections that lookups ask first."""
        ...

    @property
    def locks(self) -> Locks:
        """Locks by name."""
        ...

    @property
    def maintenance(self) -> Maintenance:
        """The care for the state."""
        ...

    def probes(self) -> "tuple[PartProbe, ...]":
        """Return a look at each part that the state rests on: the state itself first, its files, the usage index.

        Two parts may lie in one engine; each has its look all the same. Nothing is asked before a look is taken, and
        none makes anything. A state that was never used can be reached where it can be made.
        """
        ...

    def forget(self, is_forgotten: IsForgotten) -> int:
        """Remove customers from the files of tagged parts that are kept, and from those of jobs that name them.

        The codes of tagged parts then are not sent with those.

        Each file is replaced as a whole: killed half way, every file is the one from before or the one without them.

        Returns:
            How many rows were removed.

        Raises:
            LocalError: Something could not be removed; repeat it then, for what was removed stays so.
        """
        ...

    def drop_copies(self) -> None:
        """Remove what this process has copied of files that others have replaced or removed since, as `forget` does.

        Nothing happens where files are read in their own place.

        Raises:
            LocalError: Nobody can tell which those are.
        """
        ...

    def reap(self) -> Mapping[str, Reaped]:
        """Remove what killed processes of this machine left in workspaces; by what it was, for people."""
        ...

    def close(self) -> None:
        """Let go of everything; a later use opens it again. Of several errors the last is raised, when all is closed."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
