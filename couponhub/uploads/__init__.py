"""The way of codes to a vendor: prepare, record, stage or send, wait, reconcile.

Every step is written down before it is done, so that whatever happens, what the vendor holds can be found
out, and no code is lost or sent twice.
"""

from couponhub.uploads.arguments import Acceptable, UploadSource
from couponhub.uploads.callback_urls import CallbackUrls
from couponhub.uploads.deferred import begin_upload, work_of
from couponhub.uploads.events import SECOND_LOOK, EventKind, Progress, UploadEvent
from couponhub.uploads.names import new_upload_id, upload_id_of
from couponhub.uploads.opening import open_uploads
from couponhub.uploads.service import Uploads
from couponhub.uploads.steps import ANSWERS
from couponhub.uploads.steps import KIND as UPLOAD

__all__ = [
    "ANSWERS",
    "SECOND_LOOK",
    "UPLOAD",
    "Acceptable",
    "CallbackUrls",
    "EventKind",
    "Progress",
    "UploadEvent",
    "UploadSource",
    "Uploads",
    "begin_upload",
    "new_upload_id",
    "open_uploads",
    "upload_id_of",
    "work_of",
]
