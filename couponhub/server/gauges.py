"""Figures that stand somewhere already, and are looked up when somebody asks: clients, limits, imported reports, processes."""

import math
import platform
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from couponhub._version import installed_version
from couponhub.clock import utc_now
from couponhub.connection import Connection
from couponhub.errors import CouponhubError
from couponhub.hub import CouponHub
from couponhub.server.parts import Parts
from couponhub.state import ReachedPart

_USAGE_SECONDS = 30.0
"""Reports change a few times a day, and to count what they lack takes a while where there are many lists."""


class Gauges:
    """The figures of one process that are sampled. Thread-safe.

    Args:
        registry: Where they are kept.
        under_way: Tells how many requests are.

    Attributes:
        parts: What the server rests on; None where that is not looked at.
    """

    def __init__(self, registry: CollectorRegistry, under_way: Callable[[], int]) -> None:
        self._registry = registry
        self._under_way = under_way
        self.parts: Parts | None = None
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], int] = {}
        self._next_usage = float("-inf")
        self._cache = Counter(
            "couponhub_lookup_cache_total",
            "Lookups by whether an answer was remembered.",
            ("connection", "result"),
            registry=registry,
        )
        self._breakers = self._gauge(
            "couponhub_breaker_open",
            "1 while a vendor is not asked because it failed.",
            "livemax",
            "connection",
        )
        self._lookups = self._gauge(
            "couponhub_lookup_in_flight", "Questions that a vendor is being asked.", "livesum", "connection"
        )
        self._requests = self._gauge("couponhub_http_requests_in_flight", "Requests under way.", "livesum")
        self._left = self._gauge(
            "couponhub_quota_left", "Calls left of a limit.", "livemostrecent", "connection", "limit"
        )
        self._limits = self._gauge(
            "couponhub_quota_limit",
            "Calls that a limit allows in its window.",
            "livemostrecent",
            *("connection", "limit"),
        )
        self._usage_age = self._gauge(
            "couponhub_usage_age_seconds",
            "Time since the last day up to which imported reports cover every list; +Inf when there is none.",
            "livemostrecent",
            "connection",
        )
        self._usage_missing = self._gauge(
            "couponhub_usage_missing_days",
            "Days up to yesterday, of all lists together, that no imported report covers.",
            "livemostrecent",
            "connection",
        )
        self._part_up = self._gauge(
            "couponhub_part_up",
            "1 while a part that the server rests on can be reached.",
            "livemostrecent",
            "part",
        )
        self._part_seconds = self._gauge(
            "couponhub_part_look_seconds", "How long the last look at a part took.", "livemostrecent", "part"
        )
        build = self._gauge(
            "couponhub_build_info", "Which couponhub this is, always 1.", "livemax", "version", "python"
        )
        build.labels(installed_version(), platform.python_version()).set(1)

    def sample(self, hub: CouponHub) -> None:
        """Note how all stands now."""
        with self._lock:
            self._requests.set(self._under_way())
            is_state_up = self._sample_parts()
            for name, client in hub.resilience.items():
                status = client.status()
                self._breakers.labels(name).set(status.breaker != "closed")
                self._lookups.labels(name).set(status.in_flight)
                for result, count in (("hit", status.cache_hits), ("miss", status.cache_misses)):
                    self._cache.labels(name, result).inc(count - self._seen.get((name, result), 0))
                    self._seen[name, result] = count
            is_due = time.monotonic() >= self._next_usage
            if is_due:
                self._next_usage = time.monotonic() + _USAGE_SECONDS
            for name in hub:
                with suppress(CouponhubError):  # /readyz tells
                    connection = hub[name]
                    if (
                        is_state_up
                    ):  # else each would wait for it in turn, and whoever asks for figures give up
                        self._sample_limits(connection)
                    if is_due and is_state_up and "usage.request" in connection.capabilities:
                        self._sample_usage(connection)

    def _sample_parts(self) -> bool:
        """Note how the parts stand; False when the state, of which the others are read, is away."""
        standings = () if self.parts is None else self.parts.standings()
        for one in standings:
            self._part_up.labels(one.part.value).set(one.is_up)
            if one.seconds is not None:
                self._part_seconds.labels(one.part.value).set(one.seconds)
        return all(one.is_up for one in standings if one.part is ReachedPart.STATE)

    def _sample_limits(self, connection: Connection) -> None:
        left: Mapping[str, int] = {}
        with suppress(CouponhubError):
            left = connection.quota_left()
        for limit, count in left.items():
            self._left.labels(connection.name, limit).set(count)
            self._limits.labels(connection.name, limit).set(connection.capabilities.limits[limit])

    def _sample_usage(self, connection: Connection) -> None:
        try:
            status = connection.usage.status(ask_vendor=False)
        except CouponhubError:
            self._usage_age.labels(connection.name).set(math.inf)  # what cannot be read proves nothing
            return
        if not any(one.reports for one in status.lists):
            return  # nobody uses them
        age = math.inf if status.as_of is None else (utc_now() - status.as_of).total_seconds()
        self._usage_age.labels(connection.name).set(age)
        self._usage_missing.labels(connection.name).set(
            sum((span.last - span.first).days + 1 for one in status.lists for span in one.missing)
        )

    def _gauge(self, name: str, about: str, mode: str, *labels: str) -> Gauge:
        return Gauge(name, about, labels, registry=self._registry, multiprocess_mode=mode)  # type: ignore[arg-type] # theirs


class WorkerProcesses(Collector):
    """Figures that Linux tells of each worker's process, told apart by the label `pid`.

    Args:
        workers: Their process ids.
    """

    def __init__(self, workers: Iterable[int]) -> None:
        self._workers = tuple(workers)

    def collect(self) -> Iterable[Metric]:
        """Give the figures of those that still live."""
        families: dict[str, Metric] = {}
        for worker in self._workers:
            for found in ProcessCollector(pid=lambda worker=worker: worker, registry=None).collect():  # type: ignore[misc] # it is called at once
                family = families.setdefault(found.name, Metric(found.name, found.documentation, found.type))
                for sample in found.samples:
                    family.add_sample(sample.name, {**sample.labels, "pid": str(worker)}, sample.value)
        return families.values()


def folder_workers(folder: Path) -> set[int]:
    """Return the process ids of all that have shared figures in a folder, also of those that are gone."""
    return {int(path.stem.rpartition("_")[2]) for path in folder.glob("*_*.db")}
