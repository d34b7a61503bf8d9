"""Capillary behind couponhub's protocols."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from couponhub.errors import (
    Conflict,
    CouponhubError,
    NotFound,
    RequestRejected,
    UnreadableReply,
    Unsupported,
    VendorError,
)
from couponhub.models import (
    CodeFile,
    CodeFileRules,
    CouponList,
    CouponQuery,
    Customer,
    CustomerCoupons,
    ListId,
    ListStatus,
    NewCouponList,
    Part,
    PartId,
    Tagging,
)
from couponhub.models.base import utc_now
from couponhub.transport import Budgets, RetryPolicy
from couponhub_capillary.client import CapillaryClient
from couponhub_capillary.creation import creation_fields, find_created
from couponhub_capillary.limits import effective_limits
from couponhub_capillary.lookup import customer_coupons
from couponhub_capillary.mapping.lists import list_from
from couponhub_capillary.mapping.parts import part_from
from couponhub_capillary.settings import CapillarySettings, SignIn
from couponhub_capillary.wire.series import KINDS, PAGE_SIZE, UPLOADED_CODES, series_id_of
from couponhub_capillary.wire.times import Zones
from couponhub_capillary.wire.uploads import IDENTIFIER_WORDS, job_id_of
from couponhub_capillary.wire.values import whole, word

if TYPE_CHECKING:
    from couponhub.protocols import (
        AcceptsFiles,
        Adapter,
        FindsCustomerCoupons,
        Limits,
        ReadsLists,
        ReadsParts,
        WritesLists,
    )

_SERIES_ID = re.compile(r"[1-9][0-9]{0,17}")

_log = logging.getLogger(__name__)

_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "lists.activate": "create a new series; Capillary has no call that brings one back",
        "lists.archive": "let the series expire; Capillary neither archives nor deletes one",
        "uploads.urls": "download the file and send it with: couponhub uploads send CONN LIST_ID FILE",
        "uploads.delete": "uploaded codes cannot be taken back at Capillary; let their series expire",
        "coupons.find": "look the customer up: couponhub lookup",
        "usage.request": "ask Capillary directly, it knows every coupon of a customer: couponhub lookup",
    }
)


class CapillaryAdapter:
    """One Capillary connection. Thread-safe.

    Args:
        connection: Its name in the config.
        settings: Its settings.
        now: Tells the instant by which expiry is judged.
        retry: How failed calls are repeated.
        budgets: What the API key may still spend; None sets no bounds.
    """

    def __init__(
        self,
        connection: str,
        settings: CapillarySettings,
        *,
        now: Callable[[], datetime] = utc_now,
        retry: RetryPolicy | None = None,
        budgets: Budgets | None = None,
    ) -> None:
        self._budgets = budgets
        self.limits: Limits = effective_limits(settings.limits)
        # C-32, C-40, C-41: the header is free, codes are folded to upper case, quotes are merely unsaid.
        self.file_rules = CodeFileRules(
            code_header="coupon code",
            customer_header="customer_identifier",
            max_rows=self.limits["file_rows"] or None,
            max_code_length=50,
            warn_code_length=20,
            ignores_case=True,
            quoting=True,
        )
        self._connection = connection
        self._settings = settings
        self._zones = _zones(settings)
        self._now = now
        self._client = CapillaryClient(connection, settings, retry=retry, budgets=budgets)

    def advice(self, capability: str) -> str:
        """As `Adapter.advice`."""
        return _ADVICE.get(capability, "")

    def check(self) -> str:
        """As `Adapter.check`; reading one series proves address, credentials and the read right."""
        page = self._client.series_page(0, 1)
        return f"signed in; {'coupon series can be read' if page.rows else 'there are no coupon series yet'}"

    def quota_left(self) -> Mapping[str, int]:
        """As `Adapter.quota_left`."""
        return self._budgets.left() if self._budgets else {}

    def call(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: object = None
    ) -> object:
        """As `Adapter.call`; paths that begin with /coupon/api/ go to the upload address."""
        return self._client.call(method, path, query=query or {}, body=body)

    def close(self) -> None:
        """As `Adapter.close`."""
        self._client.close()

    def get_list(self, list_id: ListId) -> CouponList:
        """As `ReadsLists.get_list`."""
        return self._list(self._series(list_id))

    def iterate_lists(self, status: ListStatus | None = None) -> Iterator[CouponList]:
        """As `ReadsLists.iterate_lists`; nothing is ever archived at Capillary."""
        if status is ListStatus.ARCHIVED:
            return iter(())
        lists = (self._list(row) for row in self._all_series())
        return (coupon_list for coupon_list in lists if status is None or coupon_list.status is status)

    def create_list(self, new: NewCouponList) -> CouponList:
        """As `WritesLists.create_list`; `extra` takes the documented fields of a coupon series.

        Raises:
            Unsupported: Alerts or a creator are asked for, which Capillary has none of.
        """
        try:
            fields = creation_fields(new, self._zones)
        except CouponhubError as error:
            raise error.located(connection=self._connection, operation="create list") from None
        created = self._client.create_series(fields)
        try:
            held = self._client.series(series_id_of(created) or "") or created
        except VendorError:
            # It is created: that reading it again fails must not look as if it were not.
            held = created
        if new.label is not None and held.get("seriesCode") != new.label:
            # Seen in a printed sample (C-47); what the vendor holds is what is true.
            _log.warning("%s: Capillary gave the new series a code of its own", self._connection)
        return self._list(held)

    def find_created(self, new: NewCouponList) -> CouponList | None:
        """As `WritesLists.find_created`: by label, else by name and last day, which need not be unique.

        Raises:
            OutcomeUnknown: Series are there of which it cannot be told whether one is meant.
        """
        return find_created(new, self.iterate_lists(), self._zones)

    def prepare_list(self, list_id: ListId, tagging: Tagging | None) -> CouponList:
        """As `AcceptsFiles.prepare_list`; only series of uploaded codes take any (C-45)."""
        self._refuse_basic()
        if tagging is not None and tagging.identifier not in IDENTIFIER_WORDS:
            raise Unsupported(f"Capillary cannot bind codes to customers by {tagging.identifier}")
        row = self._series(list_id)
        kind = word(row.get("clientHandlingType"))
        if kind != UPLOADED_CODES:
            raise Unsupported(
                f"the series takes no uploaded codes, it is of kind {kind if kind in KINDS else 'unknown'}",
                hint=f"create a series with clientHandlingType={UPLOADED_CODES}",
            )
        coupon_list = self._list(row)
        if coupon_list.status is ListStatus.EXPIRED:
            raise Conflict("the series has expired", hint="create a new series, or extend it at Capillary")
        most, issued = whole(row.get("maxCreate")), whole(row.get("numIssued"))
        if most is not None and issued is not None and 0 < most <= issued:
            raise Conflict("the series has issued as many coupons as its maxCreate allows")
        return coupon_list

    def submit_file(self, list_id: ListId, file: CodeFile, tagging: Tagging | None) -> Part:
        """As `AcceptsFiles.submit_file`."""
        self._refuse_basic()
        series_id = _series_id(list_id)
        try:
            return part_from(self._client.upload(series_id, file, tagging))
        except (NotFound, RequestRejected) as error:
            self._explain(error, series_id)
            raise

    def find_submitted(self, list_id: ListId, name: str) -> Part | None:
        """As `AcceptsFiles.find_submitted`; the oldest of that name."""
        parts, unreadable = self._parts(list_id)
        for part in parts:
            if part.name == name:
                return part
        if unreadable:
            raise UnreadableReply("jobs came that cannot be read: the file may be among them")
        return None

    def get_part(self, list_id: ListId, part_id: PartId) -> Part:
        """As `ReadsParts.get_part`: there is no call for one job, all of the series are read (C-44)."""
        parts, unreadable = self._parts(list_id)
        for part in parts:
            if part.id == part_id:
                return part
        if unreadable:
            raise UnreadableReply("jobs came that cannot be read: the one asked for may be among them")
        raise NotFound(f"Capillary shows no upload job {_shown(part_id)} in this series")

    def iterate_parts(self, list_id: ListId) -> Iterator[Part]:
        """As `ReadsParts.iterate_parts`, oldest first; one call brings them all."""
        parts, unreadable = self._parts(list_id)
        if not parts and not unreadable:
            self._series(list_id)  # an unknown series shows no jobs either (C-43)
        return _then_complain(parts, unreadable)

    def customer_coupons(
        self, customer: Customer, query: CouponQuery, *, deadline: float | None = None
    ) -> CustomerCoupons:
        """As `FindsCustomerCoupons.customer_coupons`."""
        if query.list_id is not None:
            _series_id(query.list_id)
        return customer_coupons(
            self._client,
            customer,
            query,
            connection=self._connection,
            zones=self._zones,
            country_code=self._settings.default_country_code,
            now=self._now,
            deadline=deadline,
        )

    def _list(self, row: Mapping[str, Any]) -> CouponList:
        return list_from(row, connection=self._connection, zones=self._zones, now=self._now())

    def _series(self, list_id: ListId) -> Mapping[str, Any]:
        row = self._client.series(_series_id(list_id))
        if row is None:
            raise NotFound(f"Capillary knows no coupon series {_shown(list_id)}")
        return row

    def _all_series(self) -> Iterator[Mapping[str, Any]]:
        """Every series once: pages shift under a walk, because an update moves a series to the front."""
        seen: set[str] = set()
        offset = 0
        unreadable = 0
        while True:
            page = self._client.series_page(offset, PAGE_SIZE)
            news = 0
            for row in page.rows:
                series_id = series_id_of(row)
                if series_id is None or not isinstance(row, dict):
                    unreadable += 1
                elif series_id not in seen:
                    seen.add(series_id)
                    news += 1
                    yield row
            if page.last:
                break
            if news == 0:
                raise UnreadableReply("the pages of the series repeat, so that the rest cannot be had")
            offset += len(page.rows)
        if unreadable:
            raise UnreadableReply(f"{unreadable} of the series could not be read")

    def _parts(self, list_id: ListId) -> tuple[Sequence[Part], int]:
        """The series' jobs, oldest first, and how many could not be read."""
        self._refuse_basic()
        series_id = _series_id(list_id)
        try:
            jobs = self._client.upload_jobs(series_id)
        except (NotFound, RequestRejected) as error:
            self._explain(error, series_id)
            raise
        readable = {job_id: job for job in jobs if (job_id := job_id_of(job)) is not None}
        parts = [part_from(readable[job_id]) for job_id in sorted(readable, key=int)]  # type: ignore[arg-type] # only mappings have ids
        return parts, sum(job_id_of(job) is None for job in jobs)

    def _explain(self, error: VendorError, series_id: str) -> None:
        """Refine a 400 or 404 of the upload API, which does not say what it means (C-1, C-43)."""
        try:
            row = self._client.series(series_id)
        except VendorError:
            return  # what is known stands: the call was refused
        if row is None:
            raise NotFound(
                f"Capillary knows no coupon series {_shown(series_id)}",
                operation=error.operation,
                vendor_code=error.vendor_code,
                status=error.status,
            ) from None
        if not isinstance(error, NotFound):
            return
        addresses = {self._settings.upload_address, self._settings.api_address}
        other = f", perhaps to {self._settings.api_address}" if len(addresses) > 1 else ""
        raise RequestRejected(
            f"the series exists, and Capillary has no upload API at {self._settings.upload_address}",
            hint=f"set upload_base_url{other}",
            operation=error.operation,
            vendor_code=error.vendor_code,
            status=error.status,
        ) from None

    def _refuse_basic(self) -> None:
        if self._settings.auth == SignIn.BASIC:
            raise Unsupported(
                "Capillary takes uploads from OAuth clients only (C-2)",
                hint='give this connection key and secret, with auth = "oauth"',
            )


