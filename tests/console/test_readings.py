"""The history of stock and limits: kept beside what is read anyway, shown as lines, days and numbers, and missed by nobody."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect

from couponhub import CouponHub
from couponhub.connection import Connection
from couponhub.console.asked_lists import AskedLists, StockSort
from couponhub.console.list_stock import ListStock, Stock
from couponhub.console.quota_gauge import PastUse, QuotaGauge
from couponhub.console.reading_notes import ReadingNotes
from couponhub.console.running_out import RunningOut, StockOutlook
from couponhub.console.sparkline import Sparkline
from couponhub.console.stock_view import StockView
from couponhub.errors import ConfigError, LocalError
from couponhub.models import CouponList, ListId, ListStatus
from couponhub.state import QuotaSample, Scope
from couponhub.state.sql.readings import SqlReadings
from couponhub.state.sqlite.state import SqliteState
from couponhub.testing import EmulatedVendors, emulated_vendors
from couponhub.transport.observing import VendorCall
from tests.console.browser import Visitor
from tests.console.harness import ConsoleHarness
from tests.kit.clock import FakeClock
from tests.kit.eventually import eventually

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
_FIRST, _LAST = (NOW.replace(month=month, tzinfo=None) for month in (1, 6))


def past(hub: CouponHub, hours: float) -> SqlReadings:
    """The readings of a hub's state, as they were written so long ago."""
    assert isinstance(hub.state, SqliteState)
    return SqlReadings(hub.state.database, clock=lambda: time.time() - hours * 3600)


def test_tells_the_day_on_which_a_list_runs_out(console: ConsoleHarness, visitor: Visitor) -> None:
    """First on the page that is sorted so; on the list's own page with a line, and the numbers behind it by keyboard."""
    lists = {one.name: one for one in console.hub["moengage"].lists.iterate()}
    falls = lists["Welcome offer"]
    assert falls.available
    for day in range(6, 0, -1):
        one = attrs.evolve(falls, available=falls.available + (0, 1, 2, 5, 6, 9, 12)[day])
        past(console.hub, 24 * day).note_stock("moengage", [one])
    visitor.sign_in(console.token(Scope.LOOKUP, Scope.LISTS_READ))
    visitor.go("/lists?sort=runs_out")
    page = visitor.page
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("Welcome offer")
    expect(row).to_contain_text("Codes a day: 2")
    expect(row).to_contain_text(", between")
    expect(page.locator("tbody")).to_contain_text("Not enough readings")
    visitor.require_accessible()

    page.get_by_role("link", name="Welcome offer").press("Enter")
    history = page.locator("#stock-history")
    expect(history).to_contain_text("6 days of readings")
    expect(history.get_by_role("img", name="Codes left from")).to_be_visible()
    history.locator("summary").press("Enter")
    expect(history.locator("tbody tr")).to_have_count(7)
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark")
    visitor.require_accessible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_shows_what_was_used_of_limits_in_a_day(console: ConsoleHarness, visitor: Visitor) -> None:
    """What is used now, the highest point with its time, and a line, whose words say the same."""
    connection = console.hub["moengage"]
    most, left = connection.capabilities.limits, connection.quota_left()
    for hours, used in ((30, 9), (20, 1), (10, 7), (1, 3)):
        some = {name: max(0, most[name] - used) for name in left}
        past(console.hub, hours).note_quotas("moengage", some, most)
    visitor.sign_in(console.token(Scope.LOOKUP, Scope.LISTS_READ))
    visitor.go("/connections")
    row = visitor.page.locator("#limits-2 tr").filter(has_text="upload_per_day")
    expect(row).to_contain_text("Highest: 7,")
    expect(row.get_by_role("img", name="at most 7 of")).to_be_visible()
    assert (row.locator("meter").get_attribute("aria-label") or "").startswith("0 of")
    visitor.require_accessible()
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    visitor.page.emulate_media(color_scheme="dark")
    visitor.require_accessible()
    assert [] == visitor.too_wide()


def test_pages_of_histories_without_scripts_and_in_german(console: ConsoleHarness) -> None:
    """A list that was never read has a sentence; what is no connection is not found."""
    console.sign_in(Scope.LOOKUP, Scope.LISTS_READ)
    told = console.client.get("/lists/moengage/none/stock", headers={"Accept-Language": "de"}).text
    assert "noch nicht abgelesen" in told
    assert 404 == console.client.get("/lists/nobody/x/stock").status_code


