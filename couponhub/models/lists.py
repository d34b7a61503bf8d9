"""Coupon lists: what a vendor holds, and what one asks it to create or change."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Final, Literal

import attrs

from couponhub.models.base import NOTHING, Documented, ListId, Raw, about, raw_field
from couponhub.models.checked import Checked, CheckedInput

_LONGEST_LABEL = 50


class ListStatus(StrEnum):
    """The standing of a list. UNKNOWN keeps the vendor's word in `vendor_status`."""

    ACTIVE = "active"
    EXPIRED = "expired"
    ARCHIVED = "archived"
    UNKNOWN = "unknown"


@attrs.frozen(kw_only=True)
class Alerts(Checked, Documented):
    """The mails that a vendor sends about a list, and to whom."""

    subscribers: tuple[str, ...] = attrs.field(
        default=(), repr=False, metadata=about("E-mail addresses; a text is one.", in_json=False)
    )
    success: bool = attrs.field(default=False, metadata=about("Mail when a file was processed."))
    failure: bool = attrs.field(default=False, metadata=about("Mail when a file failed."))
    shortage: int | None = attrs.field(
        default=None, metadata=about("Mail when fewer codes than this are left; None for never.")
    )
    expiry_days: int | None = attrs.field(
        default=None,
        metadata=about("Mail daily from this many days before the list expires; None for never."),
    )


@attrs.frozen(kw_only=True)
class CouponList(Checked, Documented):
    """A container of codes at one vendor: MoEngage's coupon list, Capillary's coupon series."""

    connection: str = attrs.field(metadata=about("The connection it was read through."))
    id: ListId = attrs.field(metadata=about("The vendor's id."))
    name: str | None = attrs.field(metadata=about("What people call it; None when the vendor does not tell."))
    label: str | None = attrs.field(
        default=None, metadata=about("The name that machines use for it, where the vendor has one.")
    )
    status: ListStatus = attrs.field(
        default=ListStatus.UNKNOWN,
        metadata=about('Ours; `vendor_status` keeps the vendor\'s word, "" where it has none.'),
    )
    vendor_status: str = attrs.field(default="", metadata=about(null_for_blank=True))
    expires_at: datetime | None = attrs.field(
        default=None, metadata=about("The last second at which it is valid.")
    )
    total: int | None = attrs.field(
        default=None, metadata=about("Codes ever added; None where the vendor counts none.")
    )
    available: int | None = attrs.field(
        default=None, metadata=about("Codes not yet handed out; None where the vendor counts none.")
    )
    created_at: datetime | None = None
    updated_at: datetime | None = None
    created_by: str | None = attrs.field(default=None, metadata=about("Who made it, in the vendor's words."))
    subscribers: tuple[str, ...] | None = attrs.field(
        default=None,
        repr=False,
        metadata=about(
            "Whom the vendor mails alerts about it; None where it mails none at all, or does not tell."
        ),
    )
    alerts: Alerts | None = attrs.field(
        default=None,
        metadata=about(
            "Whom the vendor mails about it, and when; None where it mails none at all, or does not tell all of it."
        ),
    )
    snippet: str | None = attrs.field(
        default=None,
        metadata=about(
            "What a message's template holds in place of a code of it, where the vendor has such a thing."
        ),
    )
    raw: Raw = raw_field()


class Kept(Enum):
    """The type of `KEPT`."""

    KEPT = "kept"


KEPT: Final = Kept.KEPT
"""The word of a change for a thing that it leaves as it is, where None has a meaning of its own."""


@attrs.frozen(kw_only=True)
class AlertsChange(CheckedInput, Documented):
    """A change of a list's alerts, spelled as in `Alerts`; what is not named stays as it is.

    A vendor may take its alerts as a whole only. They are then read right before they are written, and sent whole
    with the change applied: what somebody else changes of them between the two is undone.

    Attributes:
        subscribers: E-mail addresses, all that are to hold; () for nobody.
        success: Mail when a file was processed.
        failure: Mail when a file failed.
        shortage: Mail when fewer codes than this are left; None for never.
        expiry_days: Mail daily from this many days before the list expires; None for never.
    """

    subscribers: tuple[str, ...] | Literal[Kept.KEPT] = attrs.field(default=KEPT, repr=False)
    success: bool | Literal[Kept.KEPT] = KEPT
    failure: bool | Literal[Kept.KEPT] = KEPT
    shortage: int | Literal[Kept.KEPT] | None = KEPT
    expiry_days: int | Literal[Kept.KEPT] | None = KEPT

    def named(self) -> dict[str, object]:
        """Return what is to change, by its name in `Alerts`."""
        return attrs.asdict(self, recurse=False, filter=lambda _, value: value is not KEPT)

    def applied_to(self, held: Alerts) -> Alerts:
        """The alerts as they are afterwards."""
        return attrs.evolve(held, **self.named())  # type: ignore[arg-type] # the fields are those of Alerts


@attrs.frozen(kw_only=True)
class NewCouponList(CheckedInput, Documented):
    """A list to be created.

    Attributes:
        name: What people will call it.
        expires: The last day on which its codes are valid, in the zone the vendor uses for the account.
        label: None lets the adapter take a plain form of the name (`plain_label`).
        created_by: None falls back to the connection's `created_by`.
        extra: The vendor's own documented fields, as text; the adapter types and checks them.
    """

    name: str
    expires: date
    label: str | None = None
    created_by: str | None = None
    alerts: Alerts = attrs.field(factory=Alerts)
    extra: Mapping[str, str] = NOTHING


@attrs.frozen(kw_only=True)
class ListChange(CheckedInput, Documented):
    """A change of a list; None leaves a thing as it is.

    Attributes:
        name: The new name.
        expires: The new last day, which may bring an expired list back at some vendors.
        alerts: What to change of its alerts; an `Alerts` replaces all of them.
        extra: The vendor's own documented fields, as text; the adapter types and checks them.
    """

    name: str | None = None
    expires: date | None = None
    alerts: Alerts | AlertsChange | None = None
    extra: Mapping[str, str] = NOTHING


def plain_label(name: str) -> str:
    """A list's name as letters, digits and underscores, at most 50: the label it gets where none is given.

    "" when nothing of the name can stand in one. Which characters a label may hold is documented by no vendor;
    these are safe everywhere.
    """
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    words = re.sub(r"[^A-Za-z0-9]+", "_", ascii_only).strip("_")
    return words[:_LONGEST_LABEL].rstrip("_")
