"""What a caller wants to be sent."""

import attrs

from couponhub.codes import CodeSource
from couponhub.models import FileUrl, ListId, Tagging
from couponhub.uploads.events import Progress


@attrs.frozen(kw_only=True)
class UploadRequest:
    """What a caller wants to be sent; see `Uploads.send`."""

    list_id: ListId
    source: CodeSource | FileUrl
    name: str | None
    column: str | int | None
    tagging: Tagging | None
    accepts_ruined: bool
    callback: str | None
    again: bool
    progress: Progress
