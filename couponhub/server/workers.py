"""The processes: a parent that lets no worker's death be its own, and workers that do not outlive their parent."""

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import attrs
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketHolder  # type: ignore[attr-defined] # its types do not say so
from granian.server.mp import MPServer

from couponhub.clock import LOOKS_FOR_SIGNALS_EVERY
from couponhub.config import Config
from couponhub.errors import CouponhubError
from couponhub.server.admission import SPARE_THREADS, THREADS
from couponhub.server.figures import shrink_the_dead
from couponhub.server.loading import Loader
from couponhub.sockets import family_of

_log = logging.getLogger(__name__)

LONGEST_HEAD_SECONDS = 30
"""For the head of a request, and for a connection that is kept to stay without one."""
LARGEST_HEAD = 64 * 1024
LONGEST_WRITE_SECONDS = 30
"""So long may an answer wait for its reader before the connection ends."""
CONNECTIONS = 4096
"""Of each worker; those that say nothing are among them."""
_OTHER_FILES = 1024
_LONGEST_STOP_SECONDS = 75
"""More than any answer takes: a deadline is at most a minute."""
_PARENT_SECONDS = 0.5
_READY_SECONDS = 60
_GRACE_SECONDS = 0.5
_STEADY_SECONDS = 60
_LONGEST_REST_SECONDS = 30.0
_STOPPING = (signal.SIGTERM, signal.SIGINT)


class Workers(MPServer):
    """Granian's server, with workers that are replaced for as long as it runs.

    Args:
        load: Makes the application, in a worker.
        read_again: Reads the config, at SIGHUP.
        drain: Seconds for which requests are served once it is to stop, while /readyz sends balancers elsewhere.
    """

    wrks: list[Any]

    def __init__(
        self,
        load: Loader,
        *,
        read_again: Callable[[], Config],
        drain: int,
    ) -> None:
        connections = _room_for(CONNECTIONS)
        super().__init__(
            "couponhub",
            address=load.address,
            port=load.port,
            interface=Interfaces.WSGI,
            workers=load.workers,
            blocking_threads=THREADS + SPARE_THREADS,
            backlog=connections,
            backpressure=connections,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(
                header_read_timeout=LONGEST_HEAD_SECONDS * 1000, max_buffer_size=LARGEST_HEAD
            ),
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=_LONGEST_STOP_SECONDS,
            log_level=LogLevels.error,
            log_dictconfig=load.log.as_dict_config(),
        )
        self.main_loop_interrupt = Woken()
        # Without a lock, which a worker that is killed while it looks would hold for ever.
        self._draining = multiprocessing.RawValue("b", 0)
        self._load = attrs.evolve(load, backlog=connections, draining=self._draining)
        self._read_again = read_again
        self._drain = drain
        self._is_stopping = False
        self._deaths = [0] * load.workers
        self._ready = [multiprocessing.Event() for _ in range(load.workers)]
        self._has_served = False
        self.is_broken = False

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        self.serve(spawn_target=work, target_loader=self._load, wrap_loader=False)

    def signal_handler_interrupt(self, *_: Any) -> None:
        """Stop, after draining where that was asked for; the second time at once."""
        if self._is_stopping:
            _log.warning("stopping at once: told so again, and what is under way is broken off")
            for worker in self.wrks:
                worker.kill()
            self._end()
            return
        self._is_stopping = True
        if not self._drain:
            self._end()
            return
        self._draining.value = 1
        _log.info("draining: /readyz answers 503, and requests are served for another %d s", self._drain)
        ending = threading.Timer(self._drain, self._end)
        ending.daemon = True
        ending.start()

    def _end(self) -> None:
        self.interrupt_signal = True
        self.main_loop_interrupt.set()

    def signal_handler_reload(self, *_: Any) -> None:
        """Take the config anew, and the workers after it; a config that is wrong changes nothing."""
        if self._is_stopping:
            _log.warning("not reloaded: the server is about to end")
            return
        try:
            self._load = attrs.evolve(self._load, config=self._read_again())
        except CouponhubError as error:
            _log.error("not reloaded, all goes on as before: %s", " / ".join(str(error).splitlines()))
            return
        _log.info("the config was read again, and new workers take over one by one")
        super().signal_handler_reload()  # type: ignore[no-untyped-call] # theirs

    def shutdown(self, exit_code: int = 0) -> None:
        """Stop, and tell so: what is new is refused, what is under way is finished."""
        _log.info("stopping: what is under way is finished")
        try:
            super().shutdown(exit_code)  # type: ignore[no-untyped-call] # theirs
        finally:
            _log.info("stopped")

    def _spawn_workers(self, spawn_target: Any, target_loader: Any) -> None:  # noqa: ARG002 - Granian's signature
        for idx in range(self.workers):
            self.wrks.append(self._begin(idx, spawn_target))

    def _respawn_workers(
        self,
        workers: list[int],
        spawn_target: Any,
        target_loader: Any,  # noqa: ARG002 - Granian's signature, of what another loader has taken the place
        delay: float = 0,  # noqa: ARG002 - the same
    ) -> None:
        if not self._rest_before(workers):
            return
        for idx in workers:
            old, self.wrks[idx] = self.wrks[idx], self._begin(idx, spawn_target)
            if old.is_alive():
                self._wait_for(idx)
            if not self._ended(old):
                return
        if self._load.figures is not None:
            shrink_the_dead(self._load.figures)

    def _ended(self, old: Any) -> bool:
        """Have a worker end that another one has replaced; False when all of them are to end meanwhile."""
        old.terminate()
        ends = time.monotonic() + _LONGEST_STOP_SECONDS
        while old.is_alive() and time.monotonic() < ends:
            if self.interrupt_signal:
                self.wrks.append(old)  # it is waited for with the others
                return False
            old.join(0.1)
        if old.is_alive():
            old.kill()
            old.join()
        return True

    def _begin(self, idx: int, spawn_target: Any) -> Any:
        self._ready[idx].clear()
        load = self._load.of(self._ready[idx])
        worker: Any = self._spawn_worker(idx=idx, target=spawn_target, callback_loader=load)
        with _signals_held():
            worker.start()
        return worker

    def _rest_before(self, workers: list[int]) -> bool:
        """Rest before workers are begun anew that ended soon after they had begun; False when it is all over."""
        self._has_served = self._has_served or any(ready.is_set() for ready in self._ready)
        dead = [idx for idx in workers if not self.wrks[idx].is_alive()]
        if dead and not self._has_served:
            # Whoever has just started it reads on the terminal why.
            self.is_broken = self.interrupt_signal = True
            self.main_loop_interrupt.set()
            return False
        rest = 0.0
        for idx in dead:
            told = {"worker": idx + 1, "exit_code": self.wrks[idx].inner.exitcode}
            _log.error("a worker has died and is replaced", extra={"fields": told})
            lived = time.monotonic() - self.wrks[idx].birth
            self._deaths[idx] = 1 if lived > _STEADY_SECONDS else self._deaths[idx] + 1
            if self._deaths[idx] > 1:
                rest = max(rest, min(2.0 ** (self._deaths[idx] - 2), _LONGEST_REST_SECONDS))
        ends = time.monotonic() + rest
        while time.monotonic() < ends and not (self.interrupt_signal or self.reload_signal):
            time.sleep(0.05)
        return not self.interrupt_signal

    def _wait_for(self, idx: int) -> None:
        """Wait until a new worker serves, so that the old one may go."""
        ends = time.monotonic() + _READY_SECONDS
        while time.monotonic() < ends and self.wrks[idx].is_alive() and not self.interrupt_signal:
            if self._ready[idx].wait(0.1):
                time.sleep(_GRACE_SECONDS)  # it listens a moment after it has loaded
                return


