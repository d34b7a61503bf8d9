"""The pages of one vendor: how to reach it, its options, and what it holds, a page of a table at a time."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from couponhub.console.pages import Redirect, View
from couponhub.console.paging import PageOf, nearest_page
from couponhub.console.whole_numbers import whole_number
from couponhub.dashboard.overview import tables_of
from couponhub.dashboard.visits import Answer, Visit, vendor_address
from couponhub.testing.emulation.app import EmulatorApp
from couponhub.testing.emulation.reading import read_json
from couponhub.testing.emulation.routes import Route
from couponhub.testing.emulation.vendor import Cell, ControlError, StateTable, VendorEmulator

Row = Sequence[Cell]

_AT_ONCE = 25
_SOUGHT_AT_ONCE = 5_000
_MOST_SOUGHT = 200_000


class StatePages:
    """A vendor's page, and its tables'."""

    def __init__(self, emulated: EmulatorApp) -> None:
        self._emulated = emulated

    def routes(self) -> Iterator[Route[Answer]]:
        """Give the places of them."""
        yield Route(method="GET", path="/-/vendors/<vendor>", answer=self._show_vendor)
        yield Route(method="POST", path="/-/vendors/<vendor>/-/options", answer=self._set_option)
        yield Route(method="GET", path="/-/vendors/<vendor>/<table>", answer=self._show_table)

    def _show_vendor(self, visit: Visit, *, error: str | None = None) -> View:
        vendor = self._vendor(visit)
        options = vendor.options()
        asked = visit.form or visit.query
        chosen = asked.get("option", "")
        return View(
            template="emulator_vendor.html",
            values={
                "vendor": vendor.name,
                "address": f"{visit.request.host_url.rstrip('/')}/{vendor.name}{vendor.base_path}",
                "credentials": vendor.credentials,
                "tables": tables_of(vendor),
                "options": {name: as_text(value) for name, value in options.items()},
                "chosen": chosen,
                "value": asked.get("value", as_text(options[chosen]) if chosen in options else ""),
                "done": visit.done,
                "error": error,
            },
            status=400 if error else 200,
        )

    def _set_option(self, visit: Visit) -> View | Redirect:
        vendor = self._vendor(visit)
        name, text = visit.form.get("option", ""), visit.form.get("value", "")
        try:
            vendor.set_options({name: _value(text, vendor.options().get(name))})
        except ControlError as error:
            return self._show_vendor(visit, error=str(error))
        return Redirect(f"{vendor_address(vendor.name)}?done=option")

    def _show_table(self, visit: Visit) -> View:
        vendor = self._vendor(visit)
        tables = tables_of(vendor)
        table = next((one for one in tables if one.name == visit.words["table"]), None)
        if table is None:
            raise ControlError(f"{vendor.name} shows no such table", missing=True)
        find = visit.query.get("find", "").strip()
        number = whole_number(visit.query.get("page", "1"), digits=8)
        number = 1 if number is None else number
        found = _found(table, find, number) if find else _part(table, number)
        address = vendor_address(vendor.name, table.name)
        more = f"&{urlencode({'find': find})}" if find else ""
        return View(
            template="emulator_table.html",
            values={
                "vendor": vendor.name,
                "table": table,
                "tables": tables,
                "found": found,
                "find": find,
                "unsought": max(0, table.count - _MOST_SOUGHT) if find else 0,
                "address": address,
                "more": more,
                # To seek through all rows time and again would keep the vendor busy.
                "polls": not find,
            },
        )

    def _vendor(self, visit: Visit) -> VendorEmulator:
        vendor = self._emulated.vendors.get(visit.words["vendor"])
        if vendor is None:
            raise ControlError(f"served here: {', '.join(self._emulated.vendors)}", missing=True)
        return vendor


def as_text(value: Any) -> str:
    """An option's value as people write it: text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _value(text: str, now: Any) -> Any:
    if isinstance(now, str):
        return text
    try:
        return read_json(text.encode())
    except ControlError:
        raise ControlError(f"the value must be JSON, such as {as_text(now)}") from None


def _part(table: StateTable, number: int) -> PageOf[Row]:
    count = max(1, -(-table.count // _AT_ONCE))
    number = min(max(number, 1), count)
    rows = table.rows((number - 1) * _AT_ONCE, number * _AT_ONCE)
    return PageOf(items=rows, number=number, count=count, total=table.count)


def _found(table: StateTable, find: str, number: int) -> PageOf[Row]:
    sought = find.casefold()
    matching: list[Row] = []
    for start in range(0, min(table.count, _MOST_SOUGHT), _SOUGHT_AT_ONCE):
        rows = table.rows(start, start + _SOUGHT_AT_ONCE)
        matching += [
            row for row in rows if any(sought in str(cell).casefold() for cell in row if cell is not None)
        ]
    return nearest_page(matching, number, at_once=_AT_ONCE)
