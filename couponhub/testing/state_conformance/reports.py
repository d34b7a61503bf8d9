"""S-60 to S-69: the index of usage reports."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from couponhub.clock import utc_now
from couponhub.models import CouponList, Identifier, ListId
from couponhub.state import State
from couponhub.testing.state_conformance.harness import StateHarness
from couponhub.testing.state_conformance.samples import digest, take_in


def codes(state: State, customer: str) -> list[str]:
    """Return the codes that the index knows of a customer, in the order of their lines."""
    with state.reports.reading() as found:
        return [] if found is None else [line.code for line in found.lines_of(digest(found.key, customer))]


def add(state: State, *given: tuple[str, str], list_id: str = "L1") -> int:
    """Import a report; return how many rows were new."""
    key = state.reports.key()
    with state.reports.changing() as change:
        return take_in(change, key, given, list_id)


class ReportRules:
    """Rules of what the index holds, and when."""

    def test_s60_nothing_before_the_first_import(self, harness: StateHarness) -> None:
        """S-60: reading says that there is no index; one that failed does not make it hold anything."""
        state = harness.open()
        with state.reports.reading() as found:
            assert found is None
        with pytest.raises(KeyboardInterrupt):
            self._fail_half_way(state)
        assert codes(harness.open(), "E1") == []
        add(state, ("E1", "CODE-1"))
        assert codes(harness.open(), "E1") == ["CODE-1"]

    def test_s61_rows_come_back_once(self, harness: StateHarness) -> None:
        """S-61: a code that a customer is known to have of a list is not added again; of another list it is."""
        state = harness.open()
        assert add(state, ("E1", "A"), ("E1", "B"), ("E2", "C")) == 3
        assert add(state, ("E1", "B"), ("E1", "D")) == 1
        assert add(state, ("E1", "A"), list_id="L2") == 1
        assert codes(harness.open(), "E1") == ["A", "B", "D", "A"]
        with state.reports.reading() as found:
            assert found is not None
            lines = found.lines_with("A")
            catalogue = found.catalogue()
            assert {"L1", "L2"} == {catalogue.lists[line.list_number].list_id for line in lines}
            assert found.campaign(lines[0]) == ("C1", "Autumn", "en", "A")
            assert len(catalogue.reports) == 3
            assert list(found.lines_with("ode")) == []

    def test_s62_all_of_a_change_or_nothing(self, harness: StateHarness) -> None:
        """S-62: a change that fails leaves everything as it was, and the index can be changed again."""
        state = harness.open()
        add(state, ("E1", "A"))
        with state.reports.reading() as found:
            before = found and found.generation
        with pytest.raises(KeyboardInterrupt):
            self._fail_half_way(state)
        with state.reports.reading() as found:
            assert found is not None
            assert before == found.generation
        assert (codes(state, "E1"), codes(state, "HALF")) == (["A"], [])
        assert add(state, ("E1", "B")) == 1

    def test_s63_readers_see_one_moment(self, harness: StateHarness) -> None:
        """S-63: a reader keeps what it saw first while others write, and does not wait for them; the next one sees more."""
        state, other = harness.open(), harness.open()
        add(state, ("E1", "A"))
        with other.reports.reading() as found:
            assert found is not None
            key, generation = found.key, found.generation
            assert len(found.lines_of(digest(key, "E1"))) == 1
            add(state, ("E1", "B"))
            assert len(found.lines_of(digest(key, "E1"))) == 1
        with other.reports.reading() as found:
            assert found is not None
            assert generation != found.generation
            assert len(found.lines_of(digest(key, "E1"))) == 2
        with state.reports.changing() as change:
            take_in(change, key, [("E1", "C")])
            assert codes(other, "E1") == ["A", "B"]

    def test_s64_the_key_is_one(self, harness: StateHarness) -> None:
        """S-64: however many ask for it first, all are given the same, and hash alike."""
        states = [harness.open() for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            keys = list(pool.map(lambda state: state.reports.key(), states))
        assert len({key.check for key in keys}) == 1
        assert len({key.of_all(["E1"], Identifier.EXTERNAL_ID)[0] for key in keys}) == 1

    def test_s65_forgotten_customers_are_gone(self, harness: StateHarness) -> None:
        """S-65: their rows are removed and nobody else's; that they are to stay away is remembered."""
        state = harness.open()
        add(state, ("E1", "A"), ("E1", "B"), ("E2", "C"))
        mark = digest(state.reports.key(), "E1")
        with state.reports.changing() as change:
            assert change.forget(mark, utc_now()) == 2
            assert change.forget(mark, utc_now()) == 0
            assert frozenset({mark}) == change.forgotten()
        assert (codes(harness.open(), "E1"), codes(state, "E2")) == ([], ["C"])
        with state.reports.reading() as found:
            assert found is not None
            assert (
                found.is_forgotten(mark),
                found.is_forgotten(digest(found.key, "E2")),
            ) == (True, False)

    def test_s66_lists_are_remembered(self, harness: StateHarness) -> None:
        """S-66: as they were shown last, their creation as early as it was ever told; those not shown stay."""
        state, now = harness.open(), utc_now()
        early = now.replace(year=2020)
        for created, name, listed in ((now, "Old", "L1"), (early, "New", "L1"), (None, "New", "L1")):
            with state.reports.changing() as change:
                one = CouponList(connection="shop", id=ListId(listed), name=name, created_at=created)
                change.see("shop", [one], now)
        with state.reports.changing() as change:
            change.see("shop", [], None)
        with harness.open().reports.reading() as found:
            assert found is not None
            (known,) = found.catalogue().of("shop")
            assert ("New", early, now) == (
                known.name,
                known.created_at,
                found.catalogue().seen_at["shop"],
            )

    def test_s67_a_kill_amid_an_import(self, harness: StateHarness) -> None:
        """S-67: nothing of it is there, what was before is, and nobody waits for the dead."""
        state = harness.open()
        add(state, ("E1", "A"))
        for is_running in (False, True):
            worker = harness.spawn("import_half")
            assert worker.step() == "half"
            if is_running:
                worker.go_on()
            worker.kill()
            assert (codes(state, "E1"), codes(state, "KILLED")) == (["A"], [])
        assert add(state, ("E1", "B")) == 1
        assert codes(harness.open(), "E1") == ["A", "B"]

    def test_s68_importers_take_turns(self, harness: StateHarness) -> None:
        """S-68: two processes and this one, from the very first import on, lose no row."""
        workers = [harness.spawn("import_reports", own, "5") for own in ("one", "two")]
        state = harness.open()
        for number in range(5):
            add(state, ("SHARED", f"own-{number}"))
        for worker in workers:
            assert worker.rest() == ["0", "1", "2", "3", "4"]
        assert len(set(codes(state, "SHARED"))) == 15

    def test_s69_everything_can_be_read(self, harness: StateHarness) -> None:
        """S-69: part by part, each line once, and all lines of a customer in one part."""
        state = harness.open()
        given = [(f"E{number % 7000}", f"CODE-{number}") for number in range(14_000)]
        add(state, *given)
        place: int | None = 0
        parts = []
        while place is not None:
            with state.reports.reading() as found:
                assert found is not None
                lines, place = found.lines_from(place)
            parts.append(lines)
        assert sorted(code for _, code in given) == sorted(line.code for part in parts for line in part)
        customers = [{line.customer for line in part} for part in parts]
        assert len(set().union(*customers)) == sum(map(len, customers)) == 7000

    def _fail_half_way(self, state: State) -> None:
        key = state.reports.key()
        with state.reports.changing() as change:
            take_in(change, key, [("HALF", "X")])
            raise KeyboardInterrupt
