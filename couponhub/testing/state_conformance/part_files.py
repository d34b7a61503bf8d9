"""S-90 to S-93: prepared part files."""

import attrs

from couponhub.models import Identifier, UploadStatus
from couponhub.state import Ledger, Stage, UploadRecord
from couponhub.testing.state_conformance.harness import StateHarness
from couponhub.testing.state_conformance.samples import new_upload, shown

_DAY = 86_400
CUSTOMERS = "customer,code\nalice,A\nbob,B\nalice,C\n"


def keep(ledger: Ledger, *files: str, tagging: str | None = None) -> UploadRecord:
    """Write an upload down with a file for each part."""
    upload = attrs.evolve(new_upload(*[[f"C-{number}"] for number in range(len(files))]), tagging=tagging)
    with ledger.workspace() as folder:
        codes, kept = [], []
        for number, content in enumerate(files):
            codes.append(folder / f"{number}.codes")
            kept.append(folder / f"{number}.csv")
            codes[-1].write_text(f"C-{number}\n", encoding="utf-8")
            kept[-1].write_text(content, encoding="utf-8")
        return ledger.begin(upload, codes, kept)


def contents(ledger: Ledger, upload: UploadRecord) -> list[str | None]:
    """Return what is in the files of the parts; None for one that is not kept."""
    found = [ledger.part_file(upload, part.number) for part in upload.parts]
    return [None if path is None else path.read_text(encoding="utf-8") for path in found]


class PartFileRules:
    """Rules of how long prepared files are kept, and what is forgotten in them."""

    def test_s90_a_file_is_kept_until_the_vendor_has_taken_it(self, harness: StateHarness) -> None:
        """S-90: any process finds it, as it was given, until the part is seen as taken or deleted, or nobody needs it."""
        ledger, other = harness.open().ledger("shop"), harness.open().ledger("shop")
        upload = keep(ledger, "one\n", "two\n", "three\n", "four\n")
        assert other.has_all(upload)
        assert ["one\n", "two\n", "three\n", "four\n"] == contents(other, upload)
        for number in (1, 2, 3):
            upload = ledger.mark_submitting(upload, number)
            upload = ledger.mark_submitted(upload, number, shown(upload, number, done=False))
        assert None not in contents(other, upload)
        upload = ledger.mark_submitted(upload, 1, shown(upload, 1, accepted=1))
        upload = ledger.mark_deleted(upload, 2)
        assert [None, None, "three\n", "four\n"] == contents(other, upload)
        assert {3, 4} == other.kept_files(upload)
        failed = attrs.evolve(shown(upload, 3, accepted=0), status=UploadStatus.FAILED)
        upload = ledger.mark_submitted(upload, 3, failed)
        assert "three\n" == contents(other, upload)[2]
        ledger.drop_files(upload)
        assert [None] * 4 == contents(other, upload)
        assert not other.has_all(upload)

    def test_s91_a_failed_part_can_be_prepared_anew(self, harness: StateHarness) -> None:
        """S-91: under another name, and only one that is written down as failed and was not deleted."""
        ledger, other = harness.open().ledger("shop"), harness.open().ledger("shop")
        upload = keep(ledger, "one\n", "two\n", "three\n")
        for number in (1, 2, 3):
            upload = ledger.mark_submitting(upload, number)
            part = shown(upload, number, accepted=0)
            upload = ledger.mark_submitted(upload, number, attrs.evolve(part, status=UploadStatus.FAILED))
        upload = ledger.mark_submitted(upload, 2, shown(upload, 2, accepted=1))
        upload = ledger.mark_deleted(upload, 3)
        for number in (1, 2, 3):
            upload = ledger.renew(upload, number, f"anew-{number}.csv")
        assert upload == other.find(upload.id)
        assert [Stage.PREPARED, Stage.SUBMITTED, Stage.SUBMITTED] == [part.stage for part in upload.parts]
        assert ["anew-1.csv", None] == [upload.parts[0].name, upload.parts[0].shown.id]
        assert "anew-2.csv" != upload.parts[1].name

    def test_s93_what_nobody_goes_on_with_has_an_age(self, harness: StateHarness) -> None:
        """S-93: files go after the days of retention and a second look; a clock that was ahead for a while takes none."""
        ledger = harness.open().ledger("shop")
        upload = keep(ledger, "one\n", "two\n")
        harness.jump(365 * _DAY)
        keep(ledger, "new\n")
        assert ["one\n", "two\n"] == contents(ledger, upload)
        harness.jump(-365 * _DAY)
        harness.jump(8 * _DAY)
        keep(ledger, "new\n")
        harness.jump(23 * _DAY)
        keep(ledger, "new\n")
        assert ["one\n", "two\n"] == contents(ledger, upload)
        harness.jump(8 * _DAY)
        young = keep(ledger, "new\n")
        assert [None, None, "new\n"] == [*contents(ledger, upload), *contents(ledger, young)]

    def test_s92_people_are_forgotten_in_tagged_files(self, harness: StateHarness) -> None:
        """S-92: their rows go, of their kind of identifier alone, and nothing of others; codes alone name nobody."""
        state, other = harness.open(), harness.open()
        mobile = keep(state.ledger("shop"), CUSTOMERS, tagging=Identifier.MOBILE)
        email = keep(other.ledger("shop"), CUSTOMERS, tagging=Identifier.EMAIL)
        codes = keep(state.ledger("shop"), CUSTOMERS)
        assert 2 == state.forget(lambda kind, text: (kind, text) == (Identifier.MOBILE, "alice"))
        assert ["customer,code\nbob,B\n"] == contents(other.ledger("shop"), mobile)
        assert [CUSTOMERS] == contents(state.ledger("shop"), codes)
        assert [CUSTOMERS] == contents(state.ledger("shop"), email)
        assert 0 == state.forget(lambda kind, text: (kind, text) == (Identifier.MOBILE, "alice"))
