"""Calls of Capillary's endpoints: one method each, over one `Transport`."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from couponhub.clock import Clock, Deadline
from couponhub.errors import UnreadableReply
from couponhub.models import CodeFile, Identifier, Tagging
from couponhub.transport import (
    Budget,
    Observer,
    Reply,
    ReplyRoom,
    Request,
    RetryPolicy,
    Transport,
    query_pairs,
)
from couponhub.transport.paths import checked_relative_path
from couponhub_capillary.client.signin import sign_in
from couponhub_capillary.settings import CapillarySettings
from couponhub_capillary.settings.limits import CALLS
from couponhub_capillary.wire.customer_coupons import (
    CustomerAnswer,
    Narrowing,
    customer_coupons_request,
    read_customer_coupons,
)
from couponhub_capillary.wire.customer_coupons_v2 import (
    PAGE_SIZE,
    CouponPage,
    SortOrder,
    coupon_page_request,
    read_coupon_page,
)
from couponhub_capillary.wire.envelopes import opened, refuse_by_body
from couponhub_capillary.wire.error_codes import error_for_another, error_without_code
from couponhub_capillary.wire.found_coupons import (
    coupon_terms_request,
    find_coupons_request,
    is_among,
    read_coupon_terms,
    read_found_coupons,
)
from couponhub_capillary.wire.identifiers import names_another
from couponhub_capillary.wire.series import (
    SeriesPage,
    create_series_request,
    one_series_request,
    read_series_page,
    read_written_series,
    series_id_of,
    series_page_request,
    update_series_request,
)
from couponhub_capillary.wire.uploads import (
    Home,
    read_accepted_upload,
    read_upload_jobs,
    upload_jobs_request,
    upload_request,
)
from couponhub_capillary.wire.values import whole

_UPLOAD_PREFIX = "/coupon/api/"

REQUEST_ID_HEADERS = ("x-cap-requestid", "x-cap-request-id", "x-request-id")
"""The header with Capillary's own id of a call."""


