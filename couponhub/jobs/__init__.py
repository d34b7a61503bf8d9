"""Work that outlives its process: jobs of steps, and the one loop that drives them, whoever calls it."""

from couponhub.jobs.estimate import DAY, MINUTE, PER_DAY, PER_MINUTE, after_windows, earliest_end
from couponhub.jobs.lanes import LANE, lane_of
from couponhub.jobs.offers import PARENT, Offers, tell_nobody
from couponhub.jobs.queued import Driven
from couponhub.jobs.runner import LEASE_SECONDS, Handler, Runner, Stops, Work, ends_job, never, told_throttle
from couponhub.jobs.service import ABOUT, MOST_A_MINUTE, HubJobs, OpenWork, job_of
from couponhub.jobs.sharing import (
    HELP,
    HELPS,
    SlicedWork,
    Turns,
    WaitForTurn,
    end_helpers,
    help_work,
    helpers_for,
)
from couponhub.jobs.worker import JobWorker

__all__ = [
    "ABOUT",
    "DAY",
    "HELP",
    "HELPS",
    "LANE",
    "LEASE_SECONDS",
    "MINUTE",
    "MOST_A_MINUTE",
    "PARENT",
    "PER_DAY",
    "PER_MINUTE",
    "Driven",
    "Handler",
    "HubJobs",
    "JobWorker",
    "Offers",
    "OpenWork",
    "Runner",
    "SlicedWork",
    "Stops",
    "Turns",
    "WaitForTurn",
    "Work",
    "after_windows",
    "earliest_end",
    "end_helpers",
    "ends_job",
    "help_work",
    "helpers_for",
    "job_of",
    "lane_of",
    "never",
    "tell_nobody",
    "told_throttle",
]
