"""The usage index says the same in SQLite and in PostgreSQL, whatever was imported and whoever was forgotten."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from couponhub.errors import LocalError
from couponhub.models import CouponList, Customer, ListId
from couponhub.secret import Secret
from couponhub.state import State, StoreSettings, open_state
from couponhub.state.postgresql import pages as postgresql_pages
from couponhub.state.report_lines import ReportLine
from couponhub.usage import UsageIndex, taking
from couponhub.usage.days import Days
from couponhub.usage.importing import ImportRequest, import_report
from couponhub.usage.index import digest_of
from tests.kit.examples import examples
from tests.kit.servers import PostgresqlServer
from tests.usage.reports_harness import FORM, HEADER, INDIA, NOW, noon, span

_ODD = (
    "\\",
    "\\.",
    "\\N",
    "''",
    "a'b",
    "%s",
    "?",
    "$$",
    "{}",
    "A\\tB",
    "--",
    "é" * 200,
    "✨",
    "日本",
    "x" * 250,
)
_CODES = st.one_of(
    st.sampled_from("ABC"), st.sampled_from([f"C{text}" for text in _ODD]), st.sampled_from(_ODD)
)
_CUSTOMERS = st.one_of(st.integers(0, 3).map("E{}".format), st.sampled_from([f"E{text}" for text in _ODD]))
_NAMES = st.one_of(
    st.just("Autumn"), st.sampled_from(_ODD), st.sampled_from(["a\nb", "a\tb", "", "\x85", "\u2028"])
)
_LISTS = st.sampled_from(["L1", "L2", "L\\.", "L'%s?", "L\0", "L\ud800", "ä" * 300])


@attrs.frozen
class Import:
    """A report that is imported."""

    list_id: str
    rows: Sequence[tuple[str, str, str, int]]
    include_forgotten: bool = False
    many: bool = False


@attrs.frozen
class Seen:
    """Lists that the vendor shows."""

    lists: Sequence[tuple[str, str, int]]


@attrs.frozen
class Forget:
    """Customers who are forgotten."""

    customers: Sequence[str]


Deed = Import | Seen | Forget

DEEDS = st.lists(
    st.one_of(
        st.builds(
            Import,
            _LISTS,
            st.lists(st.tuples(_CUSTOMERS, _CODES, _NAMES, st.integers(1, 9)), max_size=12),
            st.booleans(),
            st.booleans(),
        ),
        st.builds(Seen, st.lists(st.tuples(_LISTS, _NAMES, st.integers(1, 9)), max_size=3)),
        st.builds(Forget, st.lists(_CUSTOMERS, min_size=1, max_size=2)),
    ),
    min_size=1,
    max_size=5,
)
_AGAIN = Import("L1", [("E1", "A", "Autumn", 3), ("E1", "\\.", "\\N", 4), ("E2", "A", "", 3)])


@contextmanager
def both(server: PostgresqlServer) -> Iterator[list[State]]:
    """An empty state in SQLite and one in PostgreSQL, of one key."""
    database, key = server.new_database(), Secret("5" * 64)
    try:
        with TemporaryDirectory() as folder, ExitStack() as held:
            urls = (f"sqlite:///{Path(folder).as_posix()}/couponhub.db", server.url(database))
            yield [held.enter_context(open_state(StoreSettings(url=url, key=key))) for url in urls]
    finally:
        server.drop(database)


@settings(max_examples=examples(40), deadline=None)
@given(deeds=DEEDS)
@example(deeds=[_AGAIN, Forget(["E1"]), _AGAIN, attrs.evolve(_AGAIN, include_forgotten=True)])
@example(
    deeds=[attrs.evolve(_AGAIN, many=True), Forget(["E1", "E2", "E9"]), attrs.evolve(_AGAIN, list_id="L\0")]
)
def test_both_states_say_the_same(postgresql_server: PostgresqlServer, deeds: Sequence[Deed]) -> None:
    """After each import, look of the vendor and erasure: what came of it, and all that can be asked of the index."""
    with both(postgresql_server) as states, pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgresql_pages, "_PAGES_AT_ONCE", 3)
        customers = {"E1"} | {row[0] for deed in deeds if isinstance(deed, Import) for row in deed.rows}
        customers |= {name for deed in deeds if isinstance(deed, Forget) for name in deed.customers}
        codes = {"A", ""} | {row[1] for deed in deeds if isinstance(deed, Import) for row in deed.rows}
        for number, deed in enumerate(deeds):
            patch.setattr(taking, "MANY", 0 if isinstance(deed, Import) and deed.many else 10**9)
            in_sqlite, in_postgresql = (done(UsageIndex(state.reports), deed, number) for state in states)
            assert in_sqlite == in_postgresql
            in_sqlite, in_postgresql = (told(state, customers, codes) for state in states)
            assert in_sqlite == in_postgresql


def done(index: UsageIndex, deed: Deed, number: int) -> Any:
    """Do it; return what comes of it, or why it is refused."""
    match deed:
        case Seen():
            lists = [
                CouponList(
                    connection="engage", id=ListId(list_id), name=name, label=name, created_at=noon(day)
                )
                for list_id, name, day in deed.lists
            ]
            return index.remember_lists("engage", lists, noon(number + 1).astimezone(UTC))
        case Forget():
            return index.forget([Customer(external_id=name) for name in deed.customers])
        case Import():
            text = io.StringIO(newline="")
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(HEADER)
            for customer, code, name, day in deed.rows:
                moment = noon(day).astimezone(UTC).isoformat()
                writer.writerow((customer, code, "C1", name, "Default", name, moment))
            request = ImportRequest(
                connection="engage",
                list_id=ListId(deed.list_id),
                days=span(1, 9),
                form=FORM,
                zones=Days((INDIA,)),
                lists=(),
                lists_seen_at=None,
                known=None,
                now=NOW,
                include_forgotten=deed.include_forgotten,
                shared_codes=True,
            )
            source = io.BytesIO(text.getvalue().encode())
            try:
                return import_report(index, source, request, codes_elsewhere=lambda _: False)
            except LocalError as error:
                return error.message


def told(state: State, customers: set[str], codes: set[str]) -> Any:
    """All that can be asked of the index; campaigns stand for their numbers, whose order is nobody's."""
    with state.reports.reading() as found:
        if found is None:
            return None

        def shown(lines: Sequence[ReportLine]) -> list[Any]:
            return [(attrs.evolve(line, campaign=""), found.campaign(line)) for line in lines]

        digests = [digest_of(Customer(external_id=name), found.key) for name in sorted(customers)]
        every: list[ReportLine] = []
        place: int | None = 0
        while place is not None:
            lines, place = found.lines_from(place)
            every += lines
        catalogue = found.catalogue()
        return (
            found.generation,
            dict(catalogue.lists),
            dict(catalogue.reports),
            dict(catalogue.seen_at),
            [shown(found.lines_of(digest)) for digest in digests],
            [sorted(shown(found.lines_with(code)), key=repr) for code in sorted(codes)],
            sorted(shown(every), key=repr),
            [found.is_forgotten(digest) for digest in digests],
        )
