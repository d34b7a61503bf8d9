"""Capillary behind couponhub's protocols."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from couponhub.clock import SYSTEM_CLOCK, Clock, Deadline
from couponhub.errors import NotFound, UnreadableReply
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
    Identifier,
    ListChange,
    ListId,
    ListStatus,
    MergeForm,
    NewCouponList,
    Part,
    PartId,
    Tagging,
)
from couponhub.transport import Budget, Observer, ReplyRoom, RetryPolicy
from couponhub_capillary.adapter.coupons_by_code import coupons_by_code
from couponhub_capillary.adapter.creation import creation_fields, find_created
from couponhub_capillary.adapter.customer_coupons import customer_coupons
from couponhub_capillary.adapter.lists import SeriesLists, checked_series_id, shown
from couponhub_capillary.adapter.uploads import (
    Jobs,
    UploadApi,
    check_sign_in,
    check_tagging,
    check_takes_codes,
)
from couponhub_capillary.client import CapillaryClient
from couponhub_capillary.mapping.context import MappingContext
from couponhub_capillary.mapping.meanings import meanings_of
from couponhub_capillary.settings import CapillarySettings
from couponhub_capillary.settings.exports import export_form, merge_form
from couponhub_capillary.wire.times import Zones
from couponhub_capillary.wire.uploads import IDENTIFIER_WORDS

if TYPE_CHECKING:
    from couponhub.protocols import (
        AcceptsFiles,
        Adapter,
        ChecksNewLists,
        DescribesExports,
        ExplainsCoupons,
        FindsCoupons,
        FindsCustomerCoupons,
        Limits,
        ReadsLists,
        ReadsParts,
        SpellsMobiles,
        TagsCodes,
        WritesLists,
    )

_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "lists.activate": "create a new series; Capillary has no call that brings one back",
        "lists.archive": "let the series expire; Capillary neither archives nor deletes one",
        "uploads.urls": "download the file and send it with: couponhub uploads send CONN LIST_ID FILE",
        "uploads.delete": "uploaded codes cannot be taken back at Capillary; let their series expire",
        "coupons.take_back": "revoke the code with: couponhub call CONN POST /v2/coupon/revoke --body @FILE; and where"
        " its customer is to have it there, send it once more, tagged",
        "usage.request": "ask Capillary directly, it knows every coupon of a customer: couponhub lookup",
    }
)


class CapillaryAdapter:
    """One Capillary connection. Thread-safe.

    Args:
        connection: Its name in the config.
        settings: Its settings.
        clock: Tells the instant by which expiry is judged, and paces what is repeated.
        retry: How failed calls are repeated.
        budget: What the API key may still spend; None sets no bounds.
        observer: Is told of each call.
        room: The memory for replies; None for one of its own.
    """

    def __init__(
        self,
        connection: str,
        settings: CapillarySettings,
        *,
        clock: Clock = SYSTEM_CLOCK,
        retry: RetryPolicy | None = None,
        budget: Budget | None = None,
        observer: Observer | None = None,
        room: ReplyRoom | None = None,
    ) -> None:
        self._budget = budget
        self.limits: Limits = settings.effective_limits()
        # C-32, C-40, C-41: the header is free, codes are folded to upper case, quotes are merely unsaid. "Blanks
        # around values are tolerated", and of two codes that are one without them both are refused (C-37).
        self.file_rules = CodeFileRules(
            code_header="coupon code",
            customer_header="customer_identifier",
            max_rows=self.limits["file_rows"] or None,
            max_code_length=50,
            warn_code_length=20,
            ignores_case=True,
            ignores_blanks=True,
            quoting=True,
        )
        zone = settings.known_server_timezone
        self.export_form: ExportForm = export_form(ZoneInfo(zone) if zone else None)
        self.merge_form: MergeForm | None = merge_form(self.export_form.zone)
        self._connection = connection
        self._settings = settings
        self._zones = _zones(settings)
        self._clock = clock
        self._client = CapillaryClient(
            connection, settings, clock=clock, retry=retry, budget=budget, observer=observer, room=room
        )
        self._lists = SeriesLists(
            connection=connection, client=self._client, zones=self._zones, now=clock.now
        )
        self._uploads = UploadApi(client=self._client, settings=settings)

    def advice(self, capability: str) -> str:
        """As `Adapter.advice`."""
        return _ADVICE.get(capability, "")

    def check(self, *, deadline: Deadline | None = None) -> str:
        """As `Adapter.check`; reading one series proves address, credentials and the read right."""
        page = self._client.series_page(0, 1, deadline=deadline)
        return f"signed in; {'coupon series can be read' if page.rows else 'there are no coupon series yet'}"

    def quota_left(self) -> Mapping[str, int]:
        """As `Adapter.quota_left`."""
        return self._budget.left() if self._budget else {}

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: object = None,
    ) -> object:
        """As `Adapter.call`; paths that begin with /coupon/api/ go to the upload address."""
        return self._client.call(method, path, query=query or {}, body=body)

    def close(self) -> None:
        """As `Adapter.close`."""
        self._client.close()

    def get_list(self, list_id: ListId) -> CouponList:
        """As `ReadsLists.get_list`."""
        return self._lists.of(self._lists.row(list_id))

    def iterate_lists(self, status: ListStatus | None = None) -> Iterator[CouponList]:
        """As `ReadsLists.iterate_lists`; nothing is ever archived at Capillary."""
        if status is ListStatus.ARCHIVED:
            return iter(())
        return (
            coupon_list
            for coupon_list in self._lists.iterate()
            if status is None or coupon_list.status is status
        )

    def create_list(self, new: NewCouponList) -> CouponList:
        """As `WritesLists.create_list`; `extra` takes the documented fields of a coupon series.

        Raises:
            Unsupported: Alerts or a creator are asked for, which Capillary has none of.
        """
        return self._lists.create(new)

    def check_new_list(self, new: NewCouponList) -> None:
        """As `ChecksNewLists.check_new_list`."""
        creation_fields(new, self._zones)

    def find_created(self, new: NewCouponList) -> CouponList | None:
        """As `WritesLists.find_created`: by label, else by name and last day, which need not be unique.

        Raises:
            OutcomeUnknown: Series are there of which it cannot be told whether one is meant.
        """
        return find_created(new, self.iterate_lists(), self._zones)

    def update_list(self, list_id: ListId, change: ListChange) -> CouponList:
        """As `WritesLists.update_list`; `extra` takes the fields of `create_list`, and `seriesCode`.

        All that is known of the series is sent, so that a change made by somebody else meanwhile is undone.

        Raises:
            Unsupported: Alerts are asked for, which Capillary has none of.
        """
        return self._lists.update(list_id, change)

    def find_changed(self, list_id: ListId, change: ListChange) -> CouponList | None:
        """As `WritesLists.find_changed`."""
        return self._lists.find_changed(list_id, change)

    def prepare_list(
        self, list_id: ListId, tagging: Tagging | None, *, deadline: Deadline | None = None
    ) -> CouponList:
        """As `AcceptsFiles.prepare_list`; only series of uploaded codes take any (C-45)."""
        check_sign_in(self._settings)
        check_tagging(tagging)
        row = self._lists.row(list_id, deadline=deadline)
        coupon_list = self._lists.of(row)
        check_takes_codes(row, coupon_list)
        return coupon_list

    @property
    def tag_identifiers(self) -> frozenset[Identifier]:
        """As `TagsCodes.tag_identifiers`."""
        return frozenset(IDENTIFIER_WORDS)

    def submit_file(
        self, list_id: ListId, file: CodeFile, tagging: Tagging | None, *, deadline: Deadline | None = None
    ) -> Part:
        """As `AcceptsFiles.submit_file`."""
        check_sign_in(self._settings)
        check_tagging(tagging)
        return self._uploads.send(checked_series_id(list_id), file, tagging, deadline)

    def find_submitted(self, list_id: ListId, name: str, *, deadline: Deadline | None = None) -> Part | None:
        """As `AcceptsFiles.find_submitted`; the oldest of that name.

        Raises:
            UnreadableReply: Jobs came that may be it, so that absence is not proven.
        """
        return self._jobs(list_id, deadline).named(name)

    def get_part(self, list_id: ListId, part_id: PartId, *, deadline: Deadline | None = None) -> Part:
        """As `ReadsParts.get_part`: there is no call for one job, all of the series are read (C-44)."""
        jobs = self._jobs(list_id, deadline)
        for part in jobs.parts:
            if part.id == part_id:
                return part
        if jobs.unreadable:
            raise UnreadableReply("jobs came that cannot be read: the one asked for may be among them")
        raise NotFound(f"Capillary shows no upload job {shown(part_id)} in this series")

    def iterate_parts(self, list_id: ListId) -> Iterator[Part]:
        """As `ReadsParts.iterate_parts`, oldest first; one call brings them all."""
        jobs = self._jobs(list_id)
        if not jobs.parts and not jobs.unreadable:
            self._lists.row(list_id)  # an unknown series shows no jobs either (C-43)
        return self._parts(jobs)

    def coupons_by_code(self, codes: Sequence[str]) -> tuple[Coupon, ...]:
        """As `FindsCoupons.coupons_by_code`; a code that is left out may be in the pool all the same (C-67).

        Raises:
            UsageError: A code is blank or holds a comma, so that it cannot be asked about; nothing was sent.
        """
        reading = MappingContext(connection=self._connection, zones=self._zones, now=self._clock.now())
        return coupons_by_code(self._client, codes, reading)

    def explain_coupon(self, coupon: Coupon) -> tuple[FieldProvenance, ...]:
        """As `ExplainsCoupons.explain_coupon`."""
        return meanings_of(coupon)

    @property
    def country_code(self) -> str | None:
        """As `SpellsMobiles.country_code` (C-28)."""
        return self._settings.country_code

    def customer_coupons(
        self, customer: Customer, query: CouponQuery, *, deadline: Deadline | None = None
    ) -> CustomerCoupons:
        """As `FindsCustomerCoupons.customer_coupons`."""
        if query.list_id is not None:
            checked_series_id(query.list_id)
        return customer_coupons(
            self._client,
            customer,
            query,
            connection=self._connection,
            zones=self._zones,
            country_code=self.country_code,
            clock=self._clock,
            deadline=deadline,
        )

    def _jobs(self, list_id: ListId, deadline: Deadline | None = None) -> Jobs:
        check_sign_in(self._settings)
        return self._uploads.jobs(checked_series_id(list_id), deadline)

    def _parts(self, jobs: Jobs) -> Iterator[Part]:
        yield from jobs.parts
        if jobs.unreadable:
            raise UnreadableReply(f"{jobs.unreadable} of the upload jobs could not be read")


def _zones(settings: CapillarySettings) -> Zones:
    server, store = settings.known_server_timezone, settings.store_timezone
    return Zones(
        server=ZoneInfo(server or "UTC"),
        server_is_guess=server is None,
        store=None if store is None else ZoneInfo(store),
    )


if TYPE_CHECKING:
    _adapter: type[Adapter] = CapillaryAdapter
    _reads_lists: type[ReadsLists] = CapillaryAdapter
    _writes_lists: type[WritesLists] = CapillaryAdapter
    _checks_new_lists: type[ChecksNewLists] = CapillaryAdapter
    _accepts_files: type[AcceptsFiles] = CapillaryAdapter
    _tags_codes: type[TagsCodes] = CapillaryAdapter
    _reads_parts: type[ReadsParts] = CapillaryAdapter
    _finds_customer_coupons: type[FindsCustomerCoupons] = CapillaryAdapter
    _spells_mobiles: type[SpellsMobiles] = CapillaryAdapter
    _finds_coupons: type[FindsCoupons] = CapillaryAdapter
    _explains_coupons: type[ExplainsCoupons] = CapillaryAdapter
    _describes_exports: type[DescribesExports] = CapillaryAdapter
