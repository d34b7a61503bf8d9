"""The page of faults: those in force, and those that can be switched on."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import attrs

from couponhub.console.pages import Redirect, View
from couponhub.console.whole_numbers import whole_number
from couponhub.dashboard.visits import BELOW, Answer, Visit
from couponhub.testing.emulation.app import EmulatorApp
from couponhub.testing.emulation.corruption import Garbage
from couponhub.testing.emulation.faults import FAULTS, read_rule
from couponhub.testing.emulation.reading import read_json
from couponhub.testing.emulation.routes import Route
from couponhub.testing.emulation.vendor import ControlError

_PAGE = f"{BELOW}/faults"
_METHODS = ("*", "GET", "POST", "PUT", "PATCH", "DELETE")
_READY: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "outage": {"match": "* *", "fault": "status", "value": 503},
        "limited": {
            "match": "* *",
            "fault": "status",
            "value": {"status": 429, "headers": {"Retry-After": "5"}},
        },
        "slow": {"match": "* *", "fault": "latency", "value": 5},
        "unreachable": {"match": "* *", "fault": "drop_before"},
        "lost": {"match": "POST *", "fault": "drop_after"},
        "rubbish": {"match": "* *", "fault": "garbage"},
    }
)
"""Rules that are switched on by one button; each has its words."""
_EXAMPLES: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "status": ("503", '{"status": 429, "headers": {"Retry-After": "5"}, "body": {}}'),
        "garbage": tuple(Garbage),
    }
)
"""Values that stand behind what is said of a fault."""


@attrs.frozen(kw_only=True)
class FaultLine:
    """A rule in force, as the page shows it."""

    number: int
    vendor: str | None
    match: str
    fault: str
    value: str
    times: int | None
    every: int
    fired: int
    is_used_up: bool


class FaultPages:
    """The page of faults, and what is done from it."""

    def __init__(self, emulated: EmulatorApp) -> None:
        self._emulated = emulated

    def routes(self) -> Iterator[Route[Answer]]:
        """Give the places of it."""
        yield Route(method="GET", path="/-/faults", answer=self._show)
        yield Route(method="POST", path="/-/faults", answer=self._switch_on)
        yield Route(method="POST", path="/-/faults/ready", answer=self._switch_ready_on)
        yield Route(method="POST", path="/-/faults/off", answer=self._switch_off)
        yield Route(method="POST", path="/-/faults/none", answer=self._switch_all_off)

    def _show(self, visit: Visit, *, error: str | None = None) -> View:
        return View(
            template="emulator_faults.html",
            values={
                "lines": [
                    FaultLine(
                        number=one.number,
                        vendor=one.rule.vendor,
                        match=f"{one.rule.method} {one.rule.path}",
                        fault=one.rule.name,
                        value="" if (value := one.rule.source.get("value")) is None else _text(value),
                        times=one.rule.times,
                        every=one.rule.every,
                        fired=one.fired,
                        is_used_up=one.is_used_up,
                    )
                    for one in self._emulated.faults.standing()
                ],
                "kinds": FAULTS,
                "examples": defaultdict(tuple, _EXAMPLES),
                "ready": tuple(_READY),
                "methods": _METHODS,
                "form": visit.form,
                "done": visit.done,
                "error": error,
            },
            status=400 if error else 200,
        )

    def _switch_on(self, visit: Visit) -> View | Redirect:
        form = visit.form
        rule: dict[str, Any] = {
            "match": f"{form.get('method', '*')} {form.get('path') or '*'}",
            "fault": form.get("fault", ""),
            "value": _given(form.get("value", "")),
            "times": _given(form.get("times", "")),
            "every": _given(form.get("every", "")),
            "vendor": form.get("vendor") or None,
        }
        return self._add(visit, rule)

    def _switch_ready_on(self, visit: Visit) -> View | Redirect:
        ready = _READY.get(visit.form.get("ready", ""))
        if ready is None:
            return self._show(visit, error=f"ready must be one of {', '.join(_READY)}")
        return self._add(visit, {**ready, "vendor": visit.form.get("vendor") or None})

    def _add(self, visit: Visit, rule: Mapping[str, Any]) -> View | Redirect:
        told = {name: part for name, part in rule.items() if part is not None}
        try:
            self._emulated.faults.add(read_rule(told, "fault", vendors=self._emulated.vendors))
        except ControlError as error:
            return self._show(visit, error=str(error))
        return Redirect(f"{_PAGE}?done=on")

    def _switch_off(self, visit: Visit) -> Redirect:
        number = whole_number(visit.form.get("number", ""), digits=18)
        if number is not None:
            self._emulated.faults.remove(number)
        return Redirect(f"{_PAGE}?done=off")

    def _switch_all_off(self, _: Visit) -> Redirect:
        self._emulated.faults.replace(())
        return Redirect(f"{_PAGE}?done=off")


def _given(text: str) -> Any:
    """A field's value: JSON where it is some, else the text; None when it is empty."""
    if not text:
        return None
    try:
        return read_json(text.encode())
    except ControlError:
        return text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
