"""The way of codes to a vendor: prepare, record, stage or send, wait, reconcile.

Every step is written down before it is done, so that whatever happens, what the vendor holds can be found
out, and no code is lost or sent twice.
"""

from couponhub.uploads.arguments import Acceptable, UploadSource
from couponhub.uploads.doorbell import Doorbell
from couponhub.uploads.events import EventKind, Progress, UploadEvent
from couponhub.uploads.service import Uploads

__all__ = [
    "Acceptable",
    "Doorbell",
    "EventKind",
    "Progress",
    "UploadEvent",
    "UploadSource",
    "Uploads",
]
