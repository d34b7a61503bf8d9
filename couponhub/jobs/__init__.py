"""Work that outlives its process: jobs of steps, and the one loop that drives them, whoever calls it."""

from couponhub.jobs.estimate import PACED, PER_DAY, PER_MINUTE, earliest_end
from couponhub.jobs.runner import LEASE_SECONDS, Handler, Runner, Work, never
from couponhub.jobs.service import HubJobs, OpenWork
from couponhub.jobs.worker import Driven, JobWorker

__all__ = [
    "LEASE_SECONDS",
    "PACED",
    "PER_DAY",
    "PER_MINUTE",
    "Driven",
    "Handler",
    "HubJobs",
    "JobWorker",
    "OpenWork",
    "Runner",
    "Work",
    "earliest_end",
    "never",
]
