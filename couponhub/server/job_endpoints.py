"""The endpoints for jobs: how each stands, and what somebody wants of it."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import ClassVar

import attrs

from couponhub.errors import UsageError
from couponhub.hub import CouponHub
from couponhub.jobs import MOST_A_MINUTE
from couponhub.models import Job, JobStatus
from couponhub.serialization import many, to_document
from couponhub.server.list_endpoints import ALL, checked_id, checked_word
from couponhub.server.operations import Operation, OperationRequest, OperationResponse, Parameter
from couponhub.server.request_models import ID_SCHEMA
from couponhub.server.response_json import json_bytes
from couponhub.settings import setting
from couponhub.state import Scope

_JOB = Parameter(name="job_id", about="The job's id; that of an upload has the upload's id.")
_STATUS = Parameter(
    name="status", about="Only jobs that stand so.", words=(ALL, *(status.value for status in JobStatus))
)


_AFTER = Parameter(
    name="after",
    about="Only jobs that were begun after this one: its id.",
    schema={"type": "string", **ID_SCHEMA},
)
_MOST_JOBS = 1000
_LIMIT = Parameter(
    name="limit",
    about=f"How many at most, up to {_MOST_JOBS}; all by default.",
    schema={"type": "integer", "minimum": 1, "maximum": _MOST_JOBS},
)
_A_NUMBER = re.compile("[0-9]{1,4}")


def _checked_limit(call: OperationRequest) -> int | None:
    text = call.query.get(_LIMIT.name)
    if text is None:
        return None
    if not _A_NUMBER.fullmatch(text) or not 0 < int(text) <= _MOST_JOBS:
        raise UsageError(f"limit: expected a whole number from 1 to {_MOST_JOBS}")
    return int(text)


def _check_rate(instance: object, attribute: object, value: int | None) -> None:  # noqa: ARG001 - attrs' signature
    if value is not None and not 0 < value <= MOST_A_MINUTE:
        raise ValueError(f"expected a whole number from 1 to {MOST_A_MINUTE}")


@attrs.frozen(kw_only=True)
class ThrottleWish:
    """The wish that no more of a job goes in a minute."""

    about: ClassVar[str] = "How many files may go in a minute?"

    per_minute: int | None = setting(
        about="Files of this job that may go in any 60 seconds; null for as many as the limits allow.",
        schema={"minimum": 1, "maximum": MOST_A_MINUTE},
        validator=_check_rate,
    )


@attrs.frozen(kw_only=True)
class JobEndpoints:
    """Reads and steers jobs.

    Attributes:
        hub: Whose.
        wake: Called once there is something to drive.
    """

    hub: CouponHub
    wake: Callable[[], None]

    def operations(self) -> Iterator[Operation]:
        """The endpoints."""
        yield Operation(
            name="jobs",
            about="The work that goes on beyond the call that began it, oldest first.\n\n"
            "All of it, or with `limit` a page: `next` is then `after` of the following one, and null behind the last.",
            method="GET",
            path="/v1/jobs",
            run=self._all,
            scope=Scope.LISTS_READ,
            parameters=(_STATUS, _AFTER, _LIMIT),
            gives="jobs",
            fails=(400, 404),
        )
        yield Operation(
            name="job",
            about="How a job stands.",
            method="GET",
            path="/v1/jobs/{job_id}",
            run=self._one,
            scope=Scope.LISTS_READ,
            parameters=(_JOB,),
            gives="job",
            fails=(404,),
        )
        wished = partial(
            Operation,
            method="POST",
            scope=Scope.JOBS_WRITE,
            parameters=(_JOB,),
            gives="job",
            fails=(404,),
        )
        yield wished(
            name="pause_job",
            about="Let nobody go on with a job after the step that runs now, until it is resumed.",
            path="/v1/jobs/{job_id}/pause",
            run=lambda call: _told(self.hub.jobs.pause(checked_id(call, "job_id"))),
        )
        yield wished(
            name="resume_job",
            about="Let a paused job go on; this server drives it unless somebody else does.",
            path="/v1/jobs/{job_id}/resume",
            run=self._resume,
        )
        yield wished(
            name="cancel_job",
            about="Let a job do nothing new, for good.\n\n"
            "What a vendor has by then it keeps, and its end is still waited for.",
            path="/v1/jobs/{job_id}/cancel",
            run=self._cancel,
        )

        yield wished(
            name="throttle_job",
            about="Send at most so many files of an upload in a minute, or no longer: it holds from the next file on.\n\n"
            "It stands as `files_a_minute` in the job's `arguments`. A job that sends no files is refused.",
            path="/v1/jobs/{job_id}/throttle",
            run=self._throttle,
            takes=ThrottleWish,
            example={"per_minute": 2},
            fails=(400, 404),
        )

    def _all(self, call: OperationRequest) -> OperationResponse:
        word, limit = checked_word(call, _STATUS), _checked_limit(call)
        jobs = self.hub.jobs.iterate(status=None if word == ALL else word, after=call.query.get("after"))
        shown = [*islice(jobs, limit)]
        has_more = limit is not None and next(jobs, None) is not None
        document = {**many(map(to_document, shown)), "next": shown[-1].id if has_more else None}
        return OperationResponse(content=json_bytes(document))

    def _one(self, call: OperationRequest) -> OperationResponse:
        return _told(self.hub.jobs.get(checked_id(call, "job_id")))

    def _throttle(self, call: OperationRequest) -> OperationResponse:
        job = self.hub.jobs.throttle(checked_id(call, "job_id"), call.body.per_minute)
        self.wake()  # more may go than before
        return _told(job)

    def _resume(self, call: OperationRequest) -> OperationResponse:
        job = self.hub.jobs.proceed(checked_id(call, "job_id"))
        self.wake()
        return _told(job)

    def _cancel(self, call: OperationRequest) -> OperationResponse:
        job = self.hub.jobs.cancel(checked_id(call, "job_id"))
        self.wake()  # somebody has to see to its end
        return _told(job)


def _told(job: Job) -> OperationResponse:
    return OperationResponse(content=json_bytes(to_document(job)))
