"""The endpoints for jobs: how each stands, and what somebody wants of it."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar

import attrs

from couponhub.hub import CouponHub
from couponhub.jobs import MOST_A_MINUTE
from couponhub.models import Job, JobStatus
from couponhub.serialization import many, to_document
from couponhub.server.list_endpoints import ALL, checked_id, checked_word
from couponhub.server.operations import Operation, OperationRequest, OperationResponse, Parameter
from couponhub.server.response_json import json_bytes
from couponhub.settings import setting
from couponhub.state import Scope

_JOB = Parameter(name="job_id", about="The job's id; that of an upload has the upload's id.")
_STATUS = Parameter(
    name="status", about="Only jobs that stand so.", words=(ALL, *(status.value for status in JobStatus))
)


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
            about="The work that goes on beyond the call that began it, oldest first.",
            method="GET",
            path="/v1/jobs",
            run=self._all,
            scope=Scope.LISTS_READ,
            parameters=(_STATUS,),
            gives="jobs",
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
        word = checked_word(call, _STATUS)
        jobs = self.hub.jobs.iterate(status=None if word == ALL else word)
        return OperationResponse(content=json_bytes(many(map(to_document, jobs))))

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
