"""Uploads of three parts, and what must be true of them in the end."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

from couponhub.errors import Conflict, CouponhubError
from couponhub.models import JobStatus, Upload
from tests.faults.fault_harness import CODE, FaultHarness, Target
from tests.faults.operations import PATIENCE, codes_of

ROWS = 2
"""Codes in a part, of which five make three."""
SMALL: Mapping[str, Mapping[str, int]] = {
    "capillary": {"file_rows": ROWS},
    "moengage": {"file_bytes": len("Coupon Code\n") + ROWS * len(f"{CODE}-00000\n")},
}
SUBMISSION = {"moengage": "POST */files", "capillary": "POST *upload*"}
_ROUNDS = 8


def new_target(faulty: FaultHarness) -> Target:
    """Five codes for a new list."""
    faulty.renew_if_full()
    list_id = faulty.harness.list_with(faulty.fresh("Steps"), [])
    return Target(list_id=list_id, name=faulty.fresh("sent"), codes=codes_of(faulty, 5))


def send(faulty: FaultHarness, target: Target) -> Upload:
    """Send them, and wait for their end."""
    return faulty.connection.uploads.send(
        target.list_id, target.codes, name=target.name, wait=True, timeout=PATIENCE
    )


def finish(faulty: FaultHarness, target: Target) -> None:
    """Do what somebody does who follows the hints: go on with what can go on, send what is left, and wait."""
    for _ in range(_ROUNDS):
        faulty.rest()
        for job in faulty.hub.jobs.iterate(status=JobStatus.PENDING):
            with suppress(CouponhubError):
                faulty.hub.jobs.drive(job.id, early=True, timeout=PATIENCE)
        with suppress(Conflict):
            send(faulty, target)
        if set(target.codes) <= set(faulty.held(target.list_id)):
            return


def assert_each_once(faulty: FaultHarness, given: Counter[str], target: Target) -> None:
    """Assert that the vendor holds each code of the input, nothing else, and was given each once."""
    faulty.rest()
    expected = dict.fromkeys(target.codes, 1)
    assert expected == faulty.held(target.list_id)
    assert expected == {code: given[code] for code in target.codes}
