"""Delivers one message, and tries again where it does not arrive."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from random import SystemRandom

import attrs

from couponhub.clock import Clock
from couponhub.errors import CouponhubError
from couponhub.jobs import ABOUT, LANE, Handler
from couponhub.models import Job, JobId, JobStatus, Upload
from couponhub.state import JobRecord, StepRecord
from couponhub.webhooks.following import DELIVER, EVENT
from couponhub.webhooks.message import message_body, signed_headers
from couponhub.webhooks.posting import Posted, post
from couponhub.webhooks.settings import WebhookSettings

_log = logging.getLogger(__name__)

_SECOND, _MINUTE, _HOUR = 1.0, 60.0, 3600.0
PAUSES = (
    5 * _SECOND,
    5 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
    20 * _HOUR,
    24 * _HOUR,
)
"""Seconds before each further attempt, as Standard Webhooks proposes them: three days in all, and then it is given up."""
_LONGEST_PAUSE = 24 * _HOUR
_MOST_JITTER = 0.2
_TRIES = "tries"

Post = Callable[[WebhookSettings, Mapping[str, str], bytes], Posted]
Jitter = Callable[[], float]


@attrs.frozen(kw_only=True)
class WebhookWork:
    """The work of one delivery, as long as it is driven. See `couponhub.jobs.Work`.

    Attributes:
        receivers: By their names.
        job: Returns the job that is told of, as users see it; None when there is none any more.
        upload: Returns how the upload of a job stands, as it was last known; None where nothing is known.
        post: Sends it.
        clock: For times that are written down and told.
        jitter: Gives a number in [0, 1).
    """

    receivers: Mapping[str, WebhookSettings]
    job: Callable[[JobId], Job | None]
    upload: Callable[[Job], Upload | None]
    clock: Clock
    post: Post = post
    jitter: Jitter = SystemRandom().random

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """See `Work.handlers`."""
        return {DELIVER: self._deliver}

    def cancelled(self, job: JobRecord, why: str, *, status: JobStatus) -> Sequence[StepRecord]:
        """See `Work.cancelled`."""
        left = (step for step in job.steps if not step.status.ended)
        return [attrs.evolve(step, status=status, evidence=why, not_before=None) for step in left]

    def heed(self, stops: Callable[[], bool]) -> None:
        """See `Work.heed`: an attempt is short."""

    def wind_down(self, trouble: CouponhubError | None) -> None:
        """See `Work.wind_down`: nothing is begun that a step does not end."""

    def learned(self, job: JobRecord) -> Sequence[StepRecord]:  # noqa: ARG002 - see `Work`
        """See `Work.learned`: all of it is in the step."""
        return ()

    def _deliver(self, delivery: JobRecord, step: StepRecord) -> Sequence[StepRecord]:
        name = delivery.arguments[LANE]
        settings = self.receivers.get(name)
        if settings is None:
            return [_ended(step, JobStatus.CANCELLED, f"no receiver {name} is configured any more")]
        about = self.job(JobId(delivery.arguments[ABOUT]))
        if about is None:
            return [_ended(step, JobStatus.CANCELLED, "the job is not known any more")]
        body = message_body(delivery.arguments[EVENT], about, self.upload(about))
        headers = signed_headers(settings, delivery.id, self.clock.now(), body)
        return [self._after(delivery, step, self.post(settings, headers, body))]

    def _after(self, delivery: JobRecord, step: StepRecord, posted: Posted) -> StepRecord:
        tried = _tries(step) + 1
        attempt = f"attempt {tried} of {len(PAUSES) + 1}"
        if posted.is_taken:
            return _ended(step, JobStatus.DONE, f"{posted.told}, at {attempt}")
        if posted.status == HTTPStatus.GONE:
            return self._given_up(delivery, step, f"{posted.told}: the receiver wants no more, at {attempt}")
        if tried > len(PAUSES):
            return self._given_up(delivery, step, f"{posted.told}, at {attempt}: given up")
        pause = PAUSES[tried - 1] * (1 + _MOST_JITTER * self.jitter())
        if posted.retry_after is not None:
            pause = max(pause, min(posted.retry_after, _LONGEST_PAUSE))
        # A step that is postponed counts how often it was tried.
        return step.postponed(self.clock.now() + timedelta(seconds=pause), f"{posted.told}, at {attempt}")

    def _given_up(self, delivery: JobRecord, step: StepRecord, why: str) -> StepRecord:
        _log.warning("webhook %s to %s is given up: %s", delivery.id, delivery.arguments[LANE], why)
        return _ended(step, JobStatus.FAILED, why)


@contextmanager
def webhook_work(work: WebhookWork) -> Iterator[WebhookWork]:
    """Make what delivers a message; see `couponhub.jobs.OpenWork`."""
    yield work


def _ended(step: StepRecord, status: JobStatus, evidence: str) -> StepRecord:
    return attrs.evolve(step, status=status, evidence=evidence, not_before=None)


def _tries(step: StepRecord) -> int:
    found = step.result.get(_TRIES)
    return found if isinstance(found, int) else 0
