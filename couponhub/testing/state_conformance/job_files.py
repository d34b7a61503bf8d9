"""S-95 to S-99: files that jobs keep between their steps."""

import stat
from pathlib import Path

import pytest

from couponhub.models import Identifier, JobId, JobStatus
from couponhub.state import JobFiles, State
from couponhub.testing.state_conformance.harness import StateHarness
from couponhub.testing.state_conformance.samples import new_job

_DAY = 86_400
JOB = JobId("ex_1")
PEOPLE = 'mobile,note,email\n4911,"a, ""b""",x@example.com\n4922,,y@example.com\n4911,,\n'


def put(files: JobFiles, name: str, content: str, job: JobId = JOB, *, since: bytes | None = None) -> bool:
    """Keep a file with this content; return False when it was not kept."""
    with files.workspace() as folder:
        made = folder / "made"
        made.write_text(content, encoding="utf-8")
        return files.put(job, name, made, since=since) is not None


def content(files: JobFiles, name: str, job: JobId = JOB) -> str | None:
    """Return what is in a file; None when it is not kept."""
    path = files.path(job, name)
    return None if path is None else path.read_text(encoding="utf-8")


def end(state: State, job: JobId) -> None:
    """Write a job down that has ended."""
    with state.jobs.worker() as owner:
        state.jobs.create(new_job(job), owner=owner, seconds=60)
        assert state.jobs.advance(job, owner, ended=JobStatus.DONE) is not None


class JobFileRules:
    """Rules of what a job finds again, and for how long."""

    def test_s95_any_process_finds_what_was_kept(self, harness: StateHarness) -> None:
        """S-95: as it was given, under its name in its job alone, whatever they are called, until it is dropped."""
        one, other = harness.open().job_files, harness.open().job_files
        strange = ("../up", "a/b", ".hidden", "ä %2F", "a")
        for job in (JOB, JobId("../ex"), JobId("ex.1")):
            for name in strange:
                assert put(one, name, f"{job} {name}", job)
            assert sorted(strange) == list(other.names(job))
            assert [f"{job} {name}" for name in strange] == [content(other, name, job) for name in strange]
        assert (None, ()) == (other.path(JOB, "b"), other.names(JobId("ex")))
        other.drop(JOB, "a", "never there")
        assert sorted(set(strange) - {"a"}) == list(one.names(JOB))
        other.drop(JOB)
        other.drop(JOB)
        assert ((), None) == (one.names(JOB), one.path(JOB, ".hidden"))
        assert len(strange) == len(one.names(JobId("../ex")))

    def test_s96_a_name_keeps_what_it_has(self, harness: StateHarness) -> None:
        """S-96: the first that is given to a name stays there, for its owner alone, and whoever comes later is given it."""
        files = harness.open().job_files
        assert put(files, "a", "first")
        with files.workspace() as folder:
            made = folder / "made"
            made.write_text("second", encoding="utf-8")
            kept = files.put(JOB, "a", made)
        assert kept is not None
        assert "first" == kept.read_text(encoding="utf-8")
        assert 0 == stat.S_IMODE(kept.stat().st_mode) & 0o077

    def test_s97_people_are_forgotten_in_files(self, harness: StateHarness) -> None:
        """S-97: rows that name them in a column of that kind go, others keep every value; a file in the making is refused."""
        files, other = harness.open().job_files, harness.open()
        kept = {"people": PEOPLE, "codes": "code\n4911\n", "text": "4911\n", "none": ""}
        for name, each in kept.items():
            assert put(files, name, each)
        before = files.mark()
        assert put(files, "early", PEOPLE, since=before)
        assert 4 == other.forget(lambda kind, text: (kind, text) == (Identifier.MOBILE, "4911"))
        rest = "mobile,note,email\n4922,,y@example.com\n"
        assert {**kept, "people": rest, "early": rest} == {
            name: content(files, name) for name in (*kept, "early")
        }
        assert not put(files, "late", PEOPLE, since=before)
        assert content(files, "late") is None
        assert put(files, "late", rest, since=files.mark())
        assert 0 == other.forget(lambda kind, text: (kind, text) == (Identifier.MOBILE, "4911"))

    def test_s98_files_of_ended_jobs_have_an_age(self, harness: StateHarness) -> None:
        """S-98: they go after the days of retention and a second look, those of nobody's job too; others stay."""
        state = harness.open()
        files = state.job_files
        gone, living = (JobId("ex_gone"), JobId("nobody")), JobId("ex_living")
        end(state, gone[0])
        state.jobs.create(new_job(living))
        for job in (*gone, living):
            put(files, "a", "text", job)
        looks = iter(range(9))
        kept = []
        for days in (365, -365 + 8, 23, 8):
            harness.jump(days * _DAY)
            put(files, "a", "text", JobId(f"look {next(looks)}"))
            kept.append([content(files, "a", job) for job in (*gone, living)])
        assert [["text"] * 3, ["text"] * 3, ["text"] * 3, [None, None, "text"]] == kept

    @pytest.mark.parametrize("steps", [1, 4])
    def test_s99_a_kill_amid_files(self, harness: StateHarness, tmp_path: Path, steps: int) -> None:
        """S-99: each file that was kept is there, whole, none in part, and so it is in a backup."""
        worker = harness.spawn("put_files", JOB)
        said = [worker.step() for _ in range(steps)]
        names = [f"file {number}" for number in (*said, *worker.kill())]
        state = harness.open()
        state.jobs.create(new_job(JOB))
        harness.back_up(state, tmp_path / "backup")
        for files in (state.job_files, harness.restore(tmp_path / "backup").job_files):
            found = files.names(JOB)
            assert set(names) <= set(found)
            assert len(found) <= len(names) + 1
            assert all(content(files, name) == name * 10_000 for name in found)
