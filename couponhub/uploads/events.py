"""Events that a caller is told while an upload is under way."""

from enum import StrEnum
from typing import Protocol

import attrs

from couponhub.models import Upload

SECOND_LOOK = "a second look at the vendor"
"""The wait after a lost answer: until then nobody knows whether a part arrived."""


class EventKind(StrEnum):
    """The event that just happened."""

    PREPARING = "preparing"
    """The list is checked and the codes are read; nothing is written down of the upload yet."""
    RECORDED = "recorded"
    """The upload stands in the ledger; nothing was sent yet."""
    SUBMITTING = "submitting"
    """A part is about to be sent: from now on the vendor may have it."""
    SUBMITTED = "submitted"
    """The vendor has one more part."""
    PAUSED = "paused"
    """Something is waited for, which `waiting_for` of the upload names: a rate limit, another upload to the list."""
    SETTLING = "settling"
    """An upload that an earlier call left at the vendor is waited for, and is the one that is told of."""
    POLLED = "polled"
    """The vendor was asked how the upload stands."""


@attrs.frozen
class UploadEvent:
    """Something that happened, and the upload as it stands now.

    Attributes:
        seconds: How long the pause is; None where nobody can tell, and for all other kinds.
    """

    kind: EventKind
    upload: Upload
    seconds: float | None = None


class Progress(Protocol):
    """Is called with each event, in the thread that called `send` or `wait`."""

    def __call__(self, event: UploadEvent) -> None:
        """Take note of an event."""
        ...


def no_progress(event: UploadEvent) -> None:
    """Take no note."""


@attrs.define
class ProgressReporter:
    """Passes events on, and knows the upload when something else has to be told of it.

    Attributes:
        progress: Whom to tell.
        upload: As last told.
    """

    progress: Progress
    upload: Upload

    def __call__(self, event: UploadEvent) -> None:
        """Pass an event on."""
        if event.kind is not EventKind.SETTLING:
            self.upload = event.upload
        self.progress(event)

    def pause(self, waiting_for: str, seconds: float | None) -> None:
        """Tell that the upload goes on only after something; in so many seconds, if that is known."""
        upload = attrs.evolve(self.upload, waiting_for=waiting_for)
        self.progress(UploadEvent(EventKind.PAUSED, upload, seconds))
