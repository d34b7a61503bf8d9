"""The first page: where all emulated vendors stand, their clock, and their beginning anew."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import attrs

from couponhub.console.pages import Redirect, View
from couponhub.console.whole_numbers import whole_number
from couponhub.dashboard.visits import HOME, Answer, Visit, vendor_address
from couponhub.testing.emulation.app import EmulatorApp
from couponhub.testing.emulation.reading import read_count
from couponhub.testing.emulation.routes import Route
from couponhub.testing.emulation.vendor import ControlError, ShowsTables, StateTable, VendorEmulator

_SECONDS = MappingProxyType({"minutes": 60, "hours": 3600, "days": 86_400})
_STEPS = (3600, 86_400, 7 * 86_400)
_LARGEST_STEP = 1_000_000


@attrs.frozen(kw_only=True)
class VendorLine:
    """A vendor on the first page."""

    name: str
    address: str
    page: str
    tables: tuple[StateTable, ...]


def tables_of(vendor: VendorEmulator) -> tuple[StateTable, ...]:
    """Return the tables that a vendor shows; none where it shows none."""
    return tuple(vendor.tables()) if isinstance(vendor, ShowsTables) else ()


class Overview:
    """The first page, and what is done from it."""

    def __init__(self, emulated: EmulatorApp) -> None:
        self._emulated = emulated

    def routes(self) -> Iterator[Route[Answer]]:
        """Give the places of it."""
        yield Route(method="GET", path="/", answer=self._show)
        # Scripts of the page ask for it here: they do not say that they like HTML.
        yield Route(method="GET", path="/-/", answer=self._show)
        yield Route(method="POST", path="/-/clock/advance", answer=self._advance)
        yield Route(method="POST", path="/-/clock/set", answer=self._set)
        yield Route(method="POST", path="/-/clock/real", answer=self._real)
        yield Route(method="POST", path="/-/reset", answer=self._reset)

    def _show(self, visit: Visit, *, error: str | None = None) -> View:
        world = self._emulated.world
        host = visit.request.host_url.rstrip("/")
        return View(
            template="emulator_overview.html",
            values={
                "now": world.clock.now(),
                "ahead": world.clock.ahead,
                "lines": [
                    VendorLine(
                        name=vendor.name,
                        address=f"{host}/{vendor.name}{vendor.base_path}",
                        page=vendor_address(vendor.name),
                        tables=tables_of(vendor),
                    )
                    for vendor in self._emulated.vendors.values()
                ],
                "faults": len(self._emulated.faults.standing()),
                "requests": len(self._emulated.recorder.requests()),
                "mails": len(world.outbox.mails()),
                "failures": [f"{type(one).__name__}: {one}" for one in list(world.background.failures)],
                "steps": _STEPS,
                "units": tuple(_SECONDS),
                "form": visit.form,
                "done": visit.done,
                "error": error,
            },
            status=400 if error else 200,
        )

    def _advance(self, visit: Visit) -> View | Redirect:
        form = visit.form
        try:
            if step := form.get("step"):
                seconds = _whole(step, "step")
            else:
                seconds = _whole(form.get("amount", ""), "amount") * _SECONDS[_unit(form.get("unit", ""))]
            # A point in time that no calendar has is an OverflowError of Python's.
            self._emulated.world.clock.set(self._emulated.world.clock.now() + timedelta(seconds=seconds))
        except (ControlError, ValueError, OverflowError) as error:
            return self._show(visit, error=_words(error))
        return Redirect(f"{HOME}?done=clock")

    def _set(self, visit: Visit) -> View | Redirect:
        try:
            instant = datetime.fromisoformat(visit.form.get("now", ""))
        except ValueError:
            return self._show(visit, error="the clock takes a day and an hour, such as 2030-01-31T10:00")
        try:
            self._emulated.world.clock.set(instant if instant.tzinfo else instant.replace(tzinfo=UTC))
        except (ValueError, OverflowError) as error:
            return self._show(visit, error=_words(error))
        return Redirect(f"{HOME}?done=clock")

    def _real(self, _: Visit) -> Redirect:
        self._emulated.world.clock.reset()
        return Redirect(f"{HOME}?done=clock")

    def _reset(self, visit: Visit) -> View | Redirect:
        form = visit.form
        if not form.get("sure"):
            return self._show(visit, error="nothing was done: say that everything may be forgotten")
        self._emulated.reset()
        if form.get("then") != "demo":
            return Redirect(f"{HOME}?done=reset")
        for vendor in self._emulated.vendors.values():
            vendor.seed_demo()
        return Redirect(f"{HOME}?done=demo")


def _whole(text: str, where: str) -> int:
    number = whole_number(text, digits=8)
    return read_count(text if number is None else number, where, most=_LARGEST_STEP)


def _unit(text: str) -> str:
    if text not in _SECONDS:
        raise ControlError(f"unit must be one of {', '.join(_SECONDS)}")
    return text


def _words(error: Exception) -> str:
    return "the clock takes years from 1971 to 8999" if isinstance(error, OverflowError) else str(error)
