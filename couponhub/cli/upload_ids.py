"""The upload that a command names: our id is enough, a vendor's needs to be told where."""

from collections.abc import Iterator, Sequence

import attrs

from couponhub.errors import NotFound, UsageError
from couponhub.hub import CouponHub
from couponhub.models import Upload

_LONE, _WHOLE = 1, 3


@attrs.frozen
class NamedUpload:
    """An upload of ours, or a vendor's file, and where it is."""

    connection: str
    list_id: str
    upload_id: str


def named_upload(hub: CouponHub, words: Sequence[str]) -> NamedUpload:
    """Tell which upload is meant by an id of ours, or by connection, list and any id.

    Raises:
        UsageError: The words are neither.
        NotFound: It is an id of ours that nothing kept here knows.
    """
    if len(words) == _WHOLE:
        return NamedUpload(*words)
    if len(words) != _LONE or not words[0].startswith("up_"):
        raise UsageError(
            "an upload is named by its id (up_...), or by CONN LIST_ID UPLOAD_ID where the id is the vendor's",
            hint="see `couponhub uploads ls`",
        )
    upload_id = words[0]
    for name in hub:
        if (upload := hub[name].uploads.find(upload_id)) is not None:
            return NamedUpload(name, upload.list_id, upload_id)
    raise NotFound(
        f"no upload {upload_id} is known here",
        hint="`couponhub uploads ls` shows those that are; a store elsewhere may know it",
    )


def recorded_uploads(hub: CouponHub, connection: str | None) -> Iterator[Upload]:
    """Give the uploads of a connection, or of all, newest first; no vendor is asked."""
    names = list(hub) if connection is None else [connection]
    uploads = [upload for name in names for upload in hub[name].uploads.recorded()]
    uploads.sort(key=lambda upload: str(upload.created_at), reverse=True)
    return iter(uploads)
