"""S-120 to S-126: the history of lists and limits."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from couponhub.models import CouponList, ListId
from couponhub.state import Readings
from couponhub.testing.state_conformance.harness import StateHarness

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0
_SPAN = 15 * _MINUTE


def one_list(available: int | None, total: int | None = None, list_id: str = "L 1/ä") -> CouponList:
    """Make a list with so many codes left."""
    return CouponList(connection="shop", id=ListId(list_id), name="Summer", available=available, total=total)


def counts(readings: Readings, list_id: str = "L 1/ä") -> list[int]:
    """Return how many codes were left, reading by reading."""
    return [one.available for one in readings.stock("shop", list_id)]


def to_a_new_span(harness: StateHarness, readings: Readings) -> None:
    """Let the clock jump to the beginning of a quarter of an hour."""
    readings.note_stock("clock", [one_list(1)])
    harness.jump(_SPAN - readings.stock("clock", "L 1/ä")[-1].at.timestamp() % _SPAN)


class ReadingRules:
    """Rules of what is kept of lists and limits that are read again and again."""

    def test_s120_a_list_has_a_reading_for_each_change(self, harness: StateHarness) -> None:
        """S-120: what stays the same lasts, what changes is read anew, at most once in a quarter of an hour."""
        readings, other = harness.open().readings, harness.open().readings
        assert ((), {}) == (other.stock("shop", "L 1/ä"), other.quotas("shop"))
        to_a_new_span(harness, readings)
        readings.note_stock("shop", [one_list(9, 10), one_list(7, None, "L2"), one_list(None, 5, "L3")])
        readings.note_stock("shop", [one_list(8, 10)])
        assert ([9], [7], []) == (counts(other), counts(other, "L2"), counts(other, "L3"))
        assert [] == [*other.stock("else", "L 1/ä")]
        for _ in range(2):
            harness.jump(_SPAN)
            other.note_stock("shop", [one_list(9, 10), one_list(7, 7, "L2")])
        harness.jump(_SPAN)
        readings.note_stock("shop", [one_list(4, 10)])
        first, last = other.stock("shop", "L 1/ä")
        assert (9, 10, timedelta(seconds=2 * _SPAN)) == (first.available, first.total, first.until - first.at)
        assert (4, last.at, timedelta(0)) == (last.available, last.until, last.at.utcoffset())
        assert [(7, None), (7, 7)] == [(one.available, one.total) for one in other.stock("shop", "L2")]
        assert {"L 1/ä": (last,)} == other.stocks("shop", last.at)
        assert {"L 1/ä", "L2"} == {*other.stocks("shop", first.at)}

    def test_s121_many_writers_do_not_multiply_it(self, harness: StateHarness) -> None:
        """S-121: threads, states and another process at once: one reading and one sample all the same."""
        states = [harness.open(), harness.open()]
        worker = harness.spawn("note_readings", "shop", "L 1/ä")

        def note(number: int) -> None:
            readings = states[number % 2].readings
            readings.note_stock("shop", [one_list(5), one_list(number, None, "L2")])
            readings.note_quotas("shop", {"calls_per_day": number}, {"calls_per_day": 10})

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(note, range(20)))
        assert ["done"] == worker.rest()
        readings = states[0].readings
        assert [5] == counts(readings)
        # A quarter of an hour, or five minutes, may have begun meanwhile; another one has not.
        assert 1 <= len(counts(readings, "L2")) <= 2
        assert 1 <= len(readings.quotas("shop")["calls_per_day"]) <= 2

    def test_s122_what_is_old_is_thinned_and_then_gone(self, harness: StateHarness) -> None:
        """S-122: after two days one reading of a day is left, its first; after 90 days none."""
        readings = harness.open().readings
        to_a_new_span(harness, readings)
        at = readings.stock("clock", "L 1/ä")[-1].at.timestamp()
        harness.jump(_DAY - (at + _SPAN) % _DAY + _HOUR)
        for number in range(4):
            readings.note_stock("shop", [one_list(100 - number)])
            harness.jump(_HOUR)
        harness.jump(_DAY)
        readings.note_stock("shop", [one_list(50)])
        assert [100, 99, 98, 97, 50] == counts(readings)
        harness.jump(2 * _DAY)
        readings.note_stock("shop", [one_list(49)])
        assert [100, 50, 49] == counts(readings)
        harness.jump(89 * _DAY)
        readings.note_stock("shop", [one_list(48)])
        assert [49, 48] == counts(readings)

    def test_s123_a_limit_has_a_sample_in_five_minutes(self, harness: StateHarness) -> None:
        """S-123: the first of them, of limits that are known, for 25 hours; each connection has its own."""
        readings, other = harness.open().readings, harness.open().readings
        to_a_new_span(harness, readings)
        most = {"calls_per_minute": 60, "calls_per_day": 1000}
        readings.note_quotas("shop", {"calls_per_day": 990, "gone_per_day": 1}, most)
        other.note_quotas("shop", {"calls_per_day": 980, "calls_per_minute": 60}, most)
        harness.jump(5 * _MINUTE)
        other.note_quotas("shop", {"calls_per_day": 970}, most)
        found = readings.quotas("shop")
        assert [(990, 1000), (970, 1000)] == [(one.left, one.most) for one in found["calls_per_day"]]
        assert (1, {"calls_per_day", "calls_per_minute"}) == (len(found["calls_per_minute"]), {*found})
        assert {} == readings.quotas("else")
        harness.jump(25 * _HOUR - 2 * _MINUTE)
        assert [970] == [one.left for one in readings.quotas("shop")["calls_per_day"]]
        harness.jump(5 * _MINUTE)
        assert {} == readings.quotas("shop")

    def test_s124_a_clock_that_is_set_back(self, harness: StateHarness) -> None:
        """S-124: readings of a future that did not come are gone, and what follows is kept as ever."""
        readings = harness.open().readings
        harness.jump(30 * _DAY)
        readings.note_stock("shop", [one_list(9)])
        harness.jump(-30 * _DAY)
        readings.note_stock("shop", [one_list(8)])
        harness.jump(_SPAN)
        readings.note_stock("shop", [one_list(7)])
        assert [7] == counts(readings)[-1:]
        assert 9 not in counts(readings)

    def test_s125_it_is_in_a_backup(self, harness: StateHarness, tmp_path: Path) -> None:
        """S-125: readings and samples come back as they were."""
        state = harness.open()
        state.readings.note_stock("shop", [one_list(9, 10)])
        state.readings.note_quotas("shop", {"calls_per_day": 5}, {"calls_per_day": 10})
        harness.back_up(state, tmp_path / "backup")
        back = harness.restore(tmp_path / "backup").readings
        assert state.readings.stock("shop", "L 1/ä") == back.stock("shop", "L 1/ä") != ()
        assert state.readings.quotas("shop") == back.quotas("shop") != {}

    def test_s126_ids_of_any_text_and_many_lists(self, harness: StateHarness) -> None:
        """S-126: NUL, half a surrogate pair and numbers beyond all measure do no harm to the other 1,200 lists."""
        readings = harness.open().readings
        odd = ["a\0b", "\ud83d", "'; --", ""]
        lists = [
            one_list(2**70, 2**70, "huge"),
            *(one_list(number, number, name) for number, name in enumerate(odd)),
        ]
        readings.note_stock("shop", [*lists, *(one_list(1, 1, f"L{number}") for number in range(1200))])
        assert [[number] for number in range(4)] == [counts(readings, name) for name in odd]
        assert ([], [1]) == (counts(readings, "huge"), counts(readings, "L1199"))