def test_a_state_that_fails_costs_the_history_alone(
    console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where nothing may be written, or nothing can be read, all lists are there, and a line for who debugs says why."""

    def fails(*_: object) -> None:
        raise LocalError("the store is read-only")

    for name in ("note_stock", "stocks", "stock", "quotas", "note_quotas"):
        monkeypatch.setattr(console.hub.state.readings, name, fails)
    caplog.set_level(logging.DEBUG, "couponhub.console.reading_notes")
    (stock,) = ListStock(console.hub).look(["moengage"])
    assert (None, False, {}) == (stock.error, stock.is_reading, stock.outlooks)
    assert stock.lists
    notes = ReadingNotes(console.hub)
    notes.sample()
    assert ((), {}) == (notes.stock("moengage", "x"), notes.quotas("moengage"))
    lines = [record.getMessage() for record in caplog.records]
    assert {"there is no history of stock and limits: the store is read-only"} == {*lines}


def test_a_slow_state_holds_up_no_list(console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lists are shown before what was read earlier is looked up."""
    gate = threading.Event()
    monkeypatch.setattr("couponhub.console.list_stock._WAIT_SECONDS", 0.05)
    monkeypatch.setattr(console.hub.state.readings, "note_stock", lambda *_: gate.wait(10))
    stock = ListStock(console.hub)
    found = eventually(lambda: next((one for one in stock.look(["moengage"]) if one.lists), None))
    assert (True, {}) == (found.is_reading, found.outlooks)
    gate.set()
    assert eventually(
        lambda: next((one for one in stock.look(["moengage"]) if not one.is_reading), None)
    ).outlooks


def test_what_has_not_changed_is_not_written_again(
    console: ConsoleHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once in a quarter of an hour, and at once what has changed; a failed write is made up for."""
    written: list[list[int | None]] = []
    clock = FakeClock()
    notes = ReadingNotes(console.hub, clock.clock)
    monkeypatch.setattr(
        console.hub.state.readings,
        "note_stock",
        lambda _, lists: written.append([one.available for one in lists]),
    )
    for passed, counts in (
        (0, (1, 2)),
        (60, (1, 2)),
        (120, (1, 3)),
        (899, (1, 3)),
        (901, (1, 3)),
        (960, (1, 3)),
    ):
        clock.passed = passed
        notes.note_lists("moengage", [_list(f"L{place}", count) for place, count in enumerate(counts)])
    assert [[1, 2], [3], [1, 3]] == written


class _Calls:
    """Notes every call to a vendor."""

    def __init__(self) -> None:
        self.began_of: list[str] = []

    def began(self, connection: str, operation: str) -> Callable[[VendorCall], None]:
        """As of `Observer`."""
        self.began_of.append(f"{connection} {operation}")
        return lambda _: None


def test_limits_are_sampled_without_asking_a_vendor_until_the_hub_is_closed(vendors: EmulatedVendors) -> None:
    """There are samples of every limit that is counted; the thread ends with its hub."""
    calls, before = _Calls(), {*threading.enumerate()}
    with CouponHub.from_config(vendors.config, observer=calls) as hub:
        ReadingNotes(hub).keep_sampling(0.01)
        found = eventually(lambda: hub.state.readings.quotas("moengage"))
        assert {*hub["moengage"].quota_left()} == {*found}
        assert [] == calls.began_of
    eventually(lambda: {*threading.enumerate()} <= before)


@pytest.fixture
def unread() -> Iterator[EmulatedVendors]:
    """Both emulated vendors, of whose lists no test has kept a reading."""
    with emulated_vendors(settings={"timeout": 2.0}) as running:
        yield running


def test_lists_that_nobody_looks_at_are_read_by_one_of_many(
    unread: EmulatedVendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every six hours, not while calls are scarce, nor while another reads; what cannot be read is no sooner tried again."""
    calls, clock = _Calls(), FakeClock()

    def read() -> list[str]:
        return [one for one in calls.began_of if "moengage" in one]

    with (
        CouponHub.from_config(unread.config, observer=calls) as hub,
        CouponHub.from_config(unread.config, observer=calls) as other,
    ):
        one, two = ReadingNotes(hub), ReadingNotes(other)
        spent = dict.fromkeys(hub["moengage"].capabilities.limits, 0)
        monkeypatch.setattr(type(hub["moengage"]), "quota_left", lambda _: spent)
        one.read_lists()
        assert [] == read()
        monkeypatch.undo()
        with other.state.locks.hold(("stock", "moengage"), timeout=0):
            one.read_lists()
        assert [] == read()
        one.read_lists()
        count = len(read())
        assert count
        assert one.stock("moengage", next(hub["moengage"].lists.iterate()).id)
        calls.began_of.clear()
        two.read_lists()
        one.read_lists()
        assert [] == read(), "somebody has read it"

        clock.began = datetime.now(UTC) + timedelta(hours=5, minutes=59)
        late = ReadingNotes(other, clock.clock)
        late.read_lists()
        assert [] == read()
        clock.sleep(120)
        late.read_lists()
        assert count == len(read())
        unread.controls["moengage"].fail("* *", "status", 503)
        clock.sleep(7 * 3600)
        late.read_lists()
        failed = len(read())
        late.read_lists()
        assert count < failed == len(read())


def test_one_connection_that_fails_keeps_no_other_from_being_read(
    unread: EmulatedVendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it cannot be opened or its limits cannot be read: the lists of those after it have a history all the same."""
    with CouponHub.from_config(unread.config) as hub:
        first, *others = hub
        (other,) = others
        limits = type(hub[first]).quota_left

        def quota_left(connection: Connection) -> Mapping[str, int]:
            if connection.name == first:
                raise LocalError("the limits cannot be read")
            return limits(connection)

        monkeypatch.setattr(type(hub[first]), "quota_left", quota_left)
        noted: list[str] = []
        notes = ReadingNotes(hub)
        monkeypatch.setattr(notes, "note_lists", lambda name, _: noted.append(name))
        notes.read_lists()
        assert [other] == noted
        monkeypatch.undo()

        def opened(of: CouponHub, name: str) -> Connection:
            if name == first:
                raise ConfigError("its secret is missing")
            return found(of, name)

        found = CouponHub.__getitem__
        monkeypatch.setattr(CouponHub, "__getitem__", opened)
        notes = ReadingNotes(hub)
        monkeypatch.setattr(notes, "note_lists", lambda name, _: noted.append(name))
        notes.read_lists()
        assert [other, other] == noted


def test_lists_that_run_out_first_stand_first() -> None:
    """Empty, then by the day; then what does not fall, what is hardly known, and what nobody tells, or has ended."""
    told = {
        "later": RunningOut(outlook=StockOutlook.FALLS, about=NOW + timedelta(days=9)),
        "new": RunningOut(outlook=StockOutlook.TOO_FEW),
        "empty": RunningOut(outlook=StockOutlook.EMPTY),
        "still": RunningOut(outlook=StockOutlook.STILL),
        "soon": RunningOut(outlook=StockOutlook.FALLS, about=NOW + timedelta(days=2)),
    }
    lists = tuple(_list(name, 1) for name in ("unknown", *told))
    stock = Stock(connection="moengage", lists=lists, read_at=NOW, outlooks=told)
    shown = StockView.of([stock], AskedLists(sort=StockSort.RUNS_OUT), NOW)
    assert ["empty", "soon", "later", "still", "new", "unknown"] == [row.one.id for row in shown.rows]
    assert [False] * 6 == [row.ends_first for row in shown.rows]
    over = attrs.evolve(stock, lists=(attrs.evolve(lists[3], status=ListStatus.EXPIRED), *lists))
    last = StockView.of([over], AskedLists(sort=StockSort.RUNS_OUT, status="all"), NOW).rows[-2:]
    assert [("empty", True), ("unknown", False)] == [(row.one.id, row.has_ended) for row in last]
    ends = attrs.evolve(shown.rows[2], one=attrs.evolve(lists[0], expires_at=NOW + timedelta(days=5)))
    assert ends.ends_first


@given(
    st.lists(
        st.tuples(st.datetimes(_FIRST, _LAST), st.integers(0, 10**9)),
        max_size=40,
    )
)
def test_a_line_stays_in_its_box(counts: list[tuple[datetime, int]]) -> None:
    """Whatever the numbers; one time alone is no line."""
    line = Sparkline.of([(at.replace(tzinfo=UTC), count) for at, count in sorted(counts)])
    assert (line is None) == (len({at for at, _ in counts}) < 2)
    if line is not None:
        places = [tuple(map(float, point.split(","))) for point in line.points.split()]
        assert all(0 <= x <= 100 and 0 <= y <= 20 for x, y in places)
        assert places == sorted(places, key=lambda place: place[0])
        assert (0, 100) == (places[0][0], places[-1][0])


def test_a_gauge_of_a_limit() -> None:
    """The highest point is that of now, or of then; a limit that is turned off, or not counted, has none."""
    samples = [
        QuotaSample(at=NOW - timedelta(hours=hours), left=left, most=10) for hours, left in ((2, 3), (1, 12))
    ]
    past = PastUse.of(samples)
    gauge = QuotaGauge.of("calls_per_day", 10, 6, past, NOW)
    assert (4, 7, NOW - timedelta(hours=2)) == (gauge.used, gauge.highest, gauge.highest_at)
    assert datetime(2026, 6, 2, tzinfo=UTC) == gauge.anew_at
    now = QuotaGauge.of("calls_per_minute", 10, 0, past, NOW)
    assert (10, None, None, True) == (now.highest, now.highest_at, now.anew_at, now.lasts_a_minute)
    assert (None, 3) == (PastUse.of([]), QuotaGauge.of("x", 5, 2, None, NOW).highest)
    assert (None, 0) == (
        QuotaGauge.of("x", 0, 5, past, NOW).line,
        QuotaGauge.of("x", 5, None, past, NOW).used,
    )


def test_a_line_of_many_numbers_shows_the_highest() -> None:
    """No more points than can be told apart, and the peak among them."""
    counts = [(NOW + timedelta(minutes=at), 1000 if at == 333 else at % 7) for at in range(1440)]
    line = Sparkline.of(counts)
    assert line is not None
    assert len(line.points.split()) <= 102
    assert any(point.endswith(",0") for point in line.points.split())


def _list(name: str, available: int) -> CouponList:
    return CouponList(
        connection="moengage", id=ListId(name), name=name, status=ListStatus.ACTIVE, available=available
    )
