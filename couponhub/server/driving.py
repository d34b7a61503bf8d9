"""Jobs that were begun over HTTP go on in the server itself, for as long as it runs; leases tell whose a job is."""

import logging
import threading

from couponhub.errors import CouponhubError, UsageError
from couponhub.hub import CouponHub
from couponhub.jobs import JobWorker

_log = logging.getLogger(__name__)

_THREADS = 2
"""Jobs at a time; each waits for a vendor most of its time."""
_AGAIN_SECONDS = 5.0


class Driving:
    """Drives what is due, beside requests. Thread-safe.

    Nothing runs before a job is begun here, or webhooks are configured. What this server leaves at its end others go on with: the next one that a
    job is begun at, or `couponhub work`.

    Args:
        hub: Whose jobs.
    """

    def __init__(self, hub: CouponHub) -> None:
        self._hub = hub
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._worker: JobWorker | None = None

    def wake(self) -> None:
        """Have what is due driven from now on."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._worker = JobWorker(
                    jobs=self._hub.jobs, threads=_THREADS, beside=bool(self._hub.config.webhooks)
                )
                self._thread = threading.Thread(
                    target=self._run, args=(self._worker,), name="jobs", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """End after the steps that run now."""
        with self._lock:
            if self._worker is not None:
                self._worker.stop()

    def _run(self, worker: JobWorker) -> None:
        while not worker.is_stopping:
            try:
                for driven in worker.forever():
                    if driven.error is not None:
                        _log.warning("job %s came to rest: %s", driven.job.id, driven.error)
            except UsageError:
                return  # the hub was closed
            except CouponhubError as error:
                # The state may be back in a moment.
                _log.error("jobs are not driven now: %s", " / ".join(str(error).splitlines()))
                worker.rest(_AGAIN_SECONDS)
