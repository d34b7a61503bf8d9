"""The wishes of a caller about a list itself, as they come in bodies of JSON."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import ClassVar

import attrs

from couponhub.models import KEPT, Alerts, AlertsChange, ListChange, NewCouponList
from couponhub.server.bounds import LONGEST_TEXT
from couponhub.settings import setting

_NOTHING: Mapping[str, str] = MappingProxyType({})
_TEXT = {"minLength": 1, "maxLength": LONGEST_TEXT}


def _check_figure(instance: object, attribute: object, value: int | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and value < 0:
        raise ValueError("expected a whole number from 0, which is never")


@attrs.frozen(kw_only=True)
class AlertsBody:
    """The mails that a vendor sends about a list; what is left out stays as it is, of a new list as it is by default."""

    subscribers: tuple[str, ...] | None = setting(
        None, about="E-mail addresses, all that are to hold; an empty list is nobody.", repr=False
    )
    success: bool | None = setting(None, about="Whether to mail when a file was processed.")
    failure: bool | None = setting(None, about="Whether to mail when a file failed.")
    shortage: int | None = setting(
        None,
        about="Mail when fewer codes than this are left; 0 for never.",
        schema={"minimum": 0},
        validator=_check_figure,
    )
    expiry_days: int | None = setting(
        None,
        about="Mail daily from so many days before the list expires; 0 for never.",
        schema={"minimum": 0},
        validator=_check_figure,
    )

    def change(self) -> AlertsChange:
        """Return what is said of the alerts."""
        return AlertsChange(
            subscribers=KEPT if self.subscribers is None else self.subscribers,
            success=KEPT if self.success is None else self.success,
            failure=KEPT if self.failure is None else self.failure,
            shortage=KEPT if self.shortage is None else self.shortage or None,
            expiry_days=KEPT if self.expiry_days is None else self.expiry_days or None,
        )


_EXTRA = "The vendor's own documented fields, as text."


@attrs.frozen(kw_only=True)
class NewListRequest:
    """The wish that a list be made."""

    about: ClassVar[str] = "A list that is to be made."

    name: str = setting(about="What people will call it.", schema=_TEXT)
    expires: date = setting(
        about="The last day on which its codes are valid, in the zone that the vendor uses for the account."
    )
    label: str | None = setting(
        None, about="The name that machines use for it; by default a plain form of the name."
    )
    created_by: str | None = setting(None, about="Who made it; by default the connection's `created_by`.")
    alerts: AlertsBody = setting(factory=AlertsBody, about="Whom the vendor mails about it, and when.")
    extra: Mapping[str, str] = setting(factory=lambda: _NOTHING, about=_EXTRA)

    def new_list(self) -> NewCouponList:
        """The list that is wished for.

        Raises:
            UsageError: There can be none.
        """
        return NewCouponList(
            name=self.name,
            expires=self.expires,
            label=self.label,
            created_by=self.created_by,
            alerts=self.alerts.change().applied_to(Alerts()),
            extra=self.extra,
        )


@attrs.frozen(kw_only=True)
class ListChangeRequest:
    """The wish that a list be changed."""

    about: ClassVar[str] = "A change of a list; what is left out stays as it is."

    name: str | None = setting(None, about="The new name.")
    expires: date | None = setting(
        None,
        about="The new last day, in the zone that the vendor uses for the account; it may bring an expired list back.",
    )
    alerts: AlertsBody | None = setting(None, about="What to change of its alerts.")
    extra: Mapping[str, str] = setting(factory=lambda: _NOTHING, about=_EXTRA)

    def change(self) -> ListChange:
        """The change that is wished for.

        Raises:
            UsageError: There can be none.
        """
        alerts = None if self.alerts is None else self.alerts.change()
        return ListChange(
            name=self.name,
            expires=self.expires,
            alerts=alerts if alerts is not None and alerts.named() else None,
            extra=self.extra,
        )


@attrs.frozen(kw_only=True)
class ActivationRequest:
    """The wish that an ended list be brought back."""

    about: ClassVar[str] = "The new end of a list."

    expires: date = setting(about="The new last day, in the zone that the vendor uses for the account.")
