"""The pages of calls: the last ones, and one of them with its bodies."""

import json
from collections.abc import Iterator
from urllib.parse import urlencode

from couponhub.console.pages import View
from couponhub.console.paging import page_of
from couponhub.dashboard.visits import BELOW, Answer, Visit
from couponhub.testing.emulation.app import EmulatorApp
from couponhub.testing.emulation.recorder import RecordedBody
from couponhub.testing.emulation.routes import Route
from couponhub.testing.emulation.vendor import ControlError


class SeenRequests:
    """The calls that the vendors saw."""

    def __init__(self, emulated: EmulatorApp) -> None:
        self._emulated = emulated

    def routes(self) -> Iterator[Route[Answer]]:
        """Give the places of them."""
        yield Route(method="GET", path="/-/requests", answer=self._show)
        yield Route(method="GET", path="/-/requests/<number>", answer=self._show_one)

    def _show(self, visit: Visit) -> View:
        query = visit.query
        vendor, find = query.get("vendor", ""), query.get("find", "").strip()
        sought = find.casefold()
        matching = [
            one
            for one in reversed(self._emulated.recorder.requests())
            if vendor in {"", one.vendor}
            and sought in f"{one.method} {one.path}?{one.query} {one.status} {one.fault or ''}".casefold()
        ]
        asked = {name: value for name, value in (("vendor", vendor), ("find", find)) if value}
        found = page_of(matching, query)
        return View(
            template="emulator_requests.html",
            values={
                "found": found,
                "vendor": vendor,
                "find": find,
                "address": f"{BELOW}/requests",
                "more": f"&{urlencode(asked)}" if asked else "",
            },
        )

    def _show_one(self, visit: Visit) -> View:
        text = visit.words["number"]
        every = self._emulated.recorder.requests()
        one = next((one for one in every if str(one.number) == text), None)
        if one is None:
            raise ControlError("that call is not remembered any more", missing=True)
        return View(
            template="emulator_request.html",
            values={"one": one, "asked": _readable(one.asked), "answered": _readable(one.answered)},
        )


def _readable(body: RecordedBody | None) -> str:
    """A body as people read it: JSON with each of its parts on a line."""
    if body is None:
        return ""
    text = body.text()
    if not body.is_whole:
        return text
    try:
        decoded = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return json.dumps(decoded, indent=2, ensure_ascii=False) if isinstance(decoded, dict | list) else text
