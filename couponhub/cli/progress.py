"""Progress of an upload, on stderr of a terminal only."""

import sys
from types import TracebackType
from typing import Any, Self

from couponhub.uploads import EventKind, UploadEvent


class UploadProgress:
    """Shows what an upload is at, and knows its id as soon as there is one: from then on something may be sent."""

    def __init__(self, upload_id: str | None = None) -> None:
        self.upload_id = upload_id
        self._status: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415 - only terminals see it

            self._status = Console(stderr=True).status("preparing the codes")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def __call__(self, event: UploadEvent) -> None:
        """Take note of an event."""
        upload, status = event.upload, self._status
        if event.kind is EventKind.SETTLING:
            if status is not None:
                status.update(f"waiting for {upload.id}, which an earlier call left at the vendor")
            return
        self.upload_id = upload.id
        if status is not None:
            taken = "" if upload.accepted is None else f", {upload.accepted:,} accepted"
            status.update(f"{upload.id}: {upload.status.value}{taken}")
