"""R-40 to R-57 and R-90 to R-92: codes on their way to a list."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from couponhub.errors import Conflict, CouponhubError, NotFound, OutcomeUnknown, UsageError
from couponhub.models import Identifier, ListId, Tagging, Upload, UploadStatus
from couponhub.testing.conformance.customers import BUYER
from couponhub.testing.conformance.refusals import is_refused, refuses, refuses_uploads
from couponhub.testing.harness import Harness
from couponhub.uploads import EventKind, UploadEvent

_ACCEPTS = "POST *file*"
_OTHER_BUYER = {
    "mobile": "919876500002",
    "email": "buyer.two@example.com",
    "external_id": "E-0002",
    "id": "98000002",
}


def codes_of(count: int, prefix: str = "CODE") -> list[str]:
    """Codes that no vendor folds or refuses."""
    return [f"{prefix}-{number:05d}" for number in range(count)]


def held(harness: Harness, list_id: ListId) -> Counter[str]:
    """Return what the vendor truly holds, with how often; not what it held once."""
    return Counter(row["code"] for row in harness.control.codes(list_id) if row["status"] != "removed")


def send(harness: Harness, list_id: ListId, codes: Iterable[str] | Path) -> Upload:
    """Send and wait for the end."""
    return harness.connection.uploads.send(list_id, codes, wait=True, timeout=20)


class UploadRules:
    """Codes on their way to a list."""

    def test_r40_codes_arrive_exactly(self, harness: Harness) -> None:
        """R-40: every code sent is held by the vendor once, unchanged, and counted as accepted."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        codes = [*codes_of(50), "007", "1E5", "0012300"]
        upload = send(harness, target.id, codes)
        assert Counter(codes) == held(harness, target.id)
        assert UploadStatus.DONE is upload.status
        assert (53, 53, 0) == (upload.rows, upload.accepted, upload.rejected)

    def test_r41_a_file_travels_like_codes(self, harness: Harness) -> None:
        """R-41: a CSV file with a header, a BOM and CRLF gives the same as its codes."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        file = harness.folder / "codes.csv"
        file.write_bytes("\ufeffCoupon Code\r\nA-1\r\nA-2\r\n\r\nA-3\r\n".encode())
        upload = send(harness, target.id, file)
        assert Counter(["A-1", "A-2", "A-3"]) == held(harness, target.id)
        assert "codes.csv" == upload.name

    def test_r42_a_code_is_sent_once(self, harness: Harness) -> None:
        """R-42: a code that stands twice is sent once, and the rows balance."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        upload = send(harness, target.id, ["B-1", "B-2", "B-1"])
        assert Counter(["B-1", "B-2"]) == held(harness, target.id)
        assert (3, 2, 1) == (upload.rows, upload.accepted, upload.duplicates)

    def test_r43_the_same_batch_is_not_sent_twice(self, harness: Harness) -> None:
        """R-43: sending the same batch again raises Conflict and sends nothing."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        send(harness, target.id, codes_of(3))
        with pytest.raises(Conflict):
            send(harness, target.id, codes_of(3))
        assert Counter(codes_of(3)) == held(harness, target.id)
        assert 1 == len(list(harness.connection.uploads.iterate(target.id)))

    def test_r44_codes_sent_before_are_skipped(self, harness: Harness) -> None:
        """R-44: of a batch that overlaps an earlier one, only the new codes are sent."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        send(harness, target.id, codes_of(3))
        upload = send(harness, target.id, codes_of(5))
        assert Counter(codes_of(5)) == held(harness, target.id)
        assert (5, 2, 3) == (upload.rows, upload.accepted, upload.skipped)

    def test_r45_an_unknown_list_takes_nothing(self, harness: Harness) -> None:
        """R-45: uploading to a list that does not exist raises NotFound before anything is sent."""
        if refuses_uploads(harness):
            return
        with pytest.raises(NotFound):
            send(harness, ListId("999999"), codes_of(2))
        assert not any(
            request["method"] == "POST" and "file" in request["path"]
            for request in harness.control.requests()
        )

    @pytest.mark.parametrize("content", [b"", b"coupon code\n", b"\x00\x01\x02\xff", b"X-1,a\nX-2,b\n"])
    def test_r46_a_bad_file_is_refused_whole(self, harness: Harness, content: bytes) -> None:
        """R-46: an empty file, one with only a header, a binary one and a table without a header send nothing."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        file = harness.folder / "bad.csv"
        file.write_bytes(content)
        with pytest.raises(UsageError):
            send(harness, target.id, file)
        assert Counter() == held(harness, target.id)
        assert [] == list(harness.connection.uploads.iterate(target.id))

    def test_r47_a_lost_answer_doubles_nothing(self, harness: Harness) -> None:
        """R-47: when the answer to a submission is lost, it is looked for and adopted, not repeated."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        harness.control.fail(_ACCEPTS, "drop_after", times=1)
        upload = send(harness, target.id, codes_of(4))
        assert Counter(codes_of(4)) == held(harness, target.id)
        assert UploadStatus.DONE is upload.status
        assert 1 == self._submissions(harness)

    def test_r48_a_submission_that_did_not_arrive_is_repeated(self, harness: Harness) -> None:
        """R-48: absence after the settling time is the proof that lets a submission be repeated."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        harness.control.fail(_ACCEPTS, "drop_before", times=1)
        upload = send(harness, target.id, codes_of(4))
        assert Counter(codes_of(4)) == held(harness, target.id)
        assert UploadStatus.DONE is upload.status

    def test_r49_an_outcome_nobody_can_tell_stays_unknown(self, harness: Harness) -> None:
        """R-49: when looking fails too, the outcome is unknown, the hint says how to find out, and that does."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        harness.control.set_faults(
            {"vendor": harness.plugin.name, "match": _ACCEPTS, "fault": "drop_after"},
            {"vendor": harness.plugin.name, "match": "GET *pload*", "fault": "status", "value": 403},
            {"vendor": harness.plugin.name, "match": "GET *files*", "fault": "status", "value": 403},
        )
        with pytest.raises(OutcomeUnknown) as caught:
            send(harness, target.id, codes_of(4))
        assert "couponhub uploads show" in caught.value.hint
        upload_id = caught.value.hint.split("`")[1].split()[-1]
        harness.control.set_faults()
        found = harness.connection.uploads.show(target.id, upload_id)
        assert found.status is not UploadStatus.FAILED
        assert 1 == self._submissions(harness)

    def test_r50_an_unknown_upload_is_not_found(self, harness: Harness) -> None:
        """R-50: an id that neither we nor the vendor know raises NotFound."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        for upload_id in ("up_aaaaaaaaaaaaaaaaaaaa", "6721d00eefc476c0f67e0d05", "123456"):
            with pytest.raises(NotFound):
                harness.connection.uploads.show(target.id, upload_id)

    def test_r51_uploads_are_listed_once(self, harness: Harness) -> None:
        """R-51: a list shows each upload once, under our id, as it stands at the vendor."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        first = send(harness, target.id, codes_of(2, "F"))
        second = send(harness, target.id, codes_of(2, "S"))
        seen = list(harness.connection.uploads.iterate(target.id))
        assert [first.id, second.id] == [upload.id for upload in seen]
        assert {UploadStatus.DONE} == {upload.status for upload in seen}

    def test_r52_a_vendors_file_of_others_is_shown(self, harness: Harness) -> None:
        """R-52: a file that we did not send shows under the vendor's id, with unknown rows."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        part = send(harness, target.id, codes_of(2)).parts[0]
        assert part.id is not None
        (harness.folder / "couponhub.db").unlink()
        with harness.open_hub() as hub:
            uploads = hub[harness.plugin.name].uploads
            (seen,) = uploads.iterate(target.id)
            assert str(part.id) == seen.id
            assert seen.rows is None
            assert UploadStatus.DONE is uploads.show(target.id, part.id).status

    def test_r53_a_failing_vendor_loses_nothing(self, harness: Harness) -> None:
        """R-53: a submission refused for good raises, holds nothing there, and may be sent again."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        harness.control.fail(_ACCEPTS, "status", 400)
        with pytest.raises(CouponhubError):
            send(harness, target.id, codes_of(3))
        harness.control.set_faults()
        assert Counter() == held(harness, target.id)
        upload = send(harness, target.id, codes_of(3))
        assert Counter(codes_of(3)) == held(harness, target.id)
        assert 3 == upload.accepted

    @pytest.mark.parametrize("identifier", Identifier)
    def test_r54_a_tagged_code_is_its_customers(self, harness: Harness, identifier: Identifier) -> None:
        """R-54: a code tagged with a customer's identifier is that customer's afterwards, or the tagging is refused."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        for buyer in (BUYER, _OTHER_BUYER):
            harness.control.add_customer(**buyer)
        file = harness.folder / "tagged.csv"
        rows = [f"TAG-{n},{buyer[identifier]}" for n, buyer in enumerate((BUYER, _OTHER_BUYER))]
        file.write_text("\n".join(["coupon code,customer", *rows, ""]), encoding="utf-8")
        tagging = Tagging(identifier=identifier, column="customer")
        uploads: list[Upload] = []

        def ask() -> None:
            sent = harness.connection.uploads.send(target.id, file, tagging=tagging, wait=True, timeout=20)
            uploads.append(sent)

        told = harness.connection.customers.tag_identifiers
        if is_refused(harness, ask):
            assert Counter() == held(harness, target.id)
            assert identifier not in told
            return
        assert identifier in told, "it binds codes by an identifier that TagsCodes does not name"
        assert [(UploadStatus.DONE, 2)] == [(upload.status, upload.accepted) for upload in uploads]
        given = {row["code"]: row["customer"][identifier] for row in harness.control.codes(target.id)}
        assert {"TAG-0": BUYER[identifier], "TAG-1": _OTHER_BUYER[identifier]} == given

    def test_r55_uploads_at_once_under_lost_answers(self, harness: Harness) -> None:
        """R-55: ten uploads at once, while every second answer is lost, leave every code there once."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        batches = [codes_of(2, f"BATCH{number}") for number in range(10)]
        harness.control.set_faults(
            {"vendor": harness.plugin.name, "match": _ACCEPTS, "fault": "drop_after", "every": 2}
        )
        with harness.unpaced_hub() as hub, ThreadPoolExecutor(10) as pool:
            sending = hub[harness.plugin.name].uploads
            uploads = list(
                pool.map(lambda batch: sending.send(target.id, batch, wait=True, timeout=60), batches)
            )
        harness.control.set_faults()
        assert Counter(code for batch in batches for code in batch) == held(harness, target.id)
        assert [(UploadStatus.DONE, 2)] * 10 == [(upload.status, upload.accepted) for upload in uploads]
        shown = list(harness.connection.uploads.iterate(target.id))
        assert {upload.id for upload in uploads} == {upload.id for upload in shown}
        assert (10, 10) == (len(shown), self._submissions(harness))

    @pytest.mark.parametrize("fault", [None, "drop_before", "drop_after"])
    def test_r57_a_deleted_upload_is_gone(self, harness: Harness, fault: str | None) -> None:
        """R-57: the vendor no longer shows a deleted file, also when an answer is lost; its codes may be sent again."""
        if refuses(harness, "uploads.delete", lambda: harness.connection.uploads.delete(ListId("1"), "1")):
            return
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        kept, taken_back = (
            send(harness, target.id, codes_of(2, "K")),
            send(harness, target.id, codes_of(3, "T")),
        )
        if fault is not None:
            harness.control.fail("DELETE *", fault, times=1)
        harness.connection.uploads.delete(target.id, taken_back.id)
        harness.control.set_faults()
        assert Counter(codes_of(2, "K")) == held(harness, target.id)
        for part in taken_back.parts:
            with pytest.raises(NotFound):
                harness.connection.uploads.show(target.id, part.id or "")
        assert UploadStatus.DONE is harness.connection.uploads.show(target.id, kept.id).status
        again = send(harness, target.id, codes_of(3, "T"))
        assert 3 == again.accepted
        assert Counter(codes_of(2, "K") + codes_of(3, "T")) == held(harness, target.id)

    def test_r57_a_part_is_deleted_by_the_vendors_id(self, harness: Harness) -> None:
        """R-57: one file by the vendor's id, once; an id that the vendor does not know is not found."""
        if refuses(harness, "uploads.delete", lambda: harness.connection.uploads.delete(ListId("1"), "1")):
            return
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        part_id = send(harness, target.id, codes_of(3)).parts[0].id or ""
        harness.connection.uploads.delete(target.id, part_id)
        assert Counter() == held(harness, target.id)
        with pytest.raises(NotFound):
            harness.connection.uploads.delete(target.id, part_id)
        assert 3 == send(harness, target.id, codes_of(3)).accepted

    def test_r90_a_dead_sender_leaves_no_code_behind(self, harness: Harness) -> None:
        """R-90: a sender that ends once the vendor accepted a file loses nothing: the same batch again arrives whole."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()

        def die(event: UploadEvent) -> None:
            if event.kind is EventKind.SUBMITTED:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            harness.connection.uploads.send(target.id, codes_of(5), progress=die)
        uploads = harness.connection.uploads
        try:
            upload = send(harness, target.id, codes_of(5))
        except Conflict as error:
            assert "couponhub uploads wait" in error.hint
            upload = uploads.wait(error.hint.split("`")[1].split()[-1], target.id, timeout=20)
        assert (UploadStatus.DONE, 5) == (upload.status, upload.accepted)
        assert Counter(codes_of(5)) == held(harness, target.id)

    def test_r91_a_vendors_id_shows_our_upload(self, harness: Harness) -> None:
        """R-91: the vendor's id of a file that we sent shows our upload, under our id."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        sent = send(harness, target.id, codes_of(3))
        (part,) = sent.parts
        shown = harness.connection.uploads.show(target.id, part.id or "")
        assert (sent.id, 3, 3) == (shown.id, shown.rows, shown.accepted)
        assert sent.id == harness.connection.uploads.wait(part.id or "", target.id, timeout=20).id

    def test_r92_rows_balance_at_every_moment(self, harness: Harness) -> None:
        """R-92: at every moment each row of an upload and of its parts stands in one count; none is refused before its end."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        seen: list[Upload] = []
        seen.append(
            harness.connection.uploads.send(
                target.id,
                [*codes_of(5), *codes_of(1)],
                wait=True,
                timeout=20,
                progress=lambda event: seen.append(event.upload),
            )
        )
        counted = [
            upload for upload in seen if upload.rows is not None
        ]  # before that the source is being read
        assert seen[-1] in counted
        for upload in counted:
            counts = (upload.accepted, upload.rejected, upload.duplicates, upload.skipped)
            more = (upload.not_sent, upload.pending, upload.unknown)
            assert upload.rows == sum(count or 0 for count in (*counts, *more))
            assert not upload.rejected
            for part in upload.parts:
                told = (part.accepted, part.rejected, part.not_sent, part.pending, part.unknown)
                assert part.rows == sum(count or 0 for count in told)
        assert 5 == counted[0].not_sent
        assert (6, 5, 0, 1, 0, 0) == (
            seen[-1].rows,
            seen[-1].accepted,
            seen[-1].rejected,
            seen[-1].duplicates,
            seen[-1].not_sent,
            seen[-1].pending,
        )

    def _submissions(self, harness: Harness) -> int:
        return sum(
            request["method"] == "POST" and "file" in request["path"]
            for request in harness.control.requests()
        )
