"""A process of its own that works with a state; it says each step when it is done, and may be killed in any."""

import sys
from collections.abc import Callable
from itertools import count

import attrs

from couponhub.clock import utc_now
from couponhub.models import CouponList, JobId, JobStatus, ListId, UploadId
from couponhub.state import (
    AuditAction,
    AuditOutcome,
    Granted,
    LeftOut,
    QuotaStore,
    Scope,
    State,
    StoreSettings,
    open_state,
)
from couponhub.testing.state_conformance.samples import (
    DAY,
    LIST,
    begin,
    new_call,
    new_job,
    sent_whole,
    shown,
    take_in,
)

_MANY = 100_000
"""Rows of a report: enough for a kill to come in the middle of it."""


def _say(step: object) -> None:
    sys.stdout.write(f"{step}\n")
    sys.stdout.flush()


def _wait() -> None:
    sys.stdin.readline()


def begin_uploads(state: State, own: str) -> None:
    """Write down one upload of two parts after the other, for ever."""
    for number in count():
        name = f"up_{own}{number}"
        begin(state.ledger("shop"), [f"{name}-a", f"{name}-b"], [f"{name}-c"], name=name)
        _say(name)


def begin_some(state: State, own: str, uploads: str) -> None:
    """Write down and send some uploads."""
    for number in range(int(uploads)):
        _say(sent_whole(state.ledger("shop"), [f"{own}-{number}"]).id)


def mark_parts(state: State) -> None:
    """Take the parts of one upload after the other through their stages, for ever."""
    for number in count():
        ledger = state.ledger("shop")
        upload = begin(ledger, ["A"], name=f"up_{number}")
        _say(f"{upload.id}:prepared")
        upload = ledger.mark_submitting(upload, 1)
        _say(f"{upload.id}:submitting")
        ledger.mark_submitted(upload, 1, shown(upload, accepted=1))
        _say(f"{upload.id}:submitted")


def hold_lock(state: State, *name: str) -> None:
    """Hold a lock until the worker is killed or told to go on."""
    with state.locks.hold(name, timeout=30):
        _say("held")
        _wait()
    _say("free")


def hold_workspace(state: State) -> None:
    """Leave codes in a workspace."""
    with state.ledger("shop").workspace() as folder:
        (folder / "codes").write_text("CODE-IN-THE-MAKING\n", encoding="utf-8")
        _say(folder)
        _wait()


def take_calls(state: State, account: str, calls: str) -> None:
    """Take calls one by one; say each that was granted."""
    take_calls_of(state.quotas, account, calls)


def take_calls_of(quotas: QuotaStore, account: str, calls: str) -> None:
    """As `take_calls`, of counters that are no state's."""
    for _ in range(int(calls)):
        if isinstance(quotas.take(account, "calls", [DAY], 1), Granted):
            _say("granted")
    _say("over")


def hold_job(state: State, job_id: str) -> None:
    """Hold the lease of a job for an hour."""
    with state.jobs.worker() as owner:
        held = state.jobs.claim(JobId(job_id), owner, seconds=3600)
        _say("held" if held else "refused")
        _wait()


def drive_jobs(state: State) -> None:
    """Drive every job that is due, a step at a time; say each step when it is written down."""
    _wait()
    with state.jobs.worker() as owner:
        while due := state.jobs.due(utc_now()):
            for one in due:
                job = state.jobs.claim(one.id, owner, seconds=3600)
                if job is None or (step := job.next_step) is None:
                    continue
                last = step.number == len(job.steps)
                done = attrs.evolve(step, status=JobStatus.DONE)
                state.jobs.advance(job.id, owner, done, ended=JobStatus.DONE if last else None)
                _say(f"{job.id}:{step.number}")
                state.jobs.release(job.id, owner)
    _say("over")


def make_jobs(state: State, first: str) -> None:
    """Make one job after the other, and take it through its steps, for ever."""
    with state.jobs.worker() as owner:
        for number in count(int(first)):
            job = state.jobs.create(new_job(f"up_{number}"), owner=owner, seconds=3600)
            _say(f"{job.id}:0")
            for step in job.steps:
                state.jobs.advance(
                    job.id, owner, attrs.evolve(step, status=JobStatus.DONE, result={"of": step.number})
                )
                _say(f"{job.id}:{step.number}")


