"""The usage index in PostgreSQL, beyond the rules of reports: any code unharmed, what is forgotten gone, and who waits for whom."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couponhub.clock import utc_now
from couponhub.errors import LocalError
from couponhub.models import CouponList, ListId
from couponhub.state import State, StoreSettings, open_state
from couponhub.state.postgresql import pages as postgresql_pages
from couponhub.state.report_lines import ReportLine
from couponhub.testing.state_conformance.reports import add, codes
from couponhub.testing.state_conformance.samples import digest, take_in
from tests.kit.examples import examples
from tests.kit.servers import PostgresqlServer

Open = Callable[[], State]
"""Opens the state as a further process would."""


@pytest.fixture
def opened(postgresql_url: str) -> Iterator[Open]:
    """A state in a database of the test's own."""
    with ExitStack() as held:
        yield lambda: held.enter_context(open_state(StoreSettings(url=postgresql_url)))


CELLS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r\0"), min_size=1, max_size=30
)


@pytest.fixture(scope="module")
def kept(postgresql_server: PostgresqlServer) -> Iterator[State]:
    """One state for all examples of a property."""
    database = postgresql_server.new_database()
    with open_state(StoreSettings(url=postgresql_server.url(database))) as state:
        yield state
    postgresql_server.drop(database)


@settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=st.lists(CELLS, max_size=8), second=st.lists(CELLS, max_size=8), customer=CELLS)
def test_any_code_comes_back_as_it_was(
    kept: State, first: Sequence[str], second: Sequence[str], customer: str
) -> None:
    r"""Codes of any characters that a cell may hold, such as \\, \\N, quotes, U+2028 and emoji, by copying and by merging."""
    index = kept.reports
    key = index.key()
    before = _lines(kept, customer)
    known = {line.code for line in before}
    for given_codes in (first, second):
        new = list(dict.fromkeys(code for code in given_codes if code not in known))
        with index.changing() as change:
            assert len(new) == take_in(change, key, [(customer, code) for code in new])
        known |= set(new)
    after = _lines(kept, customer)
    assert known == {line.code for line in after}
    with index.reading() as found:
        assert found is not None
        for code in known:
            assert code in {line.code for line in found.lines_with(code)}


def test_pages_are_compared_in_rounds(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages an import has, each is compared with what is stored, once."""
    monkeypatch.setattr(postgresql_pages, "_PAGES_AT_ONCE", 7)
    state = opened()
    rows = [(f"E{number}", f"CODE-{number}") for number in range(60)]
    assert 60 == add(state, *rows)
    assert 5 == add(state, *rows, *((f"E{number}", "MORE") for number in range(5)))
    assert 60 == add(state, *rows, list_id="L2")
    assert ["CODE-3", "MORE", "CODE-3"] == codes(state, "E3")


def test_what_was_forgotten_lies_nowhere(
    opened: Open, postgresql_url: str, postgresql_server: PostgresqlServer
) -> None:
    """The table holds no old form of a page whose lines were removed: it was vacuumed in the same command."""
    state = opened()
    add(state, *((f"E{number}", f"CODE-{number}") for number in range(300)))
    add(state, ("E7", "LATER"))
    with state.reports.changing() as change:
        assert 2 == change.forget(digest(state.reports.key(), "E7"), utc_now())

    database = postgresql_url.rpartition("/")[2]
    postgresql_server.run("CREATE EXTENSION pgstattuple", database=database)
    with psycopg.connect(postgresql_server.url(database, user="postgres")) as connection:
        found = connection.execute("SELECT dead_tuple_count FROM pgstattuple('couponhub.pages')").fetchall()
    assert [(0,)] == found


def test_who_may_not_vacuum_is_told(
    opened: Open, postgresql_url: str, postgresql_server: PostgresqlServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A role that owns no table forgets people all the same, and says what is left for the owner to do."""
    add(opened(), ("E1", "A"), ("E2", "B"))
    database = postgresql_url.rpartition("/")[2]
    for statement in (
        f"CREATE ROLE app_{database} LOGIN PASSWORD 'app-pass'",
        f"GRANT USAGE ON SCHEMA couponhub TO app_{database}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA couponhub TO app_{database}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA couponhub TO app_{database}",
    ):
        postgresql_server.run(statement, database=database)
    url = postgresql_server.url(database, user=f"app_{database}", password="app-pass")
    with open_state(StoreSettings(url=url)) as state:
        with state.reports.changing() as change:
            assert 1 == change.forget(digest(state.reports.key(), "E1"), utc_now())
        assert 2 == add(state, ("E3", "C"), ("E4", "D"))
    assert [] == codes(opened(), "E1")
    (said,) = [record.getMessage() for record in caplog.records]
    assert "have the owner of couponhub.pages run VACUUM" in said


def test_lookups_go_on_while_many_wait_for_an_import(opened: Open) -> None:
    """Whoever waits to change the index keeps no connection from those who read it."""
    state = opened()
    add(state, ("E1", "A"))
    others = 12
    begun = threading.Barrier(others + 1)

    def one_more(number: int) -> int:
        begun.wait()
        return add(state, ("E1", f"MORE-{number}"))

    with ThreadPoolExecutor(others) as pool:
        with state.reports.changing() as change:
            waiting = [pool.submit(one_more, number) for number in range(others)]
            begun.wait()
            for _ in range(20):
                assert ["A"] == codes(state, "E1")
            assert 1 == take_in(change, state.reports.key(), [("E1", "B")])
        assert [1] * others == [one.result() for one in waiting]
    assert others + 2 == len(codes(state, "E1"))


def test_another_key_is_refused(opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine whose key is gone is told so at its first look, instead of that nobody has a code."""
    add(opened(), ("E1", "A"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another machine"))
    with pytest.raises(LocalError, match="a key that this machine lacks"), opened().reports.reading():
        pass


def test_names_that_no_text_can_hold(opened: Open) -> None:
    """A vendor's name with a NUL, or half a surrogate pair, is kept in a form that can be; its list is found again."""
    state, now = opened(), utc_now()
    odd = ListId("L\0\ud800")
    for _ in range(2):
        with state.reports.changing() as change:
            change.see("shop", [CouponList(connection="shop", id=odd, name="N\0", label="\ud800")], now)
            number = change.number_of("shop", odd)
    with state.reports.reading() as found:
        assert found is not None
        (known,) = found.catalogue().of("shop")
    assert (number, "N\u2400", "\\ud800") == (known.number, known.name, known.label)


def _lines(index: State, customer: str) -> Sequence[ReportLine]:
    with index.reports.reading() as found:
        return [] if found is None else found.lines_of(digest(found.key, customer))
