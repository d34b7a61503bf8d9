"""S-70 to S-75: what is done for the state: looking after it, closing it, backing it up."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from couponhub.models import Identifier, UploadId
from couponhub.state import ReachedPart, Scope
from couponhub.testing.state_conformance.harness import StateHarness
from couponhub.testing.state_conformance.samples import LIST, begin, codes_of, digest, sent_whole, take_in


class UpkeepRules:
    """Rules of what whoever runs it may rely on."""

    def test_s70_a_closed_state_opens_again(self, harness: StateHarness) -> None:
        """S-70: after `close` every part can be used as before, and finds what was written."""
        state = harness.open()
        upload = sent_whole(state.ledger("shop"), ["A"])
        state.tokens.new([Scope.LOOKUP], name="till")
        key = state.reports.key()
        with state.reports.changing() as change:
            take_in(change, key, [("E1", "A")])
        for _ in range(2):
            state.close()
            assert upload == state.ledger("shop").find(upload.id)
            assert [token.name for token in state.tokens.all()] == ["till"]
            with state.reports.reading() as found:
                assert found is not None
                assert len(found.lines_of(digest(key, "E1"))) == 1

    def test_s71_looking_makes_nothing(self, harness: StateHarness) -> None:
        """S-71: status, check and a dry run on a state that was never used find nothing wrong, and leave nothing behind."""
        state = harness.open()
        assert {None} == {part.bytes for part in state.maintenance.status()}
        for thorough in (False, True):
            checked = state.maintenance.check(thorough=thorough)
            assert (checked.faults, checked.warnings) == ((), ())
        state.maintenance.upgrade(dry_run=True)
        assert {None} == {part.bytes for part in state.maintenance.status()}

    def test_s72_what_is_used_is_of_the_newest_schema(self, harness: StateHarness) -> None:
        """S-72: after its first use there is nothing to upgrade, and nothing wrong."""
        state = harness.open()
        sent_whole(state.ledger("shop"), ["A"], ["B"])
        with state.reports.changing() as change:
            change.see("shop", [], None)
        parts = state.maintenance.status()
        assert all(part.schema == part.newest for part in parts if part.schema is not None)
        assert {"ledger", "code sets"} <= {part.name for part in parts if part.bytes}
        assert state.maintenance.upgrade() == {}
        checked = state.maintenance.check(thorough=True)
        assert (checked.faults, checked.warnings) == ((), ())

    def test_s73_a_backup_can_be_put_back(self, harness: StateHarness, tmp_path: Path) -> None:
        """S-73: uploads, codes, tokens and reports are in it as they were when it was made, and no later."""
        state = harness.open()
        ledger = state.ledger("shop")
        taken, prepared = sent_whole(ledger, ["A", "B"]), begin(ledger, ["C"])
        left_out = begin(ledger, rows=b"all were sent before")
        state.tokens.new([Scope.LOOKUP], name="till")
        key = state.reports.key()
        with state.reports.changing() as change:
            take_in(change, key, [("E1", "A")])
        harness.back_up(state, tmp_path / "backup")
        sent_whole(ledger, ["LATER"])
        state.tokens.remove("till")

        back = harness.restore(tmp_path / "backup")
        history = back.ledger("shop").history(LIST)
        assert (taken, prepared, left_out) == history.uploads
        record = back.ledger("shop").row_record(left_out)
        assert record is not None
        assert b"all were sent before" == record.read_bytes()
        assert (codes_of(history.sent), history.unknown) == (["A", "B"], ())
        assert [token.name for token in back.tokens.all()] == ["till"]
        with back.reports.reading() as found:
            assert found is not None
            mark = found.key.of_all(["E1"], Identifier.EXTERNAL_ID)[0]
            assert [line.code for line in found.lines_of(mark)] == ["A"]
        assert back.maintenance.check(thorough=True).faults == ()

    def test_s74_a_backup_amid_writing_is_of_one_moment(self, harness: StateHarness, tmp_path: Path) -> None:
        """S-74: another process writes all the while: each upload in a copy has its codes, all codes have their upload."""
        worker = harness.spawn("begin_uploads", "x")
        state = harness.open()
        known = 0
        for number in range(3):
            names = {UploadId(worker.step()) for _ in range(2)}
            harness.back_up(state, tmp_path / f"backup{number}")
            back = harness.restore(tmp_path / f"backup{number}").ledger("shop")
            history = back.history(LIST)
            found = {upload.id for upload in history.uploads}
            assert names <= found
            assert history.unknown == ()
            complete = [
                all(history.code_set(upload, part) for part in upload.parts) for upload in history.uploads
            ]
            # Of the very last one codes may not have been put away when the copy was made; nothing was sent of it.
            assert all(complete[:-1])
            assert known < len(found)
            known = len(found)
        worker.kill()

    def test_s75_each_part_can_be_looked_at(self, harness: StateHarness) -> None:
        """S-75: by threads at once, before the first use and after the end; a look makes nothing, and shows no password."""
        state = harness.open()
        probes = state.probes()
        assert [ReachedPart.STATE, ReachedPart.FILES, ReachedPart.USAGE_INDEX] == [one.part for one in probes]
        with ThreadPoolExecutor(6) as pool:
            seen = list(pool.map(lambda one: one.reach(30.0), [*probes, *probes]))
        assert [None] * 6 == [one.fault for one in seen]
        assert all(one.kind and one.place and one.seconds >= 0 for one in seen)
        assert {None} == {part.bytes for part in state.maintenance.status()}
        password = urlsplit(str(harness.settings.url)).password
        assert password is None or all(password not in repr(one) for one in [*probes, *seen])
        sent_whole(state.ledger("shop"), ["A"])
        state.close()
        assert [True] * 3 == [one.reach(30.0).is_up for one in probes]
