"""S-20 to S-26: code sets, their age, and files in the making."""

from pathlib import Path

import pytest

from couponhub.models import ListId
from couponhub.state import codes_in
from couponhub.testing.state_conformance.harness import StateHarness
from couponhub.testing.state_conformance.samples import LIST, begin, codes_of, sent_whole, shown

_DAY = 86_400.0


class CodeSetRules:
    """Rules of what is kept of codes."""

    def test_s20_codes_come_back_as_they_were(self, harness: StateHarness) -> None:
        """S-20: of any script and number, in their order, whoever reads them."""
        codes = [f"CODE-{number}" for number in range(30_000)]
        codes[7], codes[-1] = "straße ÄÖ", " blanks "
        sent_whole(harness.open().ledger("shop"), codes, ["B"])
        history = harness.open().ledger("shop").history(LIST)
        assert [*codes, "B"] == codes_of(history.sent)
        assert frozenset({"CODE-9", "B"}) == frozenset(
            code
            for one in history.sent
            for code in codes_in(one, ["CODE-9", "B", "CODE-", "code-9"], ignores_case=False)
        )

    def test_s21_only_what_the_vendor_may_hold_counts_as_sent(self, harness: StateHarness) -> None:
        """S-21: prepared, absent and failed parts can be sent again; a part in doubt cannot."""
        ledger = harness.open().ledger("shop")
        upload = begin(ledger, ["A"], ["B"])
        assert codes_of(ledger.history(LIST).sent) == []
        upload = ledger.mark_submitting(upload, 1)
        assert codes_of(ledger.history(LIST).sent) == ["A"]
        upload = ledger.mark_submitting(ledger.mark_absent(upload, 1), 2)
        assert codes_of(ledger.history(LIST).sent) == ["B"]
        upload = ledger.mark_submitted(upload, 2, shown(upload, 2, done=False))
        assert (
            codes_of(ledger.history(LIST).sent),
            codes_of(ledger.history(LIST).taken),
        ) == (["B"], [])
        ledger.mark_submitted(upload, 2, shown(upload, 2, accepted=1))
        assert codes_of(ledger.history(LIST).taken) == ["B"]

    @pytest.mark.parametrize("name", ["..", ".work", "../x", "a/b", "a\\b", "%2E", "Ä ö", "x" * 60])
    def test_s22_any_name_of_a_list_is_its_own(self, harness: StateHarness, name: str) -> None:
        """S-22: an id is never a path: codes of lists that are called alike are apart."""
        ledger = harness.open().ledger("shop")
        sent_whole(ledger, ["A"], list_id=ListId(name))
        sent_whole(ledger, ["B"], list_id=ListId(f"{name}2"))
        assert codes_of(ledger.history(ListId(name)).sent) == ["A"]
        assert codes_of(ledger.history(ListId(f"{name}2")).sent) == ["B"]
        assert ledger.history(ListId("x")).sent == ()

    def test_s23_old_codes_are_forgotten_after_two_looks(self, harness: StateHarness) -> None:
        """S-23: after the days of retention, and a second look more than a week later; the ledger knows, and misses none."""
        ledger = harness.open().ledger("shop")
        upload = sent_whole(ledger, ["OLD"])
        harness.jump(31 * _DAY)
        begin(ledger, ["X"])
        begin(ledger, ["X"])
        assert codes_of(ledger.history(LIST).sent) == ["OLD"]
        harness.jump(8 * _DAY)
        begin(ledger, ["X"])
        history = ledger.history(LIST)
        assert (
            codes_of(history.sent),
            history.codes_known(upload),
            history.has_lost_codes,
        ) == ([], False, False)

    def test_s24_a_clock_that_was_ahead_forgets_nothing(self, harness: StateHarness) -> None:
        """S-24: while it is a year ahead codes still count, and once it is right again all is as it was."""
        ledger = harness.open().ledger("shop")
        upload = sent_whole(ledger, ["KEPT"])
        harness.jump(365 * _DAY)
        begin(ledger, ["X"])
        assert codes_of(ledger.history(LIST).sent) == ["KEPT"]
        harness.jump(-365 * _DAY)
        begin(ledger, ["X"])
        harness.jump(8 * _DAY)
        begin(ledger, ["X"])
        assert codes_of(ledger.history(LIST).sent) == ["KEPT"]
        assert ledger.history(LIST).codes_known(upload)

    def test_s25_a_workspace_ends_with_its_block(self, harness: StateHarness) -> None:
        """S-25: it is empty, private to its block, and gone after it, however that ended."""
        ledger = harness.open().ledger("shop")
        with ledger.workspace() as one, ledger.workspace() as other:
            assert one != other
            assert (list(one.iterdir()), list(other.iterdir())) == ([], [])
        assert not one.exists()
        assert not other.exists()

    def test_s26_a_killed_process_leaves_no_codes_in_the_making(self, harness: StateHarness) -> None:
        """S-26: what it had is removed by whoever comes next; what a living one has stays."""
        killed, living = harness.spawn("hold_workspace"), harness.spawn("hold_workspace")
        left, kept = Path(killed.step()), Path(living.step())
        killed.kill()
        state = harness.open()
        with state.ledger("shop").workspace():
            assert not left.exists()
            assert (kept / "codes").exists()
        living.kill()
        assert sum(one.removed for one in state.reap().values()) == 1
        assert not kept.exists()
