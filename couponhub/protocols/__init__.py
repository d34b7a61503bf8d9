"""Offers of an adapter, one small Protocol per capability; the docstrings are the specification.

An adapter implements any subset; what it implements is what it can do, there is no second list. Rule
numbers (R-01 ...) refer to `docs/contract.md`, and the conformance suite in `couponhub.testing` checks them.

All methods are synchronous and safe to call from several threads at once. All may raise `VendorError`
subclasses; no exception of an HTTP, OAuth or conversion library leaves an adapter (R-05). An adapter never
splits, stages, waits or remembers: that is the core's work.

Where a method takes a `deadline`, it is the moment by which it ends, retries included; with one, a
rate limit is never waited out, also with one that never comes.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, tzinfo
from typing import Protocol, runtime_checkable

from couponhub.clock import Deadline
from couponhub.models import (
    CodeFile,
    CodeFileRules,
    Coupon,
    CouponList,
    CouponQuery,
    Customer,
    CustomerCoupons,
    ExportForm,
    FieldProvenance,
    FileUrl,
    Identifier,
    ListChange,
    ListId,
    ListStatus,
    MergeForm,
    NewCouponList,
    Part,
    PartId,
    ReportForm,
    Tagging,
)
from couponhub.protocols.supplements import ChecksNewLists as ChecksNewLists
from couponhub.protocols.supplements import TagsCodes as TagsCodes

Limits = Mapping[str, int]
"""Documented limits by flat name: `<operation>_per_minute`, `<operation>_per_day`, `file_bytes`, `file_rows`, `list_codes`."""


@runtime_checkable
class Adapter(Protocol):
    """The part that every adapter has, whatever its vendor can do."""

    limits: Limits
    """Documented limits under their flat names, the connection's overrides applied; 0 is an override to "none"."""

    def advice(self, capability: str) -> str:
        """Say what to do instead of a capability that the vendor lacks, by its name, or of `coupons.take_back`; "" for nothing."""
        ...

    def check(self, *, deadline: Deadline | None = None) -> str:
        """Make the cheapest harmless call that proves address, credentials and rights; say what was proven."""
        ...

    def quota_left(self) -> Mapping[str, int]:
        """Return what is left now of every limit that has a window, by its flat name; empty where there is none."""
        ...

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: object = None,
    ) -> object:
        """Call an endpoint that has no method here, signed in; answer the decoded JSON, None when empty.

        `path` is relative to the vendor's base; an absolute URL, `//` and `..` are refused with `UsageError`. A
        parameter of the query may have several values, and then stands once for each.
        """
        ...

    def close(self) -> None:
        """Release connections. Calling it twice is harmless."""
        ...


@runtime_checkable
class ReadsLists(Protocol):
    """Can read coupon lists."""

    def get_list(self, list_id: ListId) -> CouponList:
        """One list by the vendor's id.

        Raises:
            NotFound: The vendor knows no such list (R-20).
        """
        ...

    def iterate_lists(self, status: ListStatus | None = None) -> Iterator[CouponList]:
        """All lists of that status, or of any when None, each once (R-21); order is the vendor's.

        Bad arguments and missing support raise at the call, not at the first item. Pages are fetched as
        they are consumed. A row that cannot be read raises `UnreadableReply` after the readable rows.
        """
        ...


@runtime_checkable
class WritesLists(Protocol):
    """Can create and change lists."""

    def create_list(self, new: NewCouponList) -> CouponList:
        """Create a list and answer it as the vendor now holds it (R-23).

        Raises:
            UsageError: Fields the vendor requires are missing or wrong; all are named at once, nothing was sent (R-11).
            Conflict: The name or label is taken (R-24).
            OutcomeUnknown: It was sent and no answer came; `find_created` finds out.
        """
        ...

    def find_created(self, new: NewCouponList) -> CouponList | None:
        """Look for the list that `create_list(new)` would have made; None when there is none now."""
        ...

    def update_list(self, list_id: ListId, change: ListChange) -> CouponList:
        """Change a list and answer it as the vendor now holds it (R-29).

        What the change does not name stays as it is (R-30). Where the vendor takes it only together with what is to
        change, it is read right before and sent back; what cannot be sent back as it was is a refusal.

        Raises:
            UsageError: Nothing is to be changed, or fields are wrong; all are named at once, nothing was sent.
            NotFound: The vendor knows no such list.
            Conflict: The new name is taken, or the list stands so that it cannot be changed.
            UnreadableReply: What is to stay cannot be read; nothing was sent.
            OutcomeUnknown: It was sent and no answer came; `find_changed` finds out.
        """
        ...

    def find_changed(self, list_id: ListId, change: ListChange) -> CouponList | None:
        """Look whether a list stands as `change` asks: the list if so, None when it does not now.

        Raises:
            VendorError: It cannot be told; `UnreadableReply` where the list does not show what was to be changed.
        """
        ...


