"""S-80 to S-89, S-94, S-136 and S-137: jobs of steps, and who drives them."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from couponhub.models import JobId, JobStatus
from couponhub.state import JobRecord, JobWish, StepRecord, open_state
from couponhub.testing.state_conformance.harness import StateHarness
from couponhub.testing.state_conformance.samples import new_job

_GONE_WITHIN_SECONDS = 30.0

HOUR = 3600.0
YEAR = 365 * 86_400.0


def written_at(job: JobRecord) -> datetime:
    """Return the time by the clock of the state at which a job was written down."""
    assert job.created_at is not None
    return job.created_at


def done(step: StepRecord) -> StepRecord:
    """Return the step when it is done."""
    return attrs.evolve(
        step, status=JobStatus.DONE, result={"id": "77", "rows": 2}, evidence="accepted, ü", not_before=None
    )


class JobRules:
    """Rules of what is kept of jobs, and who may drive them."""

    def test_s80_what_is_answered_is_what_others_find(self, harness: StateHarness) -> None:
        """S-80: after every change another process finds the job exactly as it was answered."""
        jobs, other = harness.open().jobs, harness.open().jobs
        assert other.get(JobId("up_1")) is None
        job = jobs.create(new_job("up_1"))
        assert job == other.get(job.id)
        with jobs.worker() as owner:
            held = jobs.claim(job.id, owner, seconds=HOUR)
            assert held is not None
            assert (held, JobStatus.PROCESSING) == (other.get(job.id), held.status)
            later = attrs.evolve(
                job.steps[1], not_before=written_at(job) + timedelta(days=1), evidence="quota"
            )
            moved = jobs.advance(job.id, owner, done(job.steps[0]), later)
            assert moved == other.get(job.id)
            assert moved is not None
            assert [JobStatus.DONE, JobStatus.PENDING] == [step.status for step in moved.steps]
            assert ({"id": "77", "rows": 2}, later.not_before) == (
                moved.steps[0].result,
                moved.steps[1].not_before,
            )
            ended = jobs.advance(job.id, owner, done(job.steps[1]), ended=JobStatus.DONE)
        assert ended == other.get(job.id)
        assert ended is not None
        assert (JobStatus.DONE, None) == (ended.status, ended.next_step)

    def test_s81_one_of_many_drives_it(self, harness: StateHarness) -> None:
        """S-81: of many who want a job at once one gets it, and the others get it when it has let go."""
        jobs = harness.open().jobs
        job = jobs.create(new_job())

        with ExitStack() as held:
            first, *others = [held.enter_context(jobs.worker()) for _ in range(9)]

            def claims(owner: str) -> bool:
                return jobs.claim(job.id, owner, seconds=HOUR) is not None

            assert claims(first)
            assert claims(first), "an owner may claim again"
            with ThreadPoolExecutor(8) as pool:
                assert [False] * 8 == list(pool.map(claims, others))
                jobs.release(job.id, first)
                assert 1 == sum(pool.map(claims, others))
        assert [job.id] == [one.id for one in jobs.due(written_at(job))]

    def test_s82_who_lost_the_lease_writes_nothing(self, harness: StateHarness) -> None:
        """S-82: a lease that ran out is taken over, and its first owner is told by whatever it wants to write."""
        jobs, other = harness.open().jobs, harness.open().jobs
        job = jobs.create(new_job())
        with jobs.worker() as slow, other.worker() as quick:
            assert jobs.claim(job.id, slow, seconds=0.0) is not None
            assert jobs.advance(job.id, slow, done(job.steps[0])) is not None, "nobody has taken it over yet"
            taken = other.claim(job.id, quick, seconds=HOUR)
            assert taken is not None
            assert jobs.advance(job.id, slow, done(job.steps[1]), ended=JobStatus.DONE) is None
            assert jobs.renew(job.id, slow, seconds=HOUR) is None
            jobs.release(job.id, slow)
            assert taken == other.renew(job.id, quick, seconds=HOUR) == jobs.get(job.id)
            assert jobs.claim(job.id, slow, seconds=HOUR) is None
            assert taken.next_step is not None
            assert 2 == taken.next_step.number

    def test_s83_a_kill_lets_go_of_it(self, harness: StateHarness) -> None:
        """S-83: a job whose owner was killed can be driven at once, however long its lease was."""
        jobs = harness.open().jobs
        job = jobs.create(new_job())
        worker = harness.spawn("hold_job", job.id)
        assert "held" == worker.step()
        with jobs.worker() as owner:
            assert jobs.claim(job.id, owner, seconds=HOUR) is None
            assert [JobStatus.PROCESSING] == [one.status for one in jobs.all()]
            worker.kill()
            until = time.monotonic() + _GONE_WITHIN_SECONDS
            while [JobStatus.PENDING] != [one.status for one in jobs.all()]:
                assert time.monotonic() < until
                time.sleep(0.02)
            assert jobs.claim(job.id, owner, seconds=HOUR) is not None

    @pytest.mark.parametrize("years", [1, -1])
    def test_s84_no_clock_gives_a_job_to_two(self, harness: StateHarness, years: int) -> None:
        """S-84: whatever the time of day does, who holds a job goes on holding it, and nobody else may."""
        jobs, other = harness.open().jobs, harness.open().jobs
        job = jobs.create(new_job())
        with jobs.worker() as owner, other.worker() as second:
            assert jobs.claim(job.id, owner, seconds=HOUR) is not None
            harness.jump(years * YEAR)
            assert other.claim(job.id, second, seconds=HOUR) is None
            assert [] == [
                one.id for one in other.due(written_at(jobs.create(new_job("up_2")))) if one.id == job.id
            ]
            assert jobs.renew(job.id, owner, seconds=HOUR) is not None
            harness.jump(-2 * years * YEAR)
            assert other.claim(job.id, second, seconds=HOUR) is None
            assert jobs.advance(job.id, owner, done(job.steps[0])) is not None

    @pytest.mark.parametrize("years", [1, -1])
    def test_s85_no_clock_loses_a_job(self, harness: StateHarness, years: int) -> None:
        """S-85: what was put off until tomorrow by a clock that was a year off is due once the clock is right."""
        jobs = harness.open().jobs
        harness.jump(years * YEAR)
        job = jobs.create(new_job())
        tomorrow = written_at(job) + timedelta(days=1)
        with jobs.worker() as owner:
            jobs.claim(job.id, owner, seconds=HOUR)
            jobs.advance(job.id, owner, attrs.evolve(job.steps[0], not_before=tomorrow))
        assert () == jobs.due(written_at(job) + timedelta(seconds=1))
        harness.jump(-years * YEAR)
        right = written_at(jobs.create(new_job("up_2")))
        assert job.id in [one.id for one in jobs.due(right)]

    def test_s86_only_what_can_go_on_is_due(self, harness: StateHarness) -> None:
        """S-86: the oldest first; not what is held, paused, has ended or has to wait. Wishes change no ended or cancelled job."""
        jobs = harness.open().jobs
        made = [jobs.create(new_job(f"up_{number}")) for number in range(6)]
        at = written_at(made[-1])
        with jobs.worker() as owner:
            for job in made[1:4]:
                jobs.claim(job.id, owner, seconds=HOUR)
            jobs.advance(made[2].id, owner, ended=JobStatus.FAILED)
            jobs.advance(made[3].id, owner, attrs.evolve(made[3].steps[0], not_before=at + timedelta(days=1)))
            jobs.release(made[3].id, owner)
            assert (jobs.wish(made[4].id, JobWish.PAUSE) or made[4]).status is JobStatus.PAUSED
            jobs.wish(made[5].id, JobWish.CANCEL)
            # A moment later than the state wrote anything here.
            soon = at + timedelta(minutes=1)
            assert ["up_0", "up_5"] == [job.id for job in jobs.due(soon)]
            assert ["up_0", "up_3", "up_5"] == [job.id for job in jobs.due(at + timedelta(days=2))]
            assert ["up_1"] == [job.id for job in jobs.all(status=JobStatus.PROCESSING)]
            assert 6 == len(jobs.all(connection="shop")) - len(jobs.all(connection="other"))
            assert (jobs.wish(made[2].id, JobWish.PAUSE) or made[2]).wish is JobWish.GO_ON
            assert jobs.wish(JobId("nobody"), JobWish.PAUSE) is None
            for wish in (JobWish.GO_ON, JobWish.PAUSE):
                assert (jobs.wish(made[5].id, wish) or made[5]).wish is JobWish.CANCEL
            assert jobs.claim(made[2].id, owner, seconds=HOUR) is None
        jobs.wish(made[4].id, JobWish.GO_ON)
        assert ["up_0", "up_1", "up_4", "up_5"] == [job.id for job in jobs.due(soon)]

    def test_s87_killed_in_any_write_nothing_is_half(self, harness: StateHarness) -> None:
        """S-87: of a process that was killed while it wrote jobs, every step that it had told is there."""
        for _ in range(3):
            jobs = harness.open().jobs
            before = {job.id for job in jobs.all()}
            worker = harness.spawn("make_jobs", str(len(before)))
            said = [worker.step() for _ in range(7)] + worker.kill()
            for line in said:
                name, _, number = line.partition(":")
                job = jobs.get(JobId(name))
                assert job is not None
                assert 2 == len(job.steps)
                ended = [step.number for step in job.steps if step.status.ended]
                assert int(number or 0) in {0, *ended}
                assert ended == list(range(1, len(ended) + 1))
            # A server notices within moments that a process is gone.
            until = time.monotonic() + _GONE_WITHIN_SECONDS
            while any(job.status is not JobStatus.PENDING for job in jobs.all()):
                assert time.monotonic() < until
                time.sleep(0.02)
            assert all(2 == len(job.steps) for job in jobs.all())

    def test_s88_processes_share_what_is_due(self, harness: StateHarness) -> None:
        """S-88: three processes that drive whatever is due take every step of every job, each of them once."""
        jobs = harness.open().jobs
        made = [jobs.create(new_job(f"up_{number}")) for number in range(12)]
        workers = [harness.spawn("drive_jobs") for _ in range(3)]
        for worker in workers:
            worker.go_on()
        said = [line for worker in workers for line in worker.rest() if line != "over"]
        # Whoever found the last of them held by another was through before that one was.
        assert sorted(f"{job.id}:{step.number}" for job in made for step in job.steps) == sorted(said)
        assert {JobStatus.DONE} == {job.status for job in jobs.all()}

    def test_s89_what_follows_an_end_is_there_with_it(self, harness: StateHarness) -> None:
        """S-89: with the end, and not before, the jobs that follow it are written down; of an end that is not ours, none."""

        def followers(ended: JobRecord) -> list[JobRecord]:
            return [
                attrs.evolve(new_job(f"after-{ended.id}"), arguments={"about": ended.id, "how": ended.status})
            ]

        with open_state(harness.settings, followers=followers) as state:
            jobs = state.jobs
            job, later = jobs.create(new_job("up_1")), JobId("after-up_1")
            with jobs.worker() as owner, jobs.worker() as other:
                assert jobs.claim(job.id, owner, seconds=HOUR) is not None
                assert jobs.advance(job.id, other, ended=JobStatus.DONE) is None
                jobs.advance(job.id, owner, done(job.steps[0]))
                assert jobs.get(later) is None
                jobs.advance(job.id, owner, done(job.steps[1]), ended=JobStatus.FAILED)
                assert jobs.advance(job.id, owner, ended=JobStatus.DONE) is None
            found = harness.open().jobs.get(later)
        assert found is not None
        assert {"about": "up_1", "how": "failed"} == found.arguments
        assert (JobStatus.PENDING, 2) == (found.status, len(found.steps))
        assert [later] == [one.id for one in harness.open().jobs.due(written_at(found))]

    def test_s94_a_page_of_many(self, harness: StateHarness) -> None:
        """S-94: the newest first, of a status or of any, without kinds that stand apart; with how many there are in all."""
        jobs = harness.open().jobs
        made = [jobs.create(new_job(f"up_{number}")) for number in range(7)]
        jobs.create(attrs.evolve(new_job("apart"), kind="other"))

        def page(**wanted: Any) -> tuple[list[str], int]:
            found = jobs.page(**{"apart": ("other",), "most": 3, **wanted})
            return [job.id for job in found.jobs], found.total

        assert (["up_6", "up_5", "up_4"], 7) == page()
        assert (["up_0"], 7) == page(after=6)
        assert ([], 7) == page(after=9)
        assert (["apart"], 8) == page(apart=(), most=1)
        with jobs.worker() as owner:
            for job in made[:3]:
                jobs.claim(job.id, owner, seconds=HOUR)
            jobs.advance(made[2].id, owner, ended=JobStatus.DONE)
            jobs.wish(made[3].id, JobWish.PAUSE)
            assert (["up_2"], 1) == page(status=JobStatus.DONE)
            assert (["up_1"], 2) == page(status=JobStatus.PROCESSING, most=1)
            assert (["up_0"], 2) == page(status=JobStatus.PROCESSING, after=1)
            assert (["up_3"], 1) == page(status=JobStatus.PAUSED)
            assert (["up_6", "up_5", "up_4"], 3) == page(status=JobStatus.PENDING)
            assert ([], 0) == page(status=JobStatus.FAILED)
            assert jobs.get(made[0].id) == jobs.page(after=7, most=1).jobs[0]

    def test_s136_a_throttle_is_kept_and_heeded(self, harness: StateHarness) -> None:
        """S-136: others find a throttle at once, nothing else of the job changes, and what it holds back is not due."""
        jobs, other = harness.open().jobs, harness.open().jobs
        sends = {"paced": "submit", "list_id": "ä"}
        steps = tuple(attrs.evolve(step, kind="submit") for step in new_job().steps)
        job = jobs.create(attrs.evolve(new_job("up_1"), arguments=sends, steps=steps))
        found = other.throttle(job.id, 1)
        assert found is not None
        assert (found, {**sends, "files_a_minute": "1"}) == (jobs.get(job.id), found.arguments)
        assert (job.steps, job.wish, job.created_at) == (found.steps, found.wish, found.created_at)
        with jobs.worker() as owner:
            jobs.claim(job.id, owner, seconds=HOUR)
            went = jobs.advance(job.id, owner, done(job.steps[0]))
            assert went is not None
            assert 1 == went.per_minute
        at = went.steps[0].updated_at
        assert at is not None
        assert () == other.due(at + timedelta(seconds=59))
        assert at + timedelta(minutes=1) == went.free_at(at)
        assert [job.id] == [one.id for one in other.due(at + timedelta(minutes=1))]
        assert (other.throttle(job.id, None) or went).arguments == sends
        assert [job.id] == [one.id for one in jobs.due(at)]
        with jobs.worker() as owner:
            jobs.claim(job.id, owner, seconds=HOUR)
            ended = jobs.advance(job.id, owner, ended=JobStatus.CANCELLED)
        assert ended == other.throttle(job.id, 3)
        assert other.throttle(JobId("nobody"), 3) is None

    def test_s137_all_of_many_some_at_a_time(self, harness: StateHarness) -> None:
        """S-137: the oldest first, each once, whatever is begun or ends meanwhile; behind one that is not known, none."""
        jobs = harness.open().jobs
        made = [jobs.create(new_job(f"up_{number}")) for number in range(5)]
        jobs.create(attrs.evolve(new_job("apart"), kind="other"))
        jobs.create(attrs.evolve(new_job("elsewhere"), connection="other"))

        def ids(after: str | None, **wanted: Any) -> list[str]:
            given = None if after is None else JobId(after)
            return [job.id for job in jobs.following(given, **{"apart": ("other",), "most": 2, **wanted})]

        assert ["up_0", "up_1"] == ids(None)
        with jobs.worker() as owner:
            for job in made[1:4]:
                jobs.claim(job.id, owner, seconds=HOUR)
            jobs.advance(made[1].id, owner, ended=JobStatus.DONE)
            assert ["up_2", "up_3"] == ids("up_1")
            assert ["up_4", "elsewhere"] == ids("up_3")
            assert (["up_4"], ["elsewhere"]) == (ids("up_3", connection="shop"), ids("apart"))
            assert ["up_3"] == ids("up_2", status=JobStatus.PROCESSING)
            assert ["up_0", "up_4"] == ids(None, status=JobStatus.PENDING)
            assert (["up_1"], []) == (ids(None, status=JobStatus.DONE), ids("up_1", status=JobStatus.DONE))
            assert (made[0],) == jobs.following(None, most=1)
        assert ([], []) == (ids("elsewhere"), ids("nobody"))
