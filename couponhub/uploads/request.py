"""The wish of a caller that codes be sent."""

import attrs

from couponhub.codes import CodeSource
from couponhub.models import FileUrl, JobId, ListId, Tagging, UploadId
from couponhub.uploads.events import Progress


@attrs.frozen(kw_only=True)
class UploadRequest:
    """The wish of a caller that codes be sent; see `Uploads.send`.

    Attributes:
        parent: The job that this upload is a part of: it is only written down here, and that job drives it. None for an
            upload that its caller drives.
    """

    id: UploadId
    list_id: ListId
    source: CodeSource | FileUrl
    name: str
    column: str | int | None
    tagging: Tagging | None
    accepts_ruined: bool
    callback: str | None
    again: bool
    progress: Progress
    parent: JobId | None = None
