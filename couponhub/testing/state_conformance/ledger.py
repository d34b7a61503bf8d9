"""S-01 to S-16: the ledger of uploads, and its order."""

from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest

from couponhub.models import ListId, PartId, UploadId, UploadStatus
from couponhub.state import Ledger, Stage, UploadRecord
from couponhub.testing.state_conformance.harness import StateHarness
from couponhub.testing.state_conformance.samples import (
    LIST,
    begin,
    codes_of,
    new_upload,
    sent_whole,
    shown,
)

OTHER = ListId("L2")


def stages(upload: UploadRecord | None) -> list[Stage]:
    """Return the stages of its parts."""
    return [] if upload is None else [part.stage for part in upload.parts]


class LedgerRules:
    """Rules of what a ledger keeps."""

    def test_s01_what_is_answered_is_what_others_find(self, harness: StateHarness) -> None:
        """S-01: after every transition another process finds the upload exactly as it was answered."""
        ledger, other = harness.open().ledger("shop"), harness.open().ledger("shop")
        upload = begin(ledger, ["A", "B"], ["C"])
        assert upload == other.find(upload.id)
        assert stages(upload) == [Stage.PREPARED, Stage.PREPARED]
        upload = ledger.mark_submitting(upload, 1)
        assert upload == other.find(upload.id)
        assert upload.parts[0].submitted_at is not None
        part = attrs.evolve(shown(upload, accepted=2), error_file="errors", success_file="successes")
        upload = ledger.mark_submitted(upload, 1, part)
        assert upload == other.find(upload.id)
        assert (
            upload.parts[0].shown.error_file,
            upload.parts[0].shown.success_file,
            upload.parts[0].shown.accepted,
        ) == ("errors", "successes", 2)
        upload = ledger.mark_absent(ledger.mark_submitting(upload, 2), 2)
        assert upload == other.find(upload.id)
        assert stages(upload) == [Stage.SUBMITTED, Stage.ABSENT]

    def test_s02_all_of_an_upload_is_kept(self, harness: StateHarness) -> None:
        """S-02: every field comes back as it was given, text of any kind and what is not known included."""
        ledger = harness.open().ledger("shop")
        upload = attrs.evolve(
            new_upload(["A"]),
            name="Frühling 'x' \"y\" %s ?; --\N{GRINNING FACE}",
            rows=3,
            duplicates=1,
            skipped=None,
            tagging="mobile",
            warnings=("odd", "öder"),
        )
        url = "https://files.example.com/x"
        upload = attrs.evolve(upload, parts=(attrs.evolve(upload.parts[0].known_as(rows=None), url=url),))
        begun = ledger.begin(upload)
        found = harness.open().ledger("shop").find(upload.id)
        assert begun == found
        assert found is not None
        parts = tuple(part.known_as(updated_at=None) for part in found.parts)
        assert upload == attrs.evolve(found, parts=parts, created_at=None, updated_at=None)

    def test_s03_the_same_sight_writes_nothing(self, harness: StateHarness) -> None:
        """S-03: a part that is shown as it is known stays as it was written, times included."""
        ledger = harness.open().ledger("shop")
        upload = begin(ledger, ["A"])
        seen = shown(upload, done=False)
        upload = ledger.mark_submitted(upload, 1, seen)
        harness.jump(3600)
        assert upload == ledger.mark_submitted(upload, 1, seen)
        assert upload == ledger.find(upload.id)

    @pytest.mark.parametrize("mark", ["mark_absent", "mark_submitting"])
    def test_s04_what_was_seen_outweighs_what_is_inferred(self, harness: StateHarness, mark: str) -> None:
        """S-04: whoever has not heard that a part was seen does not undo it, and is told of it."""
        ledger, other = harness.open().ledger("shop"), harness.open().ledger("shop")
        stale = ledger.mark_submitting(begin(ledger, ["A"]), 1)
        seen = other.mark_submitted(stale, 1, shown(stale))
        assert seen == getattr(ledger, mark)(stale, 1) == ledger.find(stale.id)

    def test_s05_connections_and_lists_are_apart(self, harness: StateHarness) -> None:
        """S-05: nobody finds uploads or codes of another connection or list."""
        state = harness.open()
        upload = sent_whole(state.ledger("shop"), ["A"])
        other, here = state.ledger("other"), state.ledger("shop")
        assert (other.find(upload.id), other.all(), other.history(LIST).sent) == (None, (), ())
        assert (here.of_list(OTHER), here.history(OTHER).sent) == ((), ())
        assert here.find_by_part(OTHER, shown(upload).id or PartId("")) is None

    def test_s06_order_is_that_of_writing(self, harness: StateHarness) -> None:
        """S-06: whatever the clock does, uploads come in the order in which they were written, newest last."""
        ledger = harness.open().ledger("shop")
        names = []
        for shift in (0, -86_400, 7200, -30):
            harness.jump(shift)
            names.append(begin(ledger, ["A"]).id)
            begin(ledger, ["A"], list_id=OTHER)
        assert names == [upload.id for upload in ledger.of_list(LIST)]
        assert names == [upload.id for upload in ledger.all() if upload.list_id == LIST]
        with ledger.list_lock(LIST, timeout=0):
            assert [ledger.is_locked(upload) for upload in ledger.of_list(LIST)] == [
                False,
                False,
                False,
                True,
            ]

    def test_s07_a_part_is_found_by_the_vendors_id(self, harness: StateHarness) -> None:
        """S-07: the oldest upload with it, as long as it is not deleted."""
        ledger = harness.open().ledger("shop")
        first, second = begin(ledger, ["A"]), begin(ledger, ["B"])
        part = shown(first)
        assert ledger.find_by_part(LIST, PartId(str(part.id))) is None
        second = ledger.mark_submitted(second, 1, attrs.evolve(part, name=second.parts[0].name))
        first = ledger.mark_submitted(first, 1, part)
        assert part.id is not None
        assert first == ledger.find_by_part(LIST, part.id)
        ledger.mark_deleted(first, 1)
        assert second == ledger.find_by_part(LIST, part.id)

    def test_s08_what_was_deleted_may_go_out_again(self, harness: StateHarness) -> None:
        """S-08: a part that the vendor has deleted holds no code, and its rows still balance."""
        ledger = harness.open().ledger("shop")
        upload = ledger.mark_deleted(sent_whole(ledger, ["A", "B"]), 1)
        (part,) = upload.parts
        assert (part.shown.status, part.shown.accepted, part.maybe_sent) == (UploadStatus.FAILED, 0, False)
        assert ledger.history(LIST).sent == ()
        assert upload == ledger.find(upload.id)

    def test_s09_the_same_batch_is_recognised(self, harness: StateHarness) -> None:
        """S-09: by its fingerprint, oldest first."""
        ledger = harness.open().ledger("shop")
        uploads = [attrs.evolve(new_upload(["A"]), fingerprint=word) for word in ("f", "g", "f")]
        for upload in uploads:
            ledger.begin(upload)
        assert [uploads[0].id, uploads[2].id] == [
            upload.id for upload in ledger.history(LIST).same_batch("f")
        ]

    def test_s10_threads_write_at_once(self, harness: StateHarness) -> None:
        """S-10: eight threads on two openings lose nothing, and each finds its own."""
        states = [harness.open(), harness.open()]

        def work(number: int) -> UploadId:
            ledger = states[number % 2].ledger("shop")
            upload = sent_whole(ledger, [f"A-{number}"])
            assert upload == ledger.find(upload.id)
            return upload.id

        with ThreadPoolExecutor(8) as pool:
            names = set(pool.map(work, range(40)))
        history = states[0].ledger("shop").history(LIST)
        assert names == {upload.id for upload in history.uploads}
        assert sorted(f"A-{number}" for number in range(40)) == sorted(codes_of(history.taken))

    def test_s11_processes_write_at_once(self, harness: StateHarness) -> None:
        """S-11: two processes and this one, from the very first use on, lose nothing."""
        workers = [harness.spawn("begin_some", own, "8") for own in ("one", "two")]
        ledger = harness.open().ledger("shop")
        names = {sent_whole(ledger, [f"own-{number}"]).id for number in range(8)}
        for worker in workers:
            names |= {UploadId(step) for step in worker.rest()}
        assert len(names) == 24
        assert names == {upload.id for upload in ledger.all()}
        assert len(codes_of(ledger.history(LIST).taken)) == 24

    @pytest.mark.parametrize("steps", [1, 4])
    def test_s12_a_kill_amid_a_beginning(self, harness: StateHarness, steps: int) -> None:
        """S-12: what was announced is there with its codes; of one more there may be anything but a doubt."""
        worker = harness.spawn("begin_uploads", "x")
        names = [worker.step() for _ in range(steps)]
        names += worker.kill()
        ledger = harness.open().ledger("shop")
        history = ledger.history(LIST)
        found = [str(upload.id) for upload in history.uploads]
        assert names == found[: len(names)]
        assert len(found) <= len(names) + 1
        assert [2] * len(found) == [len(upload.parts) for upload in history.uploads]
        for upload in history.uploads[: len(names)]:
            kept = [history.code_set(upload, part) for part in upload.parts]
            assert [f"{upload.id}-{end}" for end in "abc"] == codes_of([one for one in kept if one])
        assert (history.unknown, history.has_lost_codes) == ((), False)
        self._still_works(ledger)

    @pytest.mark.parametrize("steps", [1, 5])
    def test_s13_a_kill_amid_a_transition(self, harness: StateHarness, steps: int) -> None:
        """S-13: the last stage that was announced is there, or the one after it."""
        worker = harness.spawn("mark_parts")
        said = [worker.step() for _ in range(steps)]
        said += worker.kill()
        ledger = harness.open().ledger("shop")
        reached = [
            f"{upload.id}:{stage}"
            for upload in ledger.all()
            for stage in ("prepared", "submitting", "submitted")[: _passed(upload.parts[0].stage)]
        ]
        assert said == reached[: len(said)]
        assert len(reached) <= len(said) + 1
        self._still_works(ledger)

    def test_s14_an_other_process_reads_what_was_just_written(self, harness: StateHarness) -> None:
        """S-14: a process that has read before is not kept at what it saw then."""
        reader = harness.spawn("history_of_list")
        ledger = harness.open().ledger("shop")
        for number in range(1, 4):
            begin(ledger, ["A"])
            reader.go_on()
            assert str(number) == reader.step()

    def _still_works(self, ledger: Ledger) -> None:
        ledger.require_writable()
        with ledger.list_lock(LIST, timeout=20):
            upload = sent_whole(ledger, ["AFTERWARDS"])
        assert upload == ledger.of_list(LIST)[-1]

    def test_s15_what_no_database_holds_is_kept_as_near_as_can_be(self, harness: StateHarness) -> None:
        """S-15: half a surrogate pair and a count of 65 bits, which a vendor's JSON can hold, stop nothing."""
        ledger = harness.open().ledger("shop")
        upload = begin(ledger, ["A"])
        odd = attrs.evolve(
            shown(upload, done=True), vendor_status="odd\ud800", accepted=2**64, rejected=-(2**64)
        )
        ledger.mark_submitted(upload, 1, odd)
        found = harness.open().ledger("shop").find(upload.id)
        assert found is not None
        (part,) = found.parts
        assert part.shown.vendor_status.startswith("odd")
        assert part.shown.accepted is not None
        assert part.shown.accepted > 2**62
        assert part.shown.rejected is not None
        assert part.shown.rejected < 0

    def test_s16_the_record_of_rows_is_kept(self, harness: StateHarness) -> None:
        """S-16: any process finds it as it was given, of that upload alone, and none where none was given."""
        ledger, other = harness.open().ledger("shop"), harness.open().ledger("shop")
        without, with_none_sent = begin(ledger, ["A"]), begin(ledger, rows=b"all were sent before")
        upload = begin(ledger, ["B"], rows=b"one was sent")
        found = [other.row_record(one) for one in (without, with_none_sent, upload)]
        assert [None, b"all were sent before", b"one was sent"] == [
            None if path is None else path.read_bytes() for path in found
        ]
        history = other.history(LIST)
        kept = [
            codes_of([code_set])
            for each in (without, upload)
            if (code_set := history.code_set(each, each.parts[0]))
        ]
        assert ([["A"], ["B"]], (), 2) == (kept, history.unknown, len(history.kept))


def _passed(stage: Stage) -> int:
    return [Stage.PREPARED, Stage.SUBMITTING, Stage.SUBMITTED].index(stage) + 1
