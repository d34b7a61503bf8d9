"""The coupon series of one connection as coupon lists."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from couponhub.clock import Deadline
from couponhub.errors import NotFound, UnreadableReply, VendorError
from couponhub.models import CouponList, ListChange, ListId, NewCouponList
from couponhub_capillary.adapter.changes import series_change
from couponhub_capillary.adapter.creation import creation_fields, label_of
from couponhub_capillary.mapping.anomalies import Anomalies
from couponhub_capillary.mapping.lists import list_from
from couponhub_capillary.wire.series import PAGE_SIZE, series_id_of
from couponhub_capillary.wire.times import Zones

if TYPE_CHECKING:
    from couponhub_capillary.client import CapillaryClient

_SERIES_ID = re.compile(r"[1-9][0-9]{0,17}")

_log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class SeriesLists:
    """Reads and writes the series.

    Attributes:
        connection: The connection's name.
        client: Makes the calls.
        zones: In which times and days are meant.
        now: Tells the instant by which expiry is judged.
    """

    connection: str
    client: "CapillaryClient"
    zones: Zones
    now: Callable[[], datetime]

    def of(self, row: Mapping[str, Any]) -> CouponList:
        """The list that a series is; what is odd about it is logged."""
        odd = Anomalies()
        made = self._list(row, odd)
        self._tell(odd)
        return made

    def row(self, list_id: ListId, *, deadline: Deadline | None = None) -> Mapping[str, Any]:
        """One series as it came.

        Raises:
            NotFound: There is none of that id.
        """
        row = self.client.series(checked_series_id(list_id), deadline=deadline)
        if row is None:
            raise NotFound(f"Capillary knows no coupon series {shown(list_id)}")
        return row

    def iterate(self) -> Iterator[CouponList]:
        """Every list once: pages shift under a walk, because an update moves a series to the front."""
        seen: set[str] = set()
        odd = Anomalies()
        offset = 0
        unreadable = 0
        while True:
            page = self.client.series_page(offset, PAGE_SIZE)
            news = 0
            for row in page.rows:
                series_id = series_id_of(row)
                if series_id is None or not isinstance(row, dict):
                    unreadable += 1
                elif series_id not in seen:
                    seen.add(series_id)
                    news += 1
                    yield self._list(row, odd)
            if page.last:
                break
            if news == 0:
                raise UnreadableReply("the pages of the series repeat, so that the rest cannot be had")
            offset += len(page.rows)
        self._tell(odd)
        if unreadable:
            raise UnreadableReply(f"{unreadable} of the series could not be read")

    def create(self, new: NewCouponList) -> CouponList:
        """Create a series, and answer it as it then is."""
        fields = creation_fields(new, self.zones)
        created = self.client.create_series(fields)
        held = self._read_again(series_id_of(created), {**fields, **created})
        if held.get("seriesCode") != (label_of(new) or held.get("seriesCode")):
            # Seen in a printed sample (C-47); what the vendor holds is what is true.
            _log.warning("%s: Capillary gave the new series a code of its own", self.connection)
        return self.of(held)

    def update(self, list_id: ListId, change: ListChange) -> CouponList:
        """Change a series, and answer it as it then is."""
        asked = series_change(change, self.zones)
        before = self.row(list_id)
        fields = asked.request_fields(before)
        answered = self.client.update_series(list_id, fields)
        # Without the exact end, which may be that of before.
        known = {name: value for name, value in before.items() if name != "validTillDateTime"}
        held = self._read_again(list_id, {**known, **fields, **answered})
        if missed := asked.missed(held):
            _log.warning("%s: Capillary did not take over %s", self.connection, ", ".join(missed))
        if besides := asked.changed_besides(before, held):
            _log.warning("%s: Capillary changed more than was asked: %s", self.connection, ", ".join(besides))
        return self.of(held)

    def find_changed(self, list_id: ListId, change: ListChange) -> CouponList | None:
        """The series if it holds all that was asked."""
        held = self.row(list_id)
        return None if series_change(change, self.zones).missed(held) else self.of(held)

    def _list(self, row: Mapping[str, Any], odd: Anomalies) -> CouponList:
        return list_from(row, connection=self.connection, zones=self.zones, now=self.now(), odd=odd)

    def _tell(self, odd: Anomalies) -> None:
        for warning in odd.warnings():
            _log.warning("%s: coupon series: %s", self.connection, warning)

    def _read_again(self, series_id: str | None, otherwise: Mapping[str, Any]) -> Mapping[str, Any]:
        """A series after it was written; what is known `otherwise`, where it cannot be read.

        It is written: that reading it again fails must not look as if it were not.
        """
        try:
            return (self.client.series(series_id) if series_id is not None else None) or otherwise
        except VendorError:
            return otherwise


def checked_series_id(list_id: str) -> str:
    """The id as Capillary numbers series.

    Raises:
        NotFound: Another text names none there.
    """
    if not _SERIES_ID.fullmatch(list_id):
        raise NotFound(f"Capillary knows no coupon series {shown(list_id)}", hint="its ids are whole numbers")
    return list_id


def shown(vendor_id: str) -> str:
    """An id for an error's text."""
    return f'"{vendor_id[:40]}"' if vendor_id.isprintable() else "of that id"
