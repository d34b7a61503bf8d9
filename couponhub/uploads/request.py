"""The wish of a caller that codes be sent."""

import attrs

from couponhub.codes import CodeSource
from couponhub.models import FileUrl, ListId, Tagging, UploadId
from couponhub.uploads.events import Progress


@attrs.frozen(kw_only=True)
class UploadRequest:
    """The wish of a caller that codes be sent; see `Uploads.send`."""

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
