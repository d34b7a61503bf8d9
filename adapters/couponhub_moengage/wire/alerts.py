"""`alert_conditions` of a list: when MoEngage mails about it ("Create a Coupon List", D-38)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs

_FIGURES: Mapping[str, str] = MappingProxyType(
    {"coupon_shortage_alert": "threshold_count", "expiry_alert": "days_before"}
)
_SWITCHES = frozenset({"success_alert", "failure_alert"})


@attrs.frozen(kw_only=True)
class WireAlerts:
    """All of the conditions, understood; alerts that are off have no figure.

    Attributes:
        further: Keys that came and are not documented, so that they cannot be sent back.
    """

    success_alert: bool = False
    failure_alert: bool = False
    threshold_count: int | None = None
    days_before: int | None = None
    further: tuple[str, ...] = ()


def read_alerts(value: Any) -> WireAlerts:
    """Read the conditions. What they leave out is off.

    Raises:
        TypeError: Something in them is not as documented; all of them count as unknown then, as they are written as
            a whole.
    """
    if type(value) is not dict:
        raise TypeError("expected an object")
    further = [key for key in value if key not in _SWITCHES and key not in _FIGURES]
    for name, figure in _FIGURES.items():
        further += [f"{name}.{key}" for key in value.get(name) or () if key not in {"alert", figure}]
    return WireAlerts(
        success_alert=_is_on(value.get("success_alert")),
        failure_alert=_is_on(value.get("failure_alert")),
        threshold_count=_figure(value.get("coupon_shortage_alert"), "threshold_count"),
        days_before=_figure(value.get("expiry_alert"), "days_before"),
        further=tuple(further),
    )


def _is_on(value: Any) -> bool:
    if value is not None and type(value) is not bool:
        raise TypeError("expected true or false")
    return bool(value)


def _figure(alert: Any, name: str) -> int | None:
    if alert is None:
        return None
    if type(alert) is not dict or type(alert.get("alert")) is not bool:
        raise TypeError("expected an object that says whether the alert is on")
    if not alert["alert"]:
        return None
    if type(alert.get(name)) is not int:
        raise TypeError("expected the figure of an alert that is on")
    return int(alert[name])
