"""A message as Standard Webhooks has it: what is told, and how it is signed."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from couponhub._version import installed_version
from couponhub.models import Job, Upload
from couponhub.serialization import instant_text, to_document
from couponhub.webhooks.settings import WebhookSettings

if TYPE_CHECKING:
    from couponhub.serialization import Document

_COUNTS = (
    "status",
    "rows",
    "accepted",
    "rejected",
    "duplicates",
    "skipped",
    "not_sent",
    "pending",
    "unknown",
)


def message_body(event: str, job: Job, upload: Upload | None) -> bytes:
    """Return the body of a message: its type, when the job ended, and the job as the API shows it.

    Steps are left out: they are as many as the parts, and their evidence is in the vendors' words. No name is told that
    people gave, for there is no telling what stands in it.

    Args:
        event: Its type.
        job: As it stands.
        upload: Of an upload's job how that stands, whose counts are told; None where nothing is known of it.
    """
    shown: Document = to_document(job)
    del shown["steps"]
    if upload is not None:
        known = to_document(upload)
        shown["upload"] = {word: known[word] for word in _COUNTS}
    at = job.updated_at
    document = {"type": event, "timestamp": None if at is None else instant_text(at), "data": shown}
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")


def signed_headers(
    settings: WebhookSettings, message_id: str, at: datetime, body: bytes
) -> Mapping[str, str]:
    """Return the headers of one attempt.

    Args:
        settings: Whose keys sign it.
        message_id: The same for each attempt, so that the receiver can drop doubles.
        at: Now, in UTC: receivers refuse what is old.
        body: Of the message.
    """
    from standardwebhooks import Webhook  # noqa: PLC0415 - needed where something is delivered alone

    keys = [one for one in (settings.secret, settings.previous_secret) if one is not None]
    signatures = (Webhook(key.reveal()).sign(message_id, at, body.decode("ascii")) for key in keys)
    return {
        "content-type": "application/json",
        "user-agent": f"couponhub/{installed_version()}",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