@runtime_checkable
class ActivatesLists(Protocol):
    """Can bring an expired or archived list back; codes are not restored."""

    def activate_list(self, list_id: ListId, expires: date) -> None:
        """Make the list active until the end of `expires`; repeating it is harmless.

        Raises:
            NotFound: The vendor knows no such list.
            Conflict: The list stands so that it cannot be activated.
            OutcomeUnknown: It was sent and no answer came; `WritesLists.find_changed` finds out.
        """
        ...


@runtime_checkable
class ArchivesLists(Protocol):
    """Can retire a list for good."""

    def archive_list(self, list_id: ListId) -> None:
        """Archive the list; repeating it is harmless.

        DESTRUCTIVE: the vendor deletes the codes that were not handed out.

        Raises:
            NotFound: The vendor knows no such list.
            Conflict: The list stands so that it cannot be archived.
            OutcomeUnknown: It was sent and no answer came; reading the list finds out.
        """
        ...


@runtime_checkable
class AcceptsFiles(Protocol):
    """Takes code files that are sent to it."""

    file_rules: CodeFileRules

    def prepare_list(
        self, list_id: ListId, tagging: Tagging | None, *, deadline: Deadline | None = None
    ) -> CouponList:
        """Read the list and check that it can take such codes now, before anything is sent.

        Raises:
            NotFound: No such list (R-45).
            Conflict: The list stands so that the codes would be refused, e.g. it expired.
            Unsupported: The list is of a kind that takes no codes, or the vendor cannot tag like that.
        """
        ...

    def submit_file(
        self, list_id: ListId, file: CodeFile, tagging: Tagging | None, *, deadline: Deadline | None = None
    ) -> Part:
        """Send one file; the answer means "queued", nothing more (R-40).

        Raises:
            OutcomeUnknown: It was sent and no answer came; `find_submitted` finds out.
        """
        ...

    def find_submitted(self, list_id: ListId, name: str, *, deadline: Deadline | None = None) -> Part | None:
        """Look for the file of that unique name; None when the vendor shows none now (R-47)."""
        ...


@runtime_checkable
class AcceptsFileUrls(Protocol):
    """Takes the address of a code file and fetches it later."""

    file_rules: CodeFileRules

    def prepare_list(
        self, list_id: ListId, tagging: Tagging | None, *, deadline: Deadline | None = None
    ) -> CouponList:
        """As `AcceptsFiles.prepare_list`."""
        ...

    def submit_url(
        self,
        list_id: ListId,
        file: FileUrl,
        name: str,
        callback: str | None,
        *,
        deadline: Deadline | None = None,
    ) -> Part:
        """Hand over one address; the answer means "accepted", the vendor fetches the file later (R-40).

        Raises:
            OutcomeUnknown: It was sent and no answer came; `find_submitted` finds out.
        """
        ...

    def find_submitted(self, list_id: ListId, name: str, *, deadline: Deadline | None = None) -> Part | None:
        """Look for the file of that unique name; None when the vendor shows none now (R-47)."""
        ...


@runtime_checkable
class ReadsParts(Protocol):
    """Can say how files stand."""

    def get_part(self, list_id: ListId, part_id: PartId, *, deadline: Deadline | None = None) -> Part:
        """One file by the vendor's id.

        Raises:
            NotFound: The vendor shows no such file (R-50).
        """
        ...

    def iterate_parts(self, list_id: ListId) -> Iterator[Part]:
        """All files of a list, oldest first where the vendor tells, each once (R-51)."""
        ...


@runtime_checkable
class DeletesParts(Protocol):
    """Can take a file back."""

    def delete_part(self, list_id: ListId, part_id: PartId) -> None:
        """Delete a file. DESTRUCTIVE: its codes that were not handed out are gone at the vendor.

        Raises:
            NotFound: The vendor shows no such file.
        """
        ...


