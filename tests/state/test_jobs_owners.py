"""What the owner of a job is answered."""

from pathlib import Path

import pytest

from couponhub.models import JobStatus
from couponhub.state.sqlite import SqliteState, jobs
from couponhub.testing.state_conformance.samples import new_job
from tests.state.test_state_conformance import settings_in


def test_an_owner_is_not_made_to_wait_for_its_own_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Finding a lock held takes as long as a stranger's look may last, and an owner knows that it lives."""
    store = SqliteState(settings_in(tmp_path)).jobs
    job = store.create(new_job("up_1"))
    tried: list[Path] = []
    with store.worker() as owner:
        monkeypatch.setattr(jobs, "is_held", tried.append)
        seen = [
            store.claim(job.id, owner, seconds=60.0),
            store.renew(job.id, owner, seconds=60.0),
            store.advance(job.id, owner, *job.steps),
        ]
        assert [] == tried
        store.get(job.id)
    assert [JobStatus.PROCESSING] * 3 == [one and one.status for one in seen]
    assert 1 == len(tried)  # for somebody else it is the lock that tells