def _zones(settings: CapillarySettings) -> Zones:
    server, store = settings.known_server_timezone, settings.store_timezone
    return Zones(
        server=ZoneInfo(server or "UTC"),
        server_is_guess=server is None,
        store=None if store is None else ZoneInfo(store),
    )


def _series_id(list_id: str) -> str:
    """The id as Capillary numbers series; another text names none there."""
    if not _SERIES_ID.fullmatch(list_id):
        raise NotFound(
            f"Capillary knows no coupon series {_shown(list_id)}", hint="its ids are whole numbers"
        )
    return list_id


def _shown(vendor_id: str) -> str:
    return f'"{vendor_id[:40]}"' if vendor_id.isprintable() else "of that id"


def _then_complain(parts: Sequence[Part], unreadable: int) -> Iterator[Part]:
    yield from parts
    if unreadable:
        raise UnreadableReply(f"{unreadable} of the upload jobs could not be read")


if TYPE_CHECKING:
    _adapter: type[Adapter] = CapillaryAdapter
    _reads_lists: type[ReadsLists] = CapillaryAdapter
    _writes_lists: type[WritesLists] = CapillaryAdapter
    _accepts_files: type[AcceptsFiles] = CapillaryAdapter
    _reads_parts: type[ReadsParts] = CapillaryAdapter
    _finds_customer_coupons: type[FindsCustomerCoupons] = CapillaryAdapter
