"""Uploads over v1: one multipart call sends a file, one call tells of all jobs of a series.

Capillary "Upload Coupons (Batch)", "Get Uploaded Coupons' Status", read 2026.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from couponhub.models import CodeFile, Identifier, Tagging
from couponhub.transport import FilePart, Multipart, Reply, Request
from couponhub_capillary.settings.limits import CALLS
from couponhub_capillary.wire.envelopes import opened_upload, refusals_of_a_write
from couponhub_capillary.wire.error_codes import error_for_another, error_without_code
from couponhub_capillary.wire.values import whole, word

# The current page misprints EXTENAL_ID and leaves USER_ID out; older pages have both right (C-30).
IDENTIFIER_WORDS: Mapping[Identifier, str] = {
    Identifier.MOBILE: "MOBILE",
    Identifier.EMAIL: "EMAIL",
    Identifier.EXTERNAL_ID: "EXTERNAL_ID",
    Identifier.ID: "USER_ID",
}

_UPLOAD_PATH = "/coupon/api/v1/upload"


def upload_request(series_id: str, file: CodeFile, tagging: Tagging | None, *, base_url: str) -> Request:
    """Send a file. Its name must be unique: it is the only handle should the answer be lost."""
    if tagging is None:
        fields = {"customerIdentifier": "NOT_TAGGED"}
    else:
        fields = {
            "customerIdentifier": IDENTIFIER_WORDS[tagging.identifier],
            "customerIdentifierColumn": "0",
        }
    part = FilePart(name="file", filename=file.name, content_type="text/csv", size=file.size, open=file.open)
    return Request(
        operation="upload codes",
        budget=CALLS,
        method="POST",
        path=f"{_UPLOAD_PATH}/file/{series_id}",
        multipart=Multipart(fields=fields, file=part),
        base_url=base_url,
        changes=True,
    )


def upload_jobs_request(series_id: str, *, base_url: str) -> Request:
    """Ask how the uploads of a series stand; the id is in the path, whatever the page lists (C-29)."""
    return Request(
        operation="read uploads",
        budget=CALLS,
        method="GET",
        path=f"{_UPLOAD_PATH}/getUploadStatus/{series_id}",
        base_url=base_url,
    )


@attrs.frozen(kw_only=True)
class Home:
    """The place where an upload belongs.

    Attributes:
        series_id: The series that was asked for; None for any.
        organisation_id: The organisation that the series is known to be of; None while nobody said.
    """

    series_id: str | None = None
    organisation_id: str | None = None

    def check(self, result: Mapping[str, Any], reply: Reply) -> None:
        """Believe no answer about another series or organisation; one that does not say whose it is passes.

        Raises:
            UnreadableReply: It is such an answer: of what was asked for it says nothing.
        """
        for name, known in (("couponSeriesId", self.series_id), ("orgId", self.organisation_id)):
            told = whole(result.get(name))
            if told is not None and known is not None and str(told) != known:
                what = "series" if name == "couponSeriesId" else "organisation"
                raise error_for_another(f"another {what}", reply)


_ANYWHERE = Home()


def read_accepted_upload(reply: Reply, home: Home = _ANYWHERE) -> Mapping[str, Any]:
    """The job that an upload became: the one whose stored name is `fileName`, never simply the first (C-66)."""
    with refusals_of_a_write(reply, _shows_jobs):
        result = opened_upload(reply)
    home.check(result, reply)
    stored_as = word(result.get("fileName"))
    jobs = [
        job
        for job in _jobs(result, reply)
        if isinstance(job, dict)
        and job_id_of(job) is not None
        and stored_as is not None
        and word(job.get("uploadedFileUrl")) == stored_as
    ]
    if len(jobs) != 1:
        raise error_without_code(reply, "the answer does not tell which job the upload became")
    return jobs[0]


def read_upload_jobs(reply: Reply, home: Home = _ANYWHERE) -> Sequence[object]:
    """All jobs of a series, in no order (C-44)."""
    result = opened_upload(reply)
    home.check(result, reply)
    return _jobs(result, reply)


def job_id_of(row: object) -> str | None:
    """The id of a job; None when the row has none that can be read."""
    number = whole(row.get("jobId")) if isinstance(row, dict) else None
    return None if number is None else str(number)


def _shows_jobs(body: Mapping[str, Any]) -> bool:
    result = body.get("result")
    return isinstance(result, dict) and bool(result.get("uploadJobStatuses"))


def _jobs(result: Mapping[str, Any], reply: Reply) -> Sequence[object]:
    jobs = result.get("uploadJobStatuses")
    if not isinstance(jobs, list):
        raise error_without_code(reply, "the answer has no list of jobs")
    return jobs
