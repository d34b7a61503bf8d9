"""The wish of a caller that codes be sent, and what was prepared of it."""

from collections.abc import Sequence
from pathlib import Path

import attrs

from couponhub.codes import CodeSource, PreparedFile
from couponhub.models import FileUrl, JobId, ListId, Tagging, UploadId
from couponhub.uploads.events import Progress


@attrs.frozen(kw_only=True)
class UploadRequest:
    """The wish of a caller that codes be sent; see `Uploads.send`.

    Attributes:
        parent: The job that this upload is a part of, and that drives it; None for one that is a job by itself.
        is_left: True for one that is only written down here, and left to whoever drives jobs.
        is_paused: True for one that nobody may drive before somebody lets it go on.
        answers: Tells the request that it answers from others, so that the same one repeated is not sent twice; None for
            one that nobody repeats.
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
    is_left: bool = False
    is_paused: bool = False
    answers: str | None = None


@attrs.frozen(kw_only=True)
class PreparedSource:
    """The files that the process has in hand which prepared an upload, in a workspace.

    Attributes:
        files: Of the parts; none for a file that lies elsewhere.
        rows: What became of each row of the source; None for a file that lies elsewhere.
        url: Of the file that lies elsewhere; None for all others.
    """

    files: Sequence[PreparedFile] = ()
    rows: Path | None = None
    url: FileUrl | None = None
