"""The server process and its workers: Granian, which speaks HTTP in native code and calls the application on threads."""

import ctypes
import gc
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import attrs

from couponhub.config import Config, load_config
from couponhub.errors import CouponhubError, UsageError
from couponhub.hub import CouponHub
from couponhub.listening import family_of, listen, told_why_not
from couponhub.models.base import utc_now
from couponhub.server.access import Access, is_loopback_host
from couponhub.store import Callbacks, Scope, Store, Token, Tokens, new_token

THREADS = 256
"""Requests that a worker is at, at once. One that waits for a silent vendor holds its thread until its deadline: at a
hundred a second and two seconds each, two hundred wait, and the next one must still be served."""
LONGEST_READ_SECONDS = 10.0
"""For a call to a vendor that no deadline bounds, as reading lists; a rate limit that lasts longer is told."""
_ARENA_MAX, _MMAP_THRESHOLD = -8, -3
"""Of glibc's malloc.h."""
_LONGEST_STOP_SECONDS = 75
"""More than any answer takes: a deadline is at most a minute."""


@attrs.frozen(kw_only=True)
class Place:
    """Where the server listens.

    Attributes:
        host: A name or an address of this machine, as it was given.
        address: That address, or the one that the name stands for.
        port: Never 0: which one is free has been found out.
    """

    host: str
    address: str
    port: int

    @property
    def url(self) -> str:
        """Its address, for programs on this machine or, of a host for all, elsewhere."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@contextmanager
def held_place(host: str, port: int) -> Iterator[Place]:
    """The place to listen at, which nobody else is given for the length of the block; port 0 takes a free one.

    Raises:
        LocalError: There is no such host, or the port is taken.
    """
    with ExitStack() as held:
        # The workers share the port, so that Granian would not notice somebody else's server on it.
        with listen(host, port) as probe:
            address, port = probe.getsockname()[:2]
        place = Place(host=host, address=address, port=port)
        if sys.platform == "linux":
            # Elsewhere Granian binds but once.
            holder = held.enter_context(socket.socket(family_of(address)))
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            with told_why_not(host, port):
                holder.bind((address, port))
        yield place


def one_time_token(config: Config, host: str) -> tuple[str, Token] | None:
    """A token for the life of the server, if none is configured; None when one is.

    Raises:
        UsageError: None is configured, and the host is not this machine alone.
        LocalError: The store cannot be used.
    """
    with closing(Store(config.store)) as store:
        now = utc_now()
        if any(not token.is_expired(now) for token in Tokens(store).all()):
            return None
    if not is_loopback_host(host):
        raise UsageError(
            f"no token is configured, so only this machine may be served, not {host}",
            hint="make one with `couponhub token new --scope lookup`, or leave --host out",
        )
    return new_token(Scope, name="one-time")


def serve(
    config_path: Path, place: Place, *, workers: int, one_time: Token | None, listening: Callable[[], None]
) -> None:
    """Serve until SIGTERM or SIGINT; then refuse what is new, and finish what is under way.

    Args:
        config_path: The config file, which each worker reads.
        place: Where to listen.
        workers: Processes; they share the store.
        one_time: A token that holds as long as this.
        listening: Called once requests are answered.
    """
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415 - only who serves needs it
    from granian.log import LogLevels  # noqa: PLC0415 - the same
    from granian.server import Server  # noqa: PLC0415 - the same

    server = Server(
        "couponhub",
        address=place.address,
        port=place.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        http=HTTPModes.http1,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=_LONGEST_STOP_SECONDS,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
    )
    server.on_startup(lambda: _when_answering(place, listening))
    with tempfile.TemporaryDirectory(prefix="couponhub-metrics-") as folder:
        loader = partial(load_app, config_path, one_time, folder if workers > 1 else None, workers)
        server.serve(target_loader=loader, wrap_loader=False)


def load_app(config_path: Path, one_time: Token | None, metrics_folder: str | None, workers: int = 1) -> Any:
    """Make the application, in a worker.

    Args:
        config_path: The config file.
        one_time: See `serve`.
        metrics_folder: Where the workers share their figures; None for a worker that is alone.
        workers: How many there are: each grants its share of the rate limit.
    """
    _give_back_memory()
    if metrics_folder is not None:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics_folder  # read when the library is imported
    from prometheus_client import disable_created_metrics  # noqa: PLC0415 - the reason above

    from couponhub.server.app import make_app  # noqa: PLC0415 - the reason above
    from couponhub.server.frame import AccessLog  # noqa: PLC0415 - the reason above
    from couponhub.server.metrics import Metrics  # noqa: PLC0415 - the reason above

    disable_created_metrics()  # type: ignore[no-untyped-call] # theirs; half of all lines are those
    metrics = Metrics()
    hub = CouponHub(hurried(load_config(config_path)), observer=metrics)
    store = Store(hub.config.store)
    access = Access(
        Tokens(store),
        one_time=one_time,
        rate_limit=hub.config.server.rate_limit / workers,
    )
    metrics.keep_sampling(hub)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    for name in hub:
        with suppress(CouponhubError):  # /readyz tells; the others can be served all the same
            hub[name]
    log = AccessLog()
    # A worker ends as processes of multiprocessing do, without `atexit`.
    Finalize(None, log.flush, exitpriority=0)
    app = make_app(hub, access, Callbacks(store), metrics=metrics, log=log)
    _search_cycles_seldom()
    return app


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

    Lookups make none, and each search goes through all that lanes remember, while every request waits.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


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


def _end_with_parent() -> None:
    """End this worker, gracefully, when the process that began it was killed: nobody else would."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stderr"}
    },
    "loggers": {"_granian": {"handlers": ["stderr"], "level": "ERROR", "propagate": False}},
}


def _when_answering(place: Place, listening: Callable[[], None]) -> None:
    """Call `listening` on a thread of its own once a connection is accepted."""
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place.address, place.address)  # noqa: S104 - recognised, not listened on

    def wait() -> None:
        while True:
            try:
                socket.create_connection((own, place.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                listening()
                return

    threading.Thread(target=wait, name="listening", daemon=True).start()
