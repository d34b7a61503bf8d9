"""The page of the audit log: who has revealed, sent, deleted, decided, and made tokens; and the same as a table to keep."""

import csv
import io
from collections.abc import Generator, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

import attrs

from couponhub.console.downloads import csv_download
from couponhub.console.pages import Page, PageRequest, Shown, View
from couponhub.errors import UsageError
from couponhub.hub import CouponHub
from couponhub.models.given import word
from couponhub.serialization import instant_text
from couponhub.shown import no_formula
from couponhub.state import AuditAction, AuditEvent, AuditLog, AuditPage, AuditQuestion, Scope

_AT_ONCE = 50
_ROWS_AT_ONCE = 500
_LONGEST = 300
_JOBS = ("up_", "ex_", "mig_")
"""The beginnings of what jobs are called."""
COLUMNS = tuple(field.name for field in attrs.fields(AuditEvent))


@attrs.frozen(kw_only=True)
class AskedEvents:
    """The events that somebody wants to see, as they stand in an address.

    Attributes:
        action: None for every one.
        who: A name, or a token's id; None for everybody.
        connection: None for every one.
        since: The first day, in UTC; None for the first there is.
        until: The last day, in UTC; None for today.
        before: The event before which a page begins; None for the newest.
    """

    action: AuditAction | None = None
    who: str | None = None
    connection: str | None = None
    since: date | None = None
    until: date | None = None
    before: str | None = None

    @property
    def is_narrow(self) -> bool:
        """True when something is left out."""
        return self.question != AuditQuestion()

    @property
    def question(self) -> AuditQuestion:
        """The question as it is put to the log."""
        return AuditQuestion(
            action=self.action,
            who=self.who,
            connection=self.connection,
            since=None if self.since is None else _midnight(self.since),
            until=_after(self.until),
        )

    def address(self, path: str = "/audit", before: str | None = None) -> str:
        """The address of this question, from another event on."""
        told = {
            name: value.value if isinstance(value, AuditAction) else str(value)
            for name, value in {**attrs.asdict(self, recurse=False), "before": before}.items()
            if value is not None
        }
        return f"{path}?{urlencode(told)}" if told else path


def read_asked(query: Mapping[str, str]) -> AskedEvents:
    """Read what stands in an address; what is empty there is not asked for, as forms send it.

    Raises:
        UsageError: Something is none of what it may be.
    """
    given = {name: text.strip()[:_LONGEST] for name, text in query.items() if text.strip()}
    for name, text in given.items():
        if "\0" in text:  # databases keep none, and some refuse to look for one
            raise UsageError(
                f"{name if name.isidentifier() else 'the address'}: there is nothing of that name"
            )
    action = given.get("action")
    known = None if action is None else word(AuditAction, action)
    if action is not None and known is None:
        raise UsageError("action: there is none of that name", hint="choose one of those in the form")
    return AskedEvents(
        action=known,
        who=given.get("who"),
        connection=given.get("connection"),
        since=_day("since", given.get("since")),
        until=_day("until", given.get("until")),
        before=given.get("before"),
    )


class AuditPages:
    """Shows the audit log.

    Args:
        hub: Whose.
    """

    def __init__(self, hub: CouponHub) -> None:
        self._hub = hub

    def pages(self) -> Iterator[Page]:
        """The pages."""
        yield Page(
            name="audit", method="GET", path="/audit", run=self._page, scope=Scope.ADMIN, entry="menu.audit"
        )
        yield Page(name="audit_table", method="GET", path="/audit.csv", run=self._table, scope=Scope.ADMIN)

    def _page(self, call: PageRequest) -> Shown:
        asked = read_asked(call.query)
        found = self._hub.state.audit.page(asked.question, before=asked.before, at_most=_AT_ONCE)
        return View(
            template="audit.html",
            values={
                "asked": asked,
                "found": found,
                "actions": list(AuditAction),
                "connections": [*self._hub],
                "days": self._hub.config.store.audit_days,
                "is_job": lambda text: text.startswith(_JOBS),
            },
        )

    def _table(self, call: PageRequest) -> Shown:
        question = read_asked(call.query).question
        log = self._hub.state.audit
        # Now, so that a log that cannot be read is a page that says so, and not half a table.
        first = log.page(question, at_most=_ROWS_AT_ONCE)
        return csv_download(_rows(log, question, first), "audit")


def _rows(log: AuditLog, question: AuditQuestion, page: AuditPage) -> Generator[bytes]:
    yield _line(COLUMNS)
    while True:
        for event in page.events:
            yield _line(
                instant_text(value) if isinstance(value, datetime) else no_formula(value or "")
                for value in attrs.astuple(event)
            )
        if page.older is None:
            return
        page = log.page(question, before=page.older, at_most=_ROWS_AT_ONCE)


def _line(cells: "Iterator[str | None] | tuple[str, ...]") -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode("utf-8", "replace")


def _day(name: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{name}: expected a day such as 2026-12-31") from None


def _after(day: date | None) -> datetime | None:
    # After the calendar's last day there is none.
    return None if day is None or day == date.max else _midnight(day + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
