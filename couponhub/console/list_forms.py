"""The forms that make and change lists; what was typed stays when it did not work."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from couponhub.clock import utc_now
from couponhub.console.list_stock import ListStock
from couponhub.console.pages import Page, PageRequest, Redirect, Shown, View
from couponhub.console.rendering import path_part
from couponhub.console.stock_view import ListRow
from couponhub.errors import Conflict, CouponhubError, UnknownConnection, UsageError
from couponhub.hub import CouponHub
from couponhub.models import ListChange, ListStatus, NewCouponList
from couponhub.models.base import given_list_id
from couponhub.server.discretion import discreet
from couponhub.server.problems import status_of
from couponhub.state import Scope

_BUSY_SECONDS = 60.0
"""The longest wait for another new list at the same connection: longer than a slow vendor takes."""
_CHANGE = "/lists/{connection}/{list_id}/change"
_ENDED = frozenset({ListStatus.EXPIRED, ListStatus.ARCHIVED})


class ListForms:
    """Makes and changes lists.

    Args:
        hub: Through whom.
        stock: Is told that what it remembers is old.
    """

    def __init__(self, hub: CouponHub, stock: ListStock) -> None:
        self._hub = hub
        self._stock = stock

    def pages(self) -> Iterator[Page]:
        """The pages."""
        write = Scope.LISTS_WRITE
        yield Page(name="new_list", method="GET", path="/lists/new", run=self._empty, scope=write)
        yield Page(name="make_list", method="POST", path="/lists/new", run=self._make, scope=write)
        yield Page(name="change_list", method="GET", path=_CHANGE, run=self._change_form, scope=write)
        yield Page(name="changing_list", method="POST", path=_CHANGE, run=self._change, scope=write)
        yield Page(
            name="activate_list",
            method="POST",
            path="/lists/{connection}/{list_id}/activate",
            run=self._activate,
            scope=write,
        )
        yield Page(
            name="archive_list",
            method="POST",
            path="/lists/{connection}/{list_id}/archive",
            run=self._archive,
            scope=write,
        )

    def _empty(self, call: PageRequest) -> Shown:  # noqa: ARG002 - it is the same for all
        return self._new_form({}, None)

    def _make(self, call: PageRequest) -> Shown:
        try:
            name = call.field("connection")
            new = NewCouponList(
                name=call.field("name"),
                expires=_day(call.field("expires")),
                label=_given(call, "label"),
                created_by=_given(call, "created_by"),
                extra=_pairs(call.form.get("extra", "")),
            )
            lists = self._hub[name].lists
            lists.check_new(new)
            # A form is easily sent twice, at one time too, and a vendor may hold two lists of one name.
            with self._hub.state.locks.hold(("new list", name), timeout=_BUSY_SECONDS):
                if lists.find_created(new) is not None:
                    raise Conflict("there is such a list already", hint="see all lists, or take another name")
                made = lists.create(new)
        except CouponhubError as error:
            return self._new_form(call.form, error)
        self._stock.forget(name)
        return Redirect(_place(name, made.id))

    def _new_form(self, typed: Mapping[str, str], error: CouponhubError | None) -> View:
        return _view("new_list.html", error, typed=typed, connections=tuple(self._writable()))

    def _writable(self) -> Iterator[str]:
        for name in self._hub:
            try:
                if "lists.write" in self._hub[name].capabilities:
                    yield name
            except CouponhubError:  # the page of connections tells
                continue

    def _change_form(self, call: PageRequest) -> Shown:
        return self._changed_form(call, None)

    def _change(self, call: PageRequest) -> Shown:
        def run(name: str, list_id: str) -> None:
            expires = _given(call, "expires")
            change = ListChange(
                name=_given(call, "name"),
                expires=None if expires is None else _day(expires),
                extra=_pairs(call.form.get("extra", "")),
            )
            self._hub[name].lists.update(list_id, change)

        return self._tried(call, run)

    def _activate(self, call: PageRequest) -> Shown:
        return self._tried(
            call,
            lambda name, list_id: self._hub[name].lists.activate(list_id, _day(call.field("expires"))),
        )

    def _archive(self, call: PageRequest) -> Shown:
        def run(name: str, list_id: str) -> None:
            lists = self._hub[name].lists
            held = lists.get(list_id)
            if _plain(call.field("confirm")) != _plain(held.name or held.id):
                raise UsageError(
                    "the name that was typed is not the list's, so nothing was done",
                    hint="type it as it stands in the heading",
                )
            lists.archive(list_id)

        return self._tried(call, run)

    def _tried(self, call: PageRequest, run: Callable[[str, str], None]) -> Shown:
        name, list_id = call.path["connection"], given_list_id(call.path["list_id"])
        try:
            run(name, list_id)
        except UnknownConnection:
            raise
        except CouponhubError as error:
            return self._changed_form(call, error)
        finally:
            self._stock.forget(name)
        return Redirect(_place(name, list_id))

    def _changed_form(self, call: PageRequest, error: CouponhubError | None) -> View:
        name, list_id = call.path["connection"], given_list_id(call.path["list_id"])
        connection = self._hub[name]
        row: ListRow | None = None
        try:
            row = ListRow.of(connection.lists.get(list_id), utc_now())
        except CouponhubError as raised:
            error = error or raised
        able = connection.capabilities
        has_ended = row is not None and row.one.status in _ENDED
        return _view(
            "change_list.html",
            error,
            typed=call.form,
            row=row,
            connection=name,
            list_id=list_id,
            can_change=row is not None and "lists.write" in able,
            can_activate=has_ended and "lists.activate" in able,
            can_archive=row is not None
            and row.one.status is not ListStatus.ARCHIVED
            and "lists.archive" in able,
        )


def _view(template: str, error: CouponhubError | None, **values: Any) -> View:
    told = error and discreet(error)
    return View(
        template=template, values={**values, "error": told}, status=200 if error is None else status_of(error)
    )


def _place(connection: str, list_id: str) -> str:
    return f"/lists/{path_part(connection)}/{path_part(list_id)}"


def _given(call: PageRequest, name: str) -> str | None:
    return call.form.get(name, "").strip() or None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError("the last day is no day", hint="as in 2030-06-30") from None


def _pairs(text: str) -> dict[str, str]:
    """Read lines such as `key=value`.

    Raises:
        UsageError: One is none.
    """
    pairs: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        key, separator, value = line.partition("=")
        if not (separator and key.strip()):
            raise UsageError(f"line {number} of the vendor's own fields is not of the form key=value")
        pairs[key.strip()] = value.strip()
    return pairs


def _plain(text: str) -> str:
    return " ".join(text.split())
