"""What does not fit is refused or warned of before anything is sent."""

from collections.abc import Mapping

import pytest

from couponhub.errors import Conflict
from couponhub.models import FileUrl
from couponhub.uploads.bounds import Bounds
from tests.uploads.harness import LIST, UploadHarness

FIVE = ["A1", "B2", "C3", "D4", "E5"]
ELSEWHERE = FileUrl(url="https://example.com/right-of-its-own/codes.csv")


def bound(harness: UploadHarness, most: int, total: int | None) -> UploadHarness:
    """A harness whose list was given so many codes, of at most so many."""
    harness.vendor.limits, harness.vendor.total = {"list_codes": most}, total
    return harness


@pytest.mark.parametrize(("most", "total"), [(10, 5), (10, None), (0, 99)])
def test_what_fits_is_sent(harness: UploadHarness, most: int, total: int | None) -> None:
    """Up to the last code; without a limit, or where the vendor does not tell, anything fits."""
    bound(harness, most, total).uploads.send(LIST, FIVE)

    assert FIVE == harness.vendor.codes


def test_what_crosses_the_limit_of_a_list_is_refused(harness: UploadHarness) -> None:
    """With the figures, and the setting that overrides them; nothing was sent or written down."""
    with pytest.raises(
        Conflict, match=r"given 6 codes, and 5 more would cross the 10 .*limits\.list_codes of shop"
    ):
        bound(harness, 10, 6).uploads.send(LIST, FIVE)

    assert [] == harness.vendor.files
    assert () == harness.ledger().of_list(LIST)


def test_codes_that_are_there_need_no_room(harness: UploadHarness) -> None:
    """Only what is to be sent counts."""
    harness.uploads.send(LIST, FIVE[:4], wait=True)
    bound(harness, 5, 4).uploads.send(LIST, FIVE)

    assert FIVE == harness.vendor.codes


def test_a_full_list_takes_no_file_from_elsewhere(url_harness: UploadHarness) -> None:
    """Whatever is in it."""
    with pytest.raises(Conflict):
        bound(url_harness, 10, 10).uploads.send(LIST, ELSEWHERE)
    assert [] == url_harness.vendor.files


@pytest.mark.parametrize(
    ("limits", "size", "warned"),
    [
        (
            {"file_bytes": 100},
            101,
            ("the file has 101 bytes, and the vendor fetches at most 100: it may end as failed; split it",),
        ),
        ({"file_bytes": 100}, 100, ()),
        ({"file_bytes": 100}, None, ()),
        ({"file_bytes": 0}, 101, ()),
    ],
)
def test_a_file_elsewhere_that_is_too_large_is_warned_of(
    limits: Mapping[str, int], size: int | None, warned: tuple[str, ...]
) -> None:
    """Where its size can be found out; failing to is silent."""
    bounds = Bounds(connection="shop", limits=limits, size_of=lambda _: size)
    assert warned == bounds.warnings(ELSEWHERE)
