"""`couponhub work`: drives the jobs that are due."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import attrs
import click

from couponhub.cli.failures import say
from couponhub.cli.jobs import JOB_COLUMNS
from couponhub.cli.numbers import Whole
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import print_many
from couponhub.cli.session import opened_hub
from couponhub.config import load_config
from couponhub.jobs import Driven, JobWorker
from couponhub.serialization import to_document
from couponhub.state import open_queue, open_state
from couponhub.transport.observing import NoObserver, Observer


@click.command("work", cls=GlobalCommand)
@click.option("--once", is_flag=True, help="Drive what is due now, and end.")
@click.option(
    "--jobs",
    "at_once",
    metavar="N",
    type=Whole(1, 64),
    default=1,
    show_default=True,
    help="How many at a time, at most 64.",
)
@pass_options
def command(options: GlobalOptions, *, once: bool, at_once: int) -> None:
    """Go on with every upload and export that can go on, of any connection, as soon as it can.

    Any number of these may run at once, also beside `uploads send`. Vendors fetch files from here meanwhile. SIGTERM
    or Ctrl-C ends it after the step that runs now; a second one at once, which loses nothing. SIGHUP ends it, too: the
    config is read at the start, so let a supervisor start it again. With the store in PostgreSQL
    and couponhub[workers] installed, jobs come from a queue, and any machine's worker goes on with them.
    """
    # First of all: to open a hub takes a while, and whoever ends it meanwhile is heeded all the same.
    with (
        _stopped_by_signals() as ending,
        _kept_calls(options) as observer,
        opened_hub(options, observer) as hub,
    ):
        queue = None if once else open_queue(hub.config.store)
        worker = JobWorker(jobs=hub.jobs, threads=at_once, queue=queue, beside=bool(hub.config.webhooks))
        ending.stops(worker)
        if not once:
            for one in worker.forever():
                say(_line(one))
            return
        driven: list[Driven] = []
        documents = (to_document(one.job, raw=options.raw) for one in _noted(worker.once(), driven))
        print_many(options, documents, JOB_COLUMNS, "")
    if not driven:
        say("nothing is due")
    for one in driven:
        if one.error is not None:
            raise one.error


@contextmanager
def _kept_calls(options: GlobalOptions) -> Iterator[Observer | None]:
    """Keep what calls came to where the config has a console, whose page of requests shows them; else give None."""
    config = load_config(options.config)
    if not config.server.console:
        yield None
        return
    from couponhub.console.call_recorder import CallRecorder  # noqa: PLC0415 - without a console nothing of it is loaded
    from couponhub.console.call_writer import CallWriter  # noqa: PLC0415 - the same

    recorder = CallRecorder(NoObserver(), CallWriter(open_state(config.store)))
    try:
        yield recorder
    finally:
        recorder.close()


def _noted(driven: Iterator[Driven], seen: list[Driven]) -> Iterator[Driven]:
    for one in driven:
        if one.error is not None:
            say(_line(one))
        seen.append(one)
        yield one


def _line(driven: Driven) -> str:
    job = driven.job
    reason = job.waiting_for if driven.error is None else driven.error.message
    return f"{job.kind} {job.id} at {job.connection}: {job.status}" + (f"; {reason}" if reason else "")


@attrs.define
class _Ending:
    """The wish to end, whether there is a worker yet or not."""

    is_told: bool = False
    worker: JobWorker | None = None

    def tell(self) -> None:
        """End the worker gently, or the one that is about to come."""
        self.is_told = True
        if self.worker is not None:
            self.worker.stop()

    def stops(self, worker: JobWorker) -> None:
        """Have a worker be ended, at once where that was wished before."""
        self.worker = worker
        if self.is_told:
            worker.stop()


@contextmanager
def _stopped_by_signals() -> Iterator[_Ending]:
    """Let the first signal end the worker gently, and the next one at once."""
    ending = _Ending()

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        say("ending after the step that runs now")
        ending.tell()

    numbers = [signal.SIGTERM, signal.SIGINT]
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:  # as `nohup` has it
        numbers.append(hangup)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
