"""The upload jobs of coupon series: whether a series takes codes, sending them, and finding a job again."""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from couponhub.clock import Deadline
from couponhub.errors import (
    Conflict,
    NotFound,
    RequestRejected,
    UnreadableReply,
    Unsupported,
    VendorError,
)
from couponhub.models import CodeFile, CouponList, ListStatus, Part, Tagging
from couponhub_capillary.mapping.anomalies import Anomalies
from couponhub_capillary.mapping.parts import part_from
from couponhub_capillary.settings import CapillarySettings
from couponhub_capillary.settings.connection import SignIn
from couponhub_capillary.wire.series import KINDS, UPLOADED_CODES
from couponhub_capillary.wire.uploads import IDENTIFIER_WORDS, job_id_of
from couponhub_capillary.wire.values import whole, word

if TYPE_CHECKING:
    from couponhub_capillary.client import CapillaryClient

_log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class Jobs:
    """The jobs of one series.

    Attributes:
        parts: Those that can be read, oldest first.
        unreadable: How many cannot be.
    """

    parts: Sequence[Part]
    unreadable: int

    def named(self, name: str) -> Part | None:
        """The oldest job of that file name; None when there is provably none.

        Raises:
            UnreadableReply: There is none, and jobs of which it cannot be told may be meant.
        """
        for part in self.parts:
            if part.name == name:
                return part
        if self.unreadable or any(not part.name for part in self.parts):
            raise UnreadableReply("jobs came that cannot be read or have no name: the file may be among them")
        return None


def check_sign_in(settings: CapillarySettings) -> None:
    """Refuse what only OAuth clients may do, before anything is sent (C-2).

    Raises:
        Unsupported: The connection signs in with a till's name and password.
    """
    if settings.auth == SignIn.BASIC:
        raise Unsupported(
            "Capillary takes uploads from OAuth clients only",
            hint='give this connection key and secret, with auth = "oauth"',
        )


def check_tagging(tagging: Tagging | None) -> None:
    """Refuse identifiers that Capillary does not bind codes by.

    Raises:
        Unsupported: It is such a one.
    """
    if tagging is not None and tagging.identifier not in IDENTIFIER_WORDS:
        raise Unsupported(f"Capillary cannot bind codes to customers by {tagging.identifier}")


def check_takes_codes(row: Mapping[str, Any], coupon_list: CouponList) -> None:
    """Refuse a series that would not take uploaded codes now (C-45).

    Raises:
        Unsupported: It is of a kind that never takes any.
        Conflict: It has expired, or issued as much as it may.
    """
    kind = word(row.get("clientHandlingType"))
    if kind != UPLOADED_CODES:
        raise Unsupported(
            f"the series takes no uploaded codes, it is of kind {kind if kind in KINDS else 'unknown'}",
            hint=f"create a series with clientHandlingType={UPLOADED_CODES}",
        )
    if coupon_list.status is ListStatus.EXPIRED:
        raise Conflict("the series has expired", hint="extend it: couponhub lists update")
    most, issued = whole(row.get("maxCreate")), whole(row.get("numIssued"))
    if most is not None and issued is not None and 0 < most <= issued:
        raise Conflict("the series has issued as many coupons as its maxCreate allows")


@attrs.frozen(kw_only=True)
class UploadApi:
    """The upload calls of one connection, their refusals explained.

    Attributes:
        client: Makes the calls.
        settings: The connection's.
    """

    client: "CapillaryClient"
    settings: CapillarySettings

    def send(
        self, series_id: str, file: CodeFile, tagging: Tagging | None, deadline: Deadline | None
    ) -> Part:
        """Send a file; the job that it became."""
        try:
            job = self.client.upload(series_id, file, tagging, deadline=deadline)
        except (NotFound, RequestRejected) as error:
            self._explain(error, series_id, deadline)
            raise
        (part,) = _parts([job])
        return part

    def jobs(self, series_id: str, deadline: Deadline | None = None) -> Jobs:
        """All jobs of a series."""
        try:
            rows = self.client.upload_jobs(series_id, deadline=deadline)
        except (NotFound, RequestRejected) as error:
            self._explain(error, series_id, deadline)
            raise
        readable = {job_id: row for row in rows if (job_id := job_id_of(row)) is not None}
        parts = _parts([readable[job_id] for job_id in sorted(readable, key=int)])
        return Jobs(parts=parts, unreadable=sum(job_id_of(row) is None for row in rows))

    def _explain(self, error: VendorError, series_id: str, deadline: Deadline | None) -> None:
        """Refine a 400 or 404 of the upload API, which does not say what it means (C-1, C-43)."""
        try:
            row = self.client.series(series_id, deadline=deadline)
        except VendorError:
            return  # what is known stands: the call was refused
        if row is None:
            raise NotFound(
                f'Capillary knows no coupon series "{series_id}"',
                operation=error.operation,
                vendor_code=error.vendor_code,
                status=error.status,
                request_id=error.request_id,
            ) from None
        if not isinstance(error, NotFound):
            return
        addresses = {self.settings.upload_address, self.settings.api_address}
        other = f", perhaps to {self.settings.api_address}" if len(addresses) > 1 else ""
        raise RequestRejected(
            f"the series exists, and Capillary has no upload API at {self.settings.upload_address}",
            hint=f"set upload_base_url{other}",
            operation=error.operation,
            vendor_code=error.vendor_code,
            status=error.status,
            request_id=error.request_id,
        ) from None


def _parts(jobs: Sequence[object]) -> list[Part]:
    """The parts that jobs are; what is odd about them is logged."""
    odd = Anomalies()
    parts = [part_from(job, odd) for job in jobs if isinstance(job, Mapping)]
    for warning in odd.warnings():
        _log.warning("upload jobs at Capillary: %s", warning)
    return parts
