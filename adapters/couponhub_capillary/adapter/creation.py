"""Making a coupon series from a `NewCouponList`, and finding one whose answer was lost."""

from collections.abc import Iterable

from couponhub.errors import OutcomeUnknown, Unsupported, UsageError
from couponhub.models import Alerts, CouponList, NewCouponList, plain_label
from couponhub_capillary.mapping.lists import last_day
from couponhub_capillary.wire.new_series import read_new_series
from couponhub_capillary.wire.times import Zones, server_midnight


def creation_fields(new: NewCouponList, zones: Zones) -> dict[str, object]:
    """The fields of the request that makes the series.

    Raises:
        UsageError: Fields are missing or wrong; all are named at once.
        Unsupported: Alerts or a creator are asked for.
    """
    if new.alerts != Alerts():
        raise Unsupported(
            "Capillary mails no alerts about a coupon series", hint="leave out subscribers and alerts"
        )
    if new.created_by is not None:
        raise Unsupported(
            "Capillary itself notes which API client created a series", hint="leave out who created it"
        )
    if not new.name.strip():
        raise UsageError("the list's name is blank")
    fields = {"description": new.name, **read_new_series(new.extra).as_json()}
    # The vendor converts to its own zone and takes that day: another offset could give the day before.
    fields["validTillDate"] = server_midnight(new.expires, zones)
    label = label_of(new)
    if label is not None:
        fields["seriesCode"] = label
    return fields


def label_of(new: NewCouponList) -> str | None:
    """The series code to ask for: the label, else a plain form of the name, so that a lost answer can be found.

    None where nothing of the name can stand in one; then Capillary makes one up.
    """
    return new.label or plain_label(new.name) or None


def find_created(new: NewCouponList, lists: Iterable[CouponList], zones: Zones) -> CouponList | None:
    """The list that the request would have made; None when there is none.

    A label is unique; Capillary may give a series a code of its own all the same (C-47), and a name need not
    be unique, so that name and last day prove a series only where no label was asked for and one alone fits.

    Raises:
        OutcomeUnknown: Series fit of which that cannot be told.
    """
    label = label_of(new)
    alike = []
    for coupon_list in lists:
        if label is not None and coupon_list.label == label:
            return coupon_list
        if coupon_list.name == new.name and last_day(coupon_list.expires_at, zones) == new.expires:
            alike.append(coupon_list)
    if not alike:
        return None
    if label is None and len(alike) == 1:
        return alike[0]
    raise OutcomeUnknown(
        f"{len(alike)} series of that name and last day are there, and which one was meant cannot be told",
        hint="compare them with: couponhub lists ls",
    )
