"""Metrics for Prometheus: calls to vendors, verdicts, breakers, quotas, and the endpoint's own requests."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
    multiprocess,
)

from couponhub.hub import CouponHub
from couponhub.lookup import WeakIdentityMap
from couponhub.models import LookupAnswer
from couponhub.server.figures import SHARED_FOLDER, is_alive
from couponhub.server.gauges import Gauges, WorkerProcesses, folder_workers
from couponhub.server.parts import Parts
from couponhub.transport.observing import VendorCall

M = TypeVar("M", Counter, Histogram)

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class _Labelled(Generic[M]):
    """A metric whose labelled children are found at once; the library's own way takes longer than counting."""

    def __init__(self, metric: M) -> None:
        self._metric: M = metric
        self._children: dict[tuple[str, ...], M] = {}

    def __getitem__(self, labels: tuple[str, ...]) -> M:
        child = self._children.get(labels)
        if child is None:
            child = self._children[labels] = self._metric.labels(*labels)
        return child


class Metrics:
    """Counts. Thread-safe. Also the hub's `Observer`.

    Labels are names from the config, routes and words of ours, never anything that a caller or a vendor wrote.
    Where the environment names a folder for it, the figures of all workers are added up.
    """

    def __init__(self) -> None:
        self._folder = os.environ.get(SHARED_FOLDER)
        self._registry = CollectorRegistry()
        # What clients remember comes as the same answer again and again.
        self._counters: WeakIdentityMap[LookupAnswer, tuple[tuple[Counter, int], ...]] = WeakIdentityMap()
        self._calls = self._counter(
            "couponhub_vendor_calls_total",
            "Calls to vendors; outcome is ok or the kind of the error.",
            *("connection", "operation", "outcome"),
        )
        self._call_seconds = self._histogram(
            "couponhub_vendor_call_seconds", "How long calls to vendors took.", "connection"
        )
        self._verdicts = self._counter(
            "couponhub_lookup_verdicts_total",
            "What connections answered to lookups.",
            *("connection", "verdict", "reason", "source"),
        )
        self._differences = self._counter(
            "couponhub_lookup_differences_total",
            "Codes that lookups compared, by how they stand at a connection and at the one asked first.",
            *("reference", "connection", "kind"),
        )
        self._errors = self._counter(
            "couponhub_lookup_errors_total",
            "Why connections could not answer lookups, by kind of error.",
            *("connection", "kind"),
        )
        self._requests = self._counter(
            "couponhub_http_requests_total", "Requests answered.", "method", "route", "status"
        )
        self._request_seconds = self._histogram(
            "couponhub_http_request_seconds", "How long requests took.", "route"
        )
        self._problems = self._counter(
            "couponhub_http_problems_total", "Requests refused or failed, by kind of error.", "kind"
        )
        self._under_way: list[None] = []  # grows and shrinks at once for all threads
        self._gauges = Gauges(self._registry, lambda: len(self._under_way))
        if self._folder is None:
            ProcessCollector(registry=self._registry)

    def began(self, connection: str, operation: str) -> Callable[[VendorCall], None]:  # noqa: ARG002 - it is told at the end too
        """See `Observer.began`."""
        return self._call_ended

    def _call_ended(self, call: VendorCall) -> None:
        self._calls[call.connection, call.operation, call.outcome].inc()
        self._call_seconds[call.connection,].observe(call.seconds)

    def concluded(self, answer: LookupAnswer) -> None:
        """Count what connections answered."""
        counters = self._counters.get(answer)
        if counters is None:
            counters = tuple(self._counters_of(answer))
            self._counters.put(answer, counters)
        for counter, amount in counters:
            counter.inc(amount)

    def _counters_of(self, answer: LookupAnswer) -> Iterator[tuple[Counter, int]]:
        for one in answer.answers:
            reason = "" if one.reason is None else one.reason.value
            yield self._verdicts[one.connection, one.verdict.value, reason, one.source.value], 1
            if one.error is not None:
                yield self._errors[one.connection, one.error.kind], 1
        for found in answer.differences or ():
            yield self._differences[found.reference, found.connection, found.kind.value], found.count

    def request_began(self) -> None:
        """Count a request as under way until it has ended."""
        self._under_way.append(None)

    def request_ended(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that had begun."""
        self._under_way.pop()
        self._requests[method, route, str(status)].inc()
        self._request_seconds[route,].observe(seconds)

    def refused(self, kind: str) -> None:
        """Count a request that came to a problem."""
        self._problems[kind,].inc()

    def render(self, hub: CouponHub) -> bytes:
        """All of it, as Prometheus reads it."""
        self.sample(hub)
        if self._folder is None:
            return generate_latest(self._registry)
        folder = Path(self._folder)
        workers = folder_workers(folder)
        living = {worker for worker in workers if is_alive(worker)}
        for dead in workers - living:
            # Their gauges stand for nothing any more.
            multiprocess.mark_process_dead(dead, path=self._folder)  # type: ignore[no-untyped-call] # theirs
        everybody = CollectorRegistry()
        multiprocess.MultiProcessCollector(everybody, path=self._folder)  # type: ignore[no-untyped-call] # theirs
        everybody.register(WorkerProcesses(living))
        return generate_latest(everybody)

    def watch(self, parts: Parts) -> None:
        """Sample from now on how these stand, too."""
        self._gauges.parts = parts

    def sample(self, hub: CouponHub) -> None:
        """Note how clients, limits and reports stand for this process."""
        self._gauges.sample(hub)

    def keep_sampling(self, hub: CouponHub, seconds: float = 2.0) -> None:
        """Sample from now on, beside everything else: another process may be asked for what stands here."""
        if self._folder is None:
            return

        def sample() -> None:
            while not threading.Event().wait(seconds):
                self.sample(hub)

        threading.Thread(target=sample, name="metrics", daemon=True).start()

    def _counter(self, name: str, about: str, *labels: str) -> _Labelled[Counter]:
        return _Labelled(Counter(name, about, labels, registry=self._registry))

    def _histogram(self, name: str, about: str, *labels: str) -> _Labelled[Histogram]:
        return _Labelled(Histogram(name, about, labels, registry=self._registry, buckets=_SECONDS))
