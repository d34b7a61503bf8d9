"""The first steps of a worker: it makes the application of the config that its parent has read."""

import ctypes
import gc
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.synchronize import Event
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from couponhub.config import Config
from couponhub.errors import CouponhubError
from couponhub.hub import CouponHub
from couponhub.server.auth import Access
from couponhub.server.figures import SHARED_FOLDER, reserve
from couponhub.server.log_format import LogSettings
from couponhub.state import Token
from couponhub.transport.observing import AllObservers, Observer

if TYPE_CHECKING:
    from couponhub.server.watching import Pages

_log = logging.getLogger(__name__)

LONGEST_READ_SECONDS = 10.0
"""For a call to a vendor that no deadline bounds, as reading lists; a rate limit that lasts longer is told."""
_ARENA_MAX, _MMAP_THRESHOLD = -8, -3
"""Of glibc's malloc.h."""


@attrs.frozen(kw_only=True)
class Loader:
    """The things that workers are begun with: all that the parent knows and they have to.

    Attributes:
        config: As the parent has read it: a file that is broken by now ends nobody.
        one_time: A token that holds as long as the server.
        address: Where to listen.
        port: The same.
        backlog: Connections that may wait to be accepted.
        workers: How many there are: each grants its part of the rate limit, and uses its part of what this machine may use by itself.
        figures: Where they share their figures; None for a worker that is alone.
        log: How lines are written.
        ready: Is set once the application is made.
        draining: Is 1 once the server is about to end; shared with the parent.
        pages: What is put beside the API; None for nothing.
    """

    config: Config
    one_time: Token | None = None
    address: str = "127.0.0.1"
    port: int = 0
    backlog: int = 1024
    workers: int = 1
    figures: Path | None = None
    log: LogSettings = attrs.field(factory=LogSettings)
    ready: Event | None = None
    draining: ctypes.c_byte | None = None
    pages: "Pages | None" = None

    def of(self, ready: Event) -> "Loader":
        """Return one for a single worker."""
        return attrs.evolve(self, ready=ready)

    def __call__(self) -> Any:
        """Make the application; a worker for which there is none ends, with a line."""
        try:
            app = load_app(
                self.config,
                self.one_time,
                workers=self.workers,
                figures=self.figures,
                log=self.log,
                is_draining=self._is_draining,
                pages=self.pages,
            )
        except CouponhubError as error:
            _log.error("a worker cannot start: %s", error)
            logging.shutdown()
            sys.exit(error.exit_code)
        if self.ready is not None:
            self.ready.set()
        return app

    def _is_draining(self) -> bool:
        return self.draining is not None and self.draining.value != 0


def load_app(
    config: Config,
    one_time: Token | None = None,
    *,
    workers: int = 1,
    figures: Path | None = None,
    log: LogSettings | None = None,
    is_draining: Callable[[], bool] = lambda: False,
    pages: "Pages | None" = None,
) -> Any:
    """The application, in the process that is to run it.

    Args:
        config: What to serve.
        one_time: See `Loader`.
        workers: See `Loader`.
        figures: See `Loader`.
        log: See `Loader`.
        is_draining: Tells whether the server is about to end.
        pages: See `Loader`.
    """
    _give_back_memory()
    if figures is not None and reserve(figures, len(config.connections)):
        os.environ[SHARED_FOLDER] = str(figures)  # read when the library is imported
    from prometheus_client import disable_created_metrics, values  # noqa: PLC0415 - the reason above

    from couponhub.server.app import make_app  # noqa: PLC0415 - the reason above
    from couponhub.server.metrics import Metrics  # noqa: PLC0415 - the reason above
    from couponhub.server.request_context import AccessLog  # noqa: PLC0415 - the reason above

    # With pages it was imported before: they are handed to this process, and know of the server.
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call] # theirs
    disable_created_metrics()  # type: ignore[no-untyped-call] # theirs; half of all lines are those
    metrics = Metrics()
    traced = None if config.server.otlp_url is None else _Traced(config.server.otlp_url)
    observer: Observer = metrics if traced is None else AllObservers(metrics, traced.observer)
    watch = None if pages is None else pages.watcher(config, observer)
    hub = CouponHub(of_one_worker(hurried(config), workers), observer=watch or observer)
    access = Access(
        hub.state.tokens,
        fixed=[*config.server.known_tokens, *([] if one_time is None else [one_time])],
        sign_outs=hub.state.sign_outs,
        rate_limit=hub.config.server.rate_limit / workers,
    )
    metrics.keep_sampling(hub)
    for name in hub:
        with suppress(CouponhubError):  # /readyz tells; the others can be served all the same
            hub[name]
    requests = AccessLog(log)
    # A worker ends as processes of multiprocessing do, without `atexit`.
    Finalize(None, requests.finish, exitpriority=1)
    Finalize(None, logging.shutdown, exitpriority=0)
    spans = None if traced is None else traced.spans
    app = make_app(
        hub,
        access,
        hub.state.callbacks,
        metrics=metrics,
        log=requests,
        spans=spans,
        watch=watch,
        is_draining=is_draining,
    )
    if watch is not None:
        Finalize(None, watch.close, exitpriority=1)
    # What is begun here goes on elsewhere: steps that run are waited for no longer than requests.
    Finalize(None, app.ground.driving.stop, exitpriority=2)
    if config.webhooks:
        app.ground.driving.wake()  # what is to be told may be of jobs that others have ended
    served = app if pages is None else pages(app)
    _search_cycles_seldom()
    return served


class _Traced:
    """The link to a collector, which is told of requests and calls until the worker ends."""

    def __init__(self, url: str) -> None:
        # Few trace, and it takes a while to import.
        from couponhub.telemetry import OpenTelemetryObserver  # noqa: PLC0415 - the reason above
        from couponhub.telemetry.exporting import open_exporting  # noqa: PLC0415 - the reason above
        from couponhub.telemetry.requests import RequestSpans  # noqa: PLC0415 - the reason above

        exporting = open_exporting(url)
        Finalize(None, exporting.close, exitpriority=2)
        self.spans = RequestSpans(exporting.tracers)
        self.observer = OpenTelemetryObserver(exporting.tracers, exporting.meters)


def of_one_worker(config: Config, workers: int) -> Config:
    """The config of a worker, who counts by itself its part of the machine's share of quotas while `[shared]` is away."""
    return attrs.evolve(config, shared=attrs.evolve(config.shared, share=config.shared.share / workers))


def hurried(config: Config) -> Config:
    """The config with connections that let nobody wait for long: who asks over HTTP holds a thread meanwhile."""
    connections = {
        name: attrs.evolve(
            one,
            settings=attrs.evolve(one.settings, patience=min(one.settings.patience, LONGEST_READ_SECONDS)),
        )
        for name, one in config.connections.items()
    }
    return attrs.evolve(config, connections=connections)


def _give_back_memory() -> None:
    """Have glibc return what large replies took, where nobody has set it otherwise.

    By itself it keeps it, once for each of many threads: a worker that held 250 MiB for a moment stayed at 450. Other
    libraries of C have no such calls, or need none.
    """
    if any(name.startswith("MALLOC_") for name in os.environ):
        return
    with suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        for setting, value in ((_ARENA_MAX, 2), (_MMAP_THRESHOLD, 64 * 1024)):
            library.mallopt(setting, value)


def _search_cycles_seldom() -> None:
    """Look for garbage in cycles after many more objects than by default.

    Lookups make none, and each search goes through all that clients remember, while every request waits.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