@runtime_checkable
class FindsCustomerCoupons(Protocol):
    """Can say which coupons a customer holds."""

    def customer_coupons(
        self, customer: Customer, query: CouponQuery, *, deadline: Deadline | None = None
    ) -> CustomerCoupons:
        """All coupons the customer holds that `query` selects, as `couponhub.models.selected` does (R-60).

        A customer the vendor does not know is an answer, not an error: no coupons, `customer_known` False,
        the vendor's own code kept (R-61). A known customer without coupons is an answer too (R-62). `complete`
        is False when a row could not be read or the answer may be cut (R-67). What else the answer names the
        customer by stands in `also_known_as` (R-69).

        Args:
            customer: Whom to ask about.
            query: Which coupons are meant, with couponhub's meanings, never the vendor's (R-64); it asks for no
                order and no limit, which are applied to the whole answer afterwards.
            deadline: See above.

        Raises:
            Unsupported: The vendor cannot look up by this identifier (R-60).
            VendorError: Nothing may be concluded about the customer (R-67).
        """
        ...


@runtime_checkable
class NarrowsIdentifiers(Protocol):
    """Beside `FindsCustomerCoupons`, of a vendor that knows customers by some kinds of identifier only.

    A lookup by another kind waits until some connection names the customer by one of these (R-69). An adapter
    without this is asked by whatever was given, and refuses what it cannot use (R-60).
    """

    @property
    def identifiers(self) -> frozenset[Identifier]:
        """The kinds of identifier that customers can be asked about by. Answered from memory: every lookup asks for it."""
        ...


@runtime_checkable
class SpellsMobiles(Protocol):
    """Beside `FindsCustomerCoupons`, of a vendor that keeps mobiles as they were typed: in full, or without a country.

    All forms of a mobile are then one question, and it is asked about in each of them (R-70). Where nobody said
    whose numbers stand without a country code, an unknown mobile proves nothing (R-74).
    """

    @property
    def country_code(self) -> str | None:
        """Of the country whose numbers may stand without one, such as 91; None when nobody said."""
        ...


@runtime_checkable
class FindsCoupons(Protocol):
    """Can say what a vendor knows of given codes."""

    def coupons_by_code(self, codes: Sequence[str]) -> tuple[Coupon, ...]:
        """Return what the vendor says of each code; a code it does not know is left out."""
        ...


@runtime_checkable
class ExplainsCoupons(Protocol):
    """Can say why its coupons say what they say. No capability of the vendor's: `couponhub explain` asks for it."""

    def explain_coupon(self, coupon: Coupon) -> tuple[FieldProvenance, ...]:
        """Tell where the fields of one of its coupons come from; calls nobody. The status is among them."""
        ...


@runtime_checkable
class RequestsUsageReports(Protocol):
    """Can have the vendor mail a report of who was given which code.

    Its limits are named `usage_report_per_minute` and `usage_report_per_day`. `report_form` says how its reports are
    read; one that leaves open whom it names is refused (R-86, R-87).
    """

    report_form: ReportForm

    def request_usage_report(self, list_id: ListId, start: date, end: date, recipients: Sequence[str]) -> str:
        """Queue a report of the days `start` to `end`, both included; answer the vendor's sentence (R-80)."""
        ...

    def report_zones(self, lists: Sequence[CouponList]) -> Sequence[tzinfo]:
        """Return the zones in which the days of its reports may begin: one, unless neither the settings nor `lists` tell.

        Calls nobody. Nothing is concluded from a day that is not over in every one of them (R-84).
        """
        ...


@runtime_checkable
class DescribesExports(Protocol):
    """Knows how the tables look that its vendor exports by ways of its own, as files that somebody fetches there.

    No capability: the vendor is not asked for them, and nothing is refused for the want of it.
    """

    export_form: ExportForm
    """Of its export of codes and whom they were issued to."""

    merge_form: MergeForm | None
    """Of its log of merged customers; None where it merges none, or tells nobody."""


CAPABILITIES: Mapping[str, type] = {
    "lists.read": ReadsLists,
    "lists.write": WritesLists,
    "lists.activate": ActivatesLists,
    "lists.archive": ArchivesLists,
    "uploads.files": AcceptsFiles,
    "uploads.urls": AcceptsFileUrls,
    "uploads.read": ReadsParts,
    "uploads.delete": DeletesParts,
    "customers.coupons": FindsCustomerCoupons,
    "coupons.find": FindsCoupons,
    "usage.request": RequestsUsageReports,
}
"""Every capability by the name that users see."""
