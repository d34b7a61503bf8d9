"""R-34, R-35, R-58, R-59: what stands in a file of codes and is none."""

from collections import Counter

import pytest

from couponhub.errors import UsageError
from couponhub.testing.conformance.refusals import refuses_uploads
from couponhub.testing.conformance.uploads import held, send
from couponhub.testing.harness import Harness


def _refuses(harness: Harness, content: str, told: str) -> None:
    """Assert that a file is refused with these words, and that the vendor holds nothing of it."""
    if refuses_uploads(harness):
        return
    target = harness.create_list()
    file = harness.folder / "refused.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        send(harness, target.id, file)
    assert told in caught.value.message
    assert Counter() == held(harness, target.id)
    assert [] == list(harness.connection.uploads.iterate(target.id))


class FileRules:
    """Rules of what stands in a file of codes and is none."""

    @pytest.mark.parametrize("cell", ["1.23457E+11", "123456.0", '="00123"', "'00123", "NULL", "#REF!"])
    def test_r58_ruined_codes_are_refused(self, harness: Harness, cell: str) -> None:
        """R-58: a code that a spreadsheet ruined is refused by its line, and nothing is sent."""
        quoted = cell.replace('"', '""')
        _refuses(harness, f'coupon code\nA-1\n"{quoted}"\n', "line 3: the code is ")

    def test_r58_accepted_codes_are_sent_as_they_stand(self, harness: Harness) -> None:
        """R-58: who says that codes are meant has them sent to the letter, with a warning."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        codes = ["1.23457E+11", "NULL"]
        uploads = harness.connection.uploads
        upload = uploads.send(target.id, codes, accept="ruined", wait=True, timeout=20)
        assert Counter(codes) == held(harness, target.id)
        assert ("2 codes look ruined and were sent as they stand",) == upload.warnings

    @pytest.mark.parametrize("row", ["coupon code", "Coupon Code ", "Total"])
    def test_r59_rows_that_are_no_codes_are_refused(self, harness: Harness, row: str) -> None:
        """R-59: a header that stands again, and a total, are refused by their lines, and nothing is sent."""
        _refuses(harness, f"coupon code\nA-1\n{row}\nA-2\n", "line 3: the ")

    @pytest.mark.parametrize("mark", ["\u200b", "\ufeff", "\u200f", "\u00ad"])
    def test_r34_what_nobody_sees_is_refused(self, harness: Harness, mark: str) -> None:
        """R-34: a code with a character that nobody sees is refused by its line, and nothing is sent."""
        _refuses(harness, f"coupon code\nA-1{mark}\n", "line 2: an invisible character")

    def test_r35_customers_are_no_codes(self, harness: Harness) -> None:
        """R-35: beside customers the codes are found by their column's name, or the file is refused."""
        if refuses_uploads(harness):
            return
        target = harness.create_list()
        file = harness.folder / "codes.csv"
        rows = "919876500001,A-1\n919876500002,A-2\n"
        file.write_text(f"mobile,coupon code\n{rows}", encoding="utf-8")
        send(harness, target.id, file)
        assert Counter(["A-1", "A-2"]) == held(harness, target.id)
        file.write_text(f"mobile,name\n{rows}", encoding="utf-8")
        with pytest.raises(UsageError):
            send(harness, target.id, file)
        with pytest.raises(UsageError):
            harness.connection.uploads.send(target.id, file, column="mobile")
        assert Counter(["A-1", "A-2"]) == held(harness, target.id)
