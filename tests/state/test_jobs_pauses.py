"""How long a step that was tried in vain waits."""

from datetime import UTC, datetime

from couponhub.state import StepRecord

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_pauses_double_up_to_the_longest_however_often_it_was_tried() -> None:
    """After thousands of tries, a week of looks, the pause is still the longest, and nothing overflows."""
    step, pauses = StepRecord(number=1, kind="watch", result={"found": 7}), []
    for _ in range(3000):
        pauses.append(step.pause(5.0, 600.0))
        step = step.postponed(NOON, "not yet")
    assert [5.0, 10.0, 20.0] == pauses[:3]
    assert {600.0} == set(pauses[7:])
    assert (NOON, "not yet", 7) == (step.not_before, step.evidence, step.result["found"])
