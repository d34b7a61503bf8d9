"""One opened connection: the same surface whatever the vendor; what the vendor lacks is refused when called."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from couponhub.auditing import UNWRITTEN, Auditor
from couponhub.capabilities import Capabilities, Offered, capabilities_of
from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.connection.arguments import given_deadline, given_method, given_query
from couponhub.connection.coupons import Coupons
from couponhub.connection.customers import Customers
from couponhub.connection.lists import Lists
from couponhub.error_context import ErrorContext
from couponhub.models import ExportForm, MergeForm, ReportForm
from couponhub.models.given import given_text
from couponhub.protocols import Adapter, DescribesExports, RequestsUsageReports
from couponhub.rooted import Rooted
from couponhub.state import AuditAction, Ledger
from couponhub.uploads import Uploads
from couponhub.usage import Reports, Usage, UsageIndex

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Connection(Rooted):
    """One account at one vendor, opened. Thread-safe.

    Attributes:
        name: As in the config.
        vendor: The vendor's name for people.
        adapter: The adapter's name, as in the config.
    """

    def __init__(
        self,
        *,
        name: str,
        vendor: str,
        adapter_name: str,
        adapter: Adapter,
        uploads: Uploads,
        index: UsageIndex,
        ledger: Callable[[], Ledger],
        settle: float = 30.0,
        clock: Clock = SYSTEM_CLOCK,
        auditor: Auditor = UNWRITTEN,
    ) -> None:
        offered = Offered(adapter, name)
        reports = Reports(name, offered, index)
        self.name = name
        self.vendor = vendor
        self.adapter = adapter_name
        self.lists = Lists(name, offered, settle=settle, clock=clock, auditor=auditor)
        self.uploads = uploads
        self.customers = Customers(name, offered, reports, clock)
        self.coupons = Coupons(name, offered)
        self.usage = Usage(name, offered, reports, ledger=ledger)
        self._adapter = adapter
        self._clock = clock
        self._auditor = auditor

    def _title(self) -> str:
        return f" {self.name} at {self.vendor}"

    @property
    def capabilities(self) -> Capabilities:
        """The capabilities of this connection, with the vendor's limits."""
        return capabilities_of(self._adapter)

    @property
    def table_forms(self) -> tuple[ExportForm | ReportForm, ...]:
        """The forms of the tables that its vendor exports of who holds which code: exports and usage reports; () for none."""
        exports = (self._adapter.export_form,) if isinstance(self._adapter, DescribesExports) else ()
        reports = (self._adapter.report_form,) if isinstance(self._adapter, RequestsUsageReports) else ()
        return (*exports, *reports)

    @property
    def merge_form(self) -> MergeForm | None:
        """The form of its vendor's log of merged customers; None where there is none."""
        return self._adapter.merge_form if isinstance(self._adapter, DescribesExports) else None

    def quota_left(self) -> Mapping[str, int]:
        """Return how many calls are left now of every limit that has a window, by its flat name.

        Empty where there is none. A limit that was turned off (0) is not among them.

        Raises:
            LocalError: The state, which counts them, cannot be read.
        """
        with ErrorContext(self.name, "read quota"):
            return self._adapter.quota_left()

    def check(self, *, deadline: float | None = None) -> str:
        """Prove address, credentials and rights by the cheapest harmless call; return what was proven, for people.

        Args:
            deadline: Seconds until the answer has to be there; None for as long as `timeout` and retries allow.

        Raises:
            AuthRejected: The vendor does not accept the credentials.
            PermissionDenied: They lack a right.
            VendorUnavailable: The vendor does not answer.
            VendorError: It answers otherwise than it documents.
        """
        with ErrorContext(self.name, "check"):
            return self._adapter.check(deadline=given_deadline(deadline, self._clock))

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: object = None,
    ) -> object:
        """Call an endpoint of the vendor that has no method here, signed in; return its decoded JSON, None when empty.

        Args:
            method: A word such as GET.
            path: Relative to the vendor's base address: an absolute URL, `//` and `..` are refused.
            query: Parameters of the address, each a text or several.
            body: Anything that JSON has a form for; None sends none.

        Raises:
            UsageError: The method is no word, the path leaves the vendor's base address, the query holds something
                else than texts, or JSON has no form for the body.
        """
        with ErrorContext(self.name, "call"), ExitStack() as held:
            word, where = given_method(method), given_text(path, "the path")
            words = None if query is None else given_query(query)
            if word not in _READING:
                # Not its path, which may name a customer or a code.
                act = self._auditor.act(AuditAction.CALL_VENDOR, connection=self.name, reference=word)
                held.enter_context(act)
            return self._adapter.call(word, where, query=words, body=body)

    def close(self) -> None:
        """Release its network connections. Closing the hub does it, too; it is harmless to do it twice."""
        self._adapter.close()
