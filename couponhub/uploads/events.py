"""What a caller is told while an upload is under way."""

from enum import StrEnum
from typing import Protocol

import attrs

from couponhub.models import Upload


class EventKind(StrEnum):
    """What just happened."""

    RECORDED = "recorded"
    """The upload has its id and stands in the ledger; nothing was sent yet."""
    SUBMITTED = "submitted"
    """The vendor has one more part."""
    PAUSED = "paused"
    """The vendor asked for a pause, which is kept."""
    SETTLING = "settling"
    """What an earlier call left at the vendor is waited for, and is the upload that is told of."""
    POLLED = "polled"
    """The vendor was asked how the upload stands."""


@attrs.frozen
class UploadEvent:
    """Something that happened, and the upload as it stands now."""

    kind: EventKind
    upload: Upload


class Progress(Protocol):
    """Is called with each event, in the thread that called `send` or `wait`."""

    def __call__(self, event: UploadEvent) -> None:
        """Take note of an event."""
        ...


def no_progress(event: UploadEvent) -> None:
    """Take no note."""
