"""The organisation's state as tables, for people who look at it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from couponhub.testing.emulation.vendor import Cell, StateTable
from couponhub_capillary.emulator.not_called.redemption_uploads import RedemptionUploads
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.records import Coupon, Customer, Series
from couponhub_capillary.emulator.uploads.queue import Uploads

Row = Sequence[Cell]


class Tables:
    """Series, uploads, coupons and customers. All is read under the organisation's lock, a part of a table at a time.

    Args:
        status_of: Says the status of an issued coupon, in couponhub's words.
    """

    def __init__(
        self,
        organisation: Organisation,
        uploads: Uploads,
        redemptions: RedemptionUploads,
        status_of: Callable[[Coupon, datetime], str],
    ) -> None:
        self._organisation = organisation
        self._uploads = uploads
        self._redemptions = redemptions
        self._status_of = status_of

    def all(self) -> Sequence[StateTable]:
        """Return every table."""
        with self._organisation.lock:
            series = self._organisation.series
            return (
                StateTable(
                    name="series",
                    title="Coupon series",
                    columns=(
                        "Description",
                        "Id",
                        "Kind",
                        "In the pool",
                        "Issued",
                        "Redeemed",
                        "Uploaded",
                        "Last day",
                        "Created",
                    ),
                    count=len(series),
                    rows=self._series,
                ),
                StateTable(
                    name="uploads",
                    title="Uploads of codes",
                    columns=(
                        "File",
                        "Job",
                        "Series",
                        "Customers by",
                        "Status",
                        "Rows",
                        "Handled",
                        "Refused",
                        "Error file",
                        "Created",
                        "Updated",
                    ),
                    count=len(self._uploads.every()),
                    rows=self._code_uploads,
                ),
                StateTable(
                    name="redemption-uploads",
                    title="Uploads of redemptions",
                    columns=("File", "Job", "Series", "Status", "Rows", "Refused", "Created", "Updated"),
                    count=len(self._redemptions.every()),
                    rows=self._redemption_uploads,
                ),
                StateTable(
                    name="coupons",
                    title="Coupons",
                    columns=(
                        "Code",
                        "Status",
                        "Series",
                        "Customer",
                        "Issued",
                        "Valid until",
                        "Redemptions",
                        "Last redeemed",
                    ),
                    count=sum(len(each.coupons) + len(each.pool) for each in series.values()),
                    rows=self._coupons,
                ),
                StateTable(
                    name="customers",
                    title="Customers",
                    columns=("Id", "Mobile", "E-mail", "External id", "Name", "Coupons"),
                    count=len(self._organisation.customers),
                    rows=self._customers,
                ),
            )

    def _series(self, start: int, stop: int) -> Sequence[Row]:
        with self._organisation.lock:
            return [
                (
                    _name(each),
                    str(each.id),
                    each.kind,
                    len(each.pool),
                    each.issued,
                    each.redeemed,
                    each.uploaded,
                    each.last_day.isoformat(),
                    each.created_on,
                )
                for each in islice(self._organisation.series.values(), start, stop)
            ]

    def _code_uploads(self, start: int, stop: int) -> Sequence[Row]:
        with self._organisation.lock:
            return [
                (
                    job.file_name,
                    str(job.id),
                    _name(job.series),
                    job.identifier,
                    job.status,
                    job.row_count,
                    job.handled,
                    job.refused,
                    job.error_key,
                    job.created_on,
                    job.updated_on,
                )
                for job in self._uploads.every()[start:stop]
            ]

    def _redemption_uploads(self, start: int, stop: int) -> Sequence[Row]:
        with self._organisation.lock:
            return [
                (
                    job.stored_name,
                    str(job.id),
                    _name(job.series),
                    job.status,
                    job.row_count,
                    job.report.rows,
                    job.created_on,
                    job.updated_on,
                )
                for job in self._redemptions.every()[start:stop]
            ]

    def _coupons(self, start: int, stop: int) -> Sequence[Row]:
        with self._organisation.lock:
            now = self._organisation.clock.now()
            every = (
                row for each in self._organisation.series.values() for row in self._coupons_of(each, now)
            )
            return list(islice(every, start, stop))

    def _coupons_of(self, series: Series, now: datetime) -> Iterator[Row]:
        for coupon in series.coupons:
            yield (
                coupon.code,
                self._status_of(coupon, now),
                _name(series),
                _holder(coupon.customer),
                coupon.issued_at,
                coupon.valid_till,
                len(coupon.redemptions),
                coupon.redemptions[-1].at if coupon.redemptions else None,
            )
        for code in series.pool:
            yield code, "available", _name(series), None, None, None, 0, None

    def _customers(self, start: int, stop: int) -> Sequence[Row]:
        with self._organisation.lock:
            return [
                (
                    str(known.id),
                    known.mobile,
                    known.email,
                    known.external_id,
                    " ".join(filter(None, (known.first_name, known.last_name))) or None,
                    len(known.coupons),
                )
                for known in islice(self._organisation.customers, start, stop)
            ]


def _name(series: Series) -> str:
    return str(series.terms.get("description") or series.id)


def _holder(customer: Customer | None) -> str | None:
    if customer is None:
        return None
    return customer.mobile or customer.email or customer.external_id or str(customer.id)
