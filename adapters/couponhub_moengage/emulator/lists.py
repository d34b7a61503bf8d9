"""Coupon lists and their files as the vendor holds them. Not thread-safe: the workspace's lock guards them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum

import attrs

from couponhub_moengage.emulator.customers import CustomerKey
from couponhub_moengage.emulator.http.bodies import AlertConditions


class ListStatus(StrEnum):
    """The vendor's words for where a list stands."""

    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    ARCHIVED = "ARCHIVED"


class FileStatus(StrEnum):
    """The standing of a file; the words that are answered are options."""

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILED = "failed"


@attrs.frozen(kw_only=True)
class Campaign:
    """The campaign that a code was sent with; reports leave out what a failed one handed out."""

    id: str
    failed: bool = False
    name: str = "Emulated campaign"
    locale: str = "Default"
    variation: str = "Variation 1"


@attrs.frozen(kw_only=True)
class Handout:
    """One code given to one customer."""

    customer: CustomerKey
    campaign: Campaign
    at: datetime


@attrs.define(kw_only=True, eq=False)
class CouponFile:
    """One CSV batch, from its upload until it is deleted."""

    id: str
    list_id: str
    name: str
    file_url: str
    created_by: str
    callback_url: str
    credentials: tuple[str, str] | None = attrs.field(repr=False)
    created_at: datetime
    updated_at: datetime
    status: FileStatus = FileStatus.PENDING
    added_coupons: int = 0

    @property
    def finished(self) -> bool:
        """True when it was processed, in whatever way."""
        return self.status in {FileStatus.SUCCESS, FileStatus.FAILED}

    def become(self, status: FileStatus, now: datetime) -> None:
        """Change its status."""
        self.status = status
        self.updated_at = now


@attrs.define(kw_only=True, eq=False)
class EmulatedList:
    """One coupon list. A code is in exactly one of `available`, `issued` and `removed`.

    Attributes:
        total: Codes added so far, whatever became of them; an option takes those of deleted files off.
        ever_added: Codes added so far, for the limits: nothing that is deleted gives its share back.
        available: Codes that may be handed out, each with the id of its file.
        issued: Codes that were handed out; they stay so for good.
        removed: Codes that archiving, expiry or the deletion of their file took away.
        reminded: The last day, in the workspace's zone, for which no reminder of the expiry is owed.
    """

    id: str
    name: str
    label: str
    expires_at: datetime
    created_by: str
    subscribers: tuple[str, ...]
    alerts: AlertConditions
    created_at: datetime
    updated_at: datetime
    reminded: date
    status: ListStatus = ListStatus.ACTIVE
    total: int = 0
    ever_added: int = 0
    available: dict[str, str] = attrs.field(factory=dict, repr=False)
    issued: dict[str, Handout] = attrs.field(factory=dict, repr=False)
    removed: set[str] = attrs.field(factory=set, repr=False)
    files: dict[str, CouponFile] = attrs.field(factory=dict, repr=False)

    @property
    def active(self) -> bool:
        """True when it takes files and hands out codes."""
        return self.status is ListStatus.ACTIVE

    def expire_when_due(self, now: datetime) -> None:
        """Retire the list when its time is over; the codes that were left are gone."""
        if self.active and now >= self.expires_at:
            self.retire(ListStatus.EXPIRED)

    def retire(self, status: ListStatus) -> None:
        """Make it expired or archived; codes that were not handed out are gone for good."""
        self.status = status
        self.removed.update(self.available)
        self.available.clear()

    def new_codes(self, codes: Iterable[str]) -> list[str]:
        """Those codes, each once, that the list does not hold. A removed one is new again."""
        return [
            code for code in dict.fromkeys(codes) if code not in self.available and code not in self.issued
        ]

    def add(self, file: CouponFile, codes: Sequence[str]) -> None:
        """Take in the new codes of a file."""
        self.removed.difference_update(codes)
        self.available.update(dict.fromkeys(codes, file.id))
        self.total += len(codes)
        self.ever_added += len(codes)
        file.added_coupons = len(codes)

    def remove_codes_of(self, file: CouponFile) -> int:
        """Take away the codes of a file that were not handed out; says how many those were."""
        mine = [code for code, file_id in self.available.items() if file_id == file.id]
        for code in mine:
            del self.available[code]
        self.removed.update(mine)
        return len(mine)