class CapillaryClient:
    """Capillary's endpoints for one connection. Thread-safe.

    Args:
        connection: Its name, for errors.
        settings: Addresses, credentials, HTTP.
        retry: How failed calls are repeated.
        budget: What the API key may still spend.
        observer: Is told of each call.
        room: The memory for replies; None for one of its own.
    """

    def __init__(
        self,
        connection: str,
        settings: CapillarySettings,
        *,
        clock: Clock,
        retry: RetryPolicy | None = None,
        budget: Budget | None = None,
        observer: Observer | None = None,
        room: ReplyRoom | None = None,
    ) -> None:
        self._connection = connection
        self._upload_address = settings.upload_address
        self._reversed = settings.reversed_redemptions
        # One sign-in is one organisation's; which one, its series say.
        self._organisation_id: str | None = None
        self._transport = Transport(
            connection=connection,
            base_url=settings.api_address,
            auth=sign_in(connection, settings, clock, observer),
            settings=settings.transport(),
            clock=clock,
            retry=retry,
            budget=budget,
            observer=observer,
            room=room,
            request_id_headers=REQUEST_ID_HEADERS,
            unknown_hint=f"see whether it is there before repeating it: couponhub lists ls {connection}, or "
            f"couponhub uploads ls {connection} LIST_ID",
        )

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()

    def customer_coupons(
        self,
        identifier: Identifier,
        value: str,
        narrowing: Narrowing,
        *,
        deadline: Deadline | None,
    ) -> CustomerAnswer:
        """A customer's coupons, of one form of the identifier; as many as the vendor gives at once."""

        def read(reply: Reply) -> CustomerAnswer:
            answer = read_customer_coupons(reply)
            if names_another(answer.customer, identifier, value):
                raise error_for_another("another customer", reply)
            return answer

        request = customer_coupons_request(identifier, value, narrowing, reversed_too=self._reversed)
        return self._transport.call(request, read, deadline=deadline)

    def coupon_page(
        self,
        identifier: Identifier,
        value: str,
        *,
        offset: int = 0,
        limit: int = PAGE_SIZE,
        order: SortOrder = SortOrder.OLDEST_FIRST,
        status: str | None = None,
        deadline: Deadline | None,
    ) -> CouponPage:
        """A page of v2's list of a customer's coupons."""

        def read(reply: Reply) -> CouponPage:
            page = read_coupon_page(reply)
            if names_another(page.customer, identifier, value):
                raise error_for_another("another customer", reply)
            return page

        request = coupon_page_request(
            identifier,
            value,
            offset=offset,
            limit=limit,
            order=order,
            status=status,
            reversed_too=self._reversed,
        )
        return self._transport.call(request, read, deadline=deadline)

    def series_page(self, offset: int, limit: int, *, deadline: Deadline | None = None) -> SeriesPage:
        """A page of all series."""
        return self._transport.call(
            series_page_request(offset, limit), partial(read_series_page, limit=limit), deadline=deadline
        )

    def series(self, series_id: str, *, deadline: Deadline | None = None) -> Mapping[str, Any] | None:
        """One series; None when there is none of that id.

        Raises:
            UnreadableReply: Series came that cannot be read, or others, so that absence is not proven.
        """
        page = self._transport.call(
            one_series_request(series_id), partial(read_series_page, limit=1), deadline=deadline
        )
        for row in page.rows:
            if isinstance(row, dict) and series_id_of(row) == series_id:
                organisation_id = whole(row.get("orgId"))
                if organisation_id is not None:
                    self._organisation_id = str(organisation_id)
                return row
        if any(series_id_of(row) is None for row in page.rows):
            raise UnreadableReply("a series came that cannot be read")
        if page.rows:
            raise UnreadableReply("another series came than was asked for")
        return None

    def create_series(self, fields: Mapping[str, object]) -> Mapping[str, Any]:
        """Create a series; what the vendor answers about it, its id at least."""
        return self._transport.call(create_series_request(fields), read_written_series)

    def update_series(self, series_id: str, fields: Mapping[str, object]) -> Mapping[str, Any]:
        """Give a series these fields; what the vendor answers about it, its id at least."""

        def read(reply: Reply) -> Mapping[str, Any]:
            written = read_written_series(reply)
            if series_id_of(written) != series_id:
                raise error_for_another("another series", reply)
            return written

        hint = f"see how it stands: couponhub lists show {self._connection} {series_id}"
        return self._transport.call(update_series_request(series_id, fields, unknown_hint=hint), read)

    def find_coupons(self, codes: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """The coupons of these codes; of unknown codes there is none."""

        def read(reply: Reply) -> Sequence[Mapping[str, Any]]:
            rows = read_found_coupons(reply)
            if any(not is_among(row["code"], codes) for row in rows):
                raise error_for_another("another coupon", reply)
            return rows

        return self._transport.call(find_coupons_request(codes), read)

    def coupon_terms(self, codes: Sequence[str], *, with_series: bool) -> Mapping[str, Mapping[str, Any]]:
        """Return what v2 adds about these codes, by code; on demand with the terms of their series."""
        return self._transport.call(coupon_terms_request(codes, with_series=with_series), read_coupon_terms)

    def upload(
        self, series_id: str, file: CodeFile, tagging: Tagging | None, *, deadline: Deadline | None
    ) -> Mapping[str, Any]:
        """Send a code file; the job that it became."""
        request = upload_request(series_id, file, tagging, base_url=self._upload_address)
        return self._transport.call(
            request, partial(read_accepted_upload, home=self._home(series_id)), deadline=deadline
        )

    def upload_jobs(self, series_id: str, *, deadline: Deadline | None) -> Sequence[object]:
        """All jobs of a series, in no order."""
        request = upload_jobs_request(series_id, base_url=self._upload_address)
        return self._transport.call(
            request, partial(read_upload_jobs, home=self._home(series_id)), deadline=deadline
        )

    def call(
        self, method: str, path: str, *, query: Mapping[str, str | Sequence[str]], body: object
    ) -> object:
        """Any endpoint, signed in; the decoded JSON, None when nothing came."""
        checked = checked_relative_path(path)
        method = method.upper()
        request = Request(
            operation="call",
            budget=CALLS,
            method=method,
            path=checked,
            query=query_pairs(query),
            body=body,
            base_url=self._upload_address if checked.startswith(_UPLOAD_PREFIX) else None,
            changes=method not in {"GET", "HEAD", "OPTIONS"},
        )
        return self._transport.call(request, _read_anything)

    def _home(self, series_id: str) -> Home:
        return Home(series_id=series_id, organisation_id=self._organisation_id)


def _read_anything(reply: Reply) -> object:
    if 200 <= reply.status < 300:
        if not reply.body.strip():
            return None
        try:
            content = reply.decoded()
        except ValueError:
            raise error_without_code(reply, "no JSON came") from None
        if isinstance(content, dict):
            refuse_by_body(content, reply)
        return content
    refuse_by_body(opened(reply), reply)
    raise error_without_code(reply, "")