class Woken(threading.Event):
    """The end of a main thread's wait, which comes in pieces: signals are heeded between them."""

    def wait(self, timeout: float | None = None) -> bool:
        """See `threading.Event`."""
        if timeout is not None:
            return super().wait(timeout)
        while not super().wait(LOOKS_FOR_SIGNALS_EVERY):
            pass
        return True


def work(worker_id: int, process_name: str | None, load: Loader, sock: Any, *rest: Any) -> None:
    """Be a worker, from its first moment on."""
    # What the parent does at a signal is not for its children, which have its ways until they have their own.
    for one in _STOPPING:
        signal.signal(one, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # Ctrl-C goes to the parent alone, which tells the workers, once: Granian hangs at the third time.
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    load.log.apply()  # Granian does but a part of it, and later
    try:
        MPServer._spawn_wsgi_worker(worker_id, process_name, load, _own_socket(load, sock), *rest)  # noqa: SLF001 - what Granian itself runs
    except Exception:  # noqa: BLE001 - multiprocessing would print it, with whatever its text quotes
        _log.critical("a worker ends by a fault", exc_info=True)
        logging.shutdown()
        sys.exit(1)


def _end_with_parent() -> None:
    """End this worker, gracefully, when the process that began it was killed: nobody else would."""
    parent = multiprocessing.parent_process()
    while parent is not None and os.getppid() == parent.pid:
        time.sleep(_PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_LONGEST_STOP_SECONDS)
    os._exit(1)


def _own_socket(load: Loader, sock: Any) -> Any:
    """The socket that a worker listens on, which hands on to its connections how long they may say nothing.

    Where workers share one, as they do but on Linux, it is left as it is.
    """
    if sys.platform != "linux":
        return sock
    listener = socket.socket(family_of(load.address))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Ends connections whose reader takes nothing, or whose other end is gone without a word.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, LONGEST_WRITE_SECONDS * 1000)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, LONGEST_WRITE_SECONDS)
    listener.bind((load.address, load.port))
    holder = cast("Any", SocketHolder)  # its types leave out what makes it
    return (None, holder(listener.detach(), False, load.backlog)), None


@contextmanager
def _signals_held() -> Iterator[None]:
    """Signals to stop come after the block: a child that has just begun would take one for its parent's, and live on."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _room_for(connections: int) -> int:
    """As many connections as there may be open files, of which as many are allowed as can be."""
    import resource  # noqa: PLC0415 - not everywhere

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return max(128, min(connections, soft - _OTHER_FILES))
    return connections