def put_files(state: State, job_id: str) -> None:
    """Keep one file of a job after the other, for ever."""
    for number in count():
        with state.job_files.workspace() as folder:
            made = folder / "made"
            made.write_text(f"file {number}" * 10_000, encoding="utf-8")
            state.job_files.put(JobId(job_id), f"file {number}", made)
        _say(number)


def make_tokens(state: State) -> None:
    """Make one token after the other, for ever."""
    for number in count():
        _, token = state.tokens.new([Scope.LOOKUP], name=f"token-{number}")
        _say(token.name)


def make_token(state: State, name: str) -> None:
    """Try to make one token by a name that others want too."""
    _wait()
    try:
        _say(state.tokens.new([Scope.LOOKUP], name=name)[1].id)
    except Exception as error:  # noqa: BLE001 - who started it judges
        _say(type(error).__name__)


def ring(state: State, token: str, times: str) -> None:
    """Call a callback address."""
    for _ in range(int(times)):
        _say(state.callbacks.ring(token))


def make_callbacks(state: State) -> None:
    """Make one callback address after the other, and call each, for ever."""
    for number in count():
        token = state.callbacks.begin(UploadId(f"up_{number}"))
        state.callbacks.ring(token)
        _say(token)


def announce(state: State) -> None:
    """Announce one erasure after the other, for ever."""
    while True:
        state.invalidation.announce()
        _say(state.invalidation.latest().hex())


def log_events(state: State, migration: str, own: str, events: str) -> None:
    """Write some events behind those of others; say each that was written."""
    written, last = 0, 0
    while written < int(events):
        event = state.migration_log.append(migration, "moved", {"by": own}, after=last)
        if event is None:
            last = len(state.migration_log.events(migration))
        else:
            written, last = written + 1, event.number
            _say(f"{own}:{event.number}")


def audit(state: State, own: str, acts: str) -> None:
    """Write some acts down, each with its outcome; say each event that is there."""
    for _ in range(int(acts)):
        event = state.audit.begin(AuditAction.SEND_UPLOAD, who=own, name=own)
        _say(event.id)
        state.audit.end(event.id, AuditOutcome.DONE)


def note_readings(state: State, connection: str, list_id: str) -> None:
    """Note twenty times that a list has five codes left, and a limit one call."""
    one = CouponList(connection=connection, id=ListId(list_id), name="Summer", available=5)
    for _ in range(20):
        state.readings.note_stock(connection, [one])
        state.readings.note_quotas(connection, {"calls_per_day": 1}, {"calls_per_day": 10})
    _say("done")


def switch(state: State) -> None:
    """Prefer two connections in one order and then in the other, for ever."""
    names = ["new", "old"]
    while True:
        state.preference.set(names)
        _say(",".join(names))
        names.reverse()


def import_half(state: State) -> None:
    """Import a report, and stop in the middle of it."""
    key = state.reports.key()
    with state.reports.changing() as change:
        take_in(change, key, [("KILLED", "CODE-K")])
        _say("half")
        _wait()
        take_in(change, key, [(f"C{row}", f"CODE-{row}") for row in range(_MANY)])
    _say("done")


def import_reports(state: State, own: str, reports: str) -> None:
    """Import some reports of one customer each."""
    key = state.reports.key()
    for number in range(int(reports)):
        with state.reports.changing() as change:
            take_in(change, key, [("SHARED", f"{own}-{number}")])
        _say(number)


def history_of_list(state: State) -> None:
    """Say how many uploads a list has had, each time when told to go on."""
    while True:
        _wait()
        _say(len(state.ledger("shop").of_list(LIST)))


def write_calls(state: State, own: str, calls: str) -> None:
    """Write one call to a vendor after the other, each with one that was left out."""
    for number in range(int(calls)):
        one = new_call(f"call_{own}{number}")
        state.vendor_calls.write([one], left_out={LeftOut.PLAIN: 1})
        _say(one.id)


WORK: dict[str, Callable[..., None]] = {
    one.__name__: one
    for one in (
        announce,
        audit,
        begin_some,
        begin_uploads,
        drive_jobs,
        hold_job,
        make_jobs,
        history_of_list,
        hold_lock,
        hold_workspace,
        import_half,
        import_reports,
        log_events,
        make_callbacks,
        make_token,
        make_tokens,
        mark_parts,
        note_readings,
        put_files,
        ring,
        switch,
        take_calls,
        write_calls,
    )
}


if __name__ == "__main__":
    url, work, *words = sys.argv[1:]
    with open_state(StoreSettings(url=url, retention_days=30)) as state:
        WORK[work](state, *words)
