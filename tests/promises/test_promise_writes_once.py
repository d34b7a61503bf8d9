"""Whatever becomes of an answer: what was written once is there once, and what is there is known."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from couponhub.errors import VendorUnavailable
from couponhub.models import Upload, UploadStatus
from couponhub.testing import Harness
from tests.promises.vendor_side import calls, codes, job_count, list_names

T = TypeVar("T")

CREATES = "POST *coupon*"
UPLOADS = "POST *file*"


def drop_every_second(harness: Harness, match: str) -> None:
    """Let the vendor hang up on every second of these calls: once the work is done, once it is not."""
    harness.control.set_faults(
        {"vendor": harness.plugin.name, "match": match, "fault": "drop_before", "every": 4},
        {"vendor": harness.plugin.name, "match": match, "fault": "drop_after", "every": 3},
    )


def until_done(write: Callable[[], T]) -> T:
    """Do as callers do: what is said not to be done, and may be repeated, is repeated."""
    for _ in range(9):
        with suppress(VendorUnavailable):
            return write()
    return write()


def test_a_create_whose_answer_is_lost_leaves_one_list(either: Harness) -> None:
    """The list is found by its look, and answered as if nothing had happened."""
    either.control.fail(CREATES, "drop_after", times=1)

    created = either.connection.lists.create(either.new_list("spring", label="SPRING"))

    assert Counter(["spring"]) == list_names(either)
    assert created.id == either.connection.lists.get(created.id).id
    assert 1 == len(calls(either, "POST", "coupon"))


def test_ten_creates_at_once_leave_ten_lists(either: Harness) -> None:
    """Ten threads, one vendor that drops every second answer: ten lists, each once, each known by its id."""
    names = [f"list {number}" for number in range(10)]
    new = [either.new_list(name, label=name.replace(" ", "_").upper()) for name in names]
    drop_every_second(either, CREATES)

    with ThreadPoolExecutor(10) as pool:
        created = list(pool.map(lambda one: until_done(lambda: either.connection.lists.create(one)), new))

    either.control.set_faults()
    assert names == [one.name for one in created]
    assert Counter(names) == list_names(either)
    assert 10 == len({one.id for one in created})


def test_ten_uploads_at_once_leave_ten_jobs(either: Harness) -> None:
    """Ten threads, one vendor that drops every second answer: ten files, every code of them once."""
    list_id = either.create_list().id
    batches = [[f"BATCH{number}-{code}" for code in range(5)] for number in range(10)]
    drop_every_second(either, UPLOADS)

    with either.unpaced_hub() as hub, ThreadPoolExecutor(10) as pool:
        uploads = hub[either.plugin.name].uploads

        def send(batch: list[str]) -> Upload:
            return until_done(lambda: uploads.send(list_id, batch, wait=True, timeout=60))

        sent = list(pool.map(send, batches))

    either.control.set_faults()
    assert [(UploadStatus.DONE, 5)] * 10 == [(upload.status, upload.accepted) for upload in sent]
    assert (10, 10) == (job_count(either, list_id), len({upload.parts[0].id for upload in sent}))
    assert Counter(code for batch in batches for code in batch) == codes(either, list_id)
