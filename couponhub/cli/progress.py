"""Progress of an upload, on stderr of a terminal only."""

import sys
from types import TracebackType
from typing import Any, Self

from couponhub.cli.failures import say
from couponhub.uploads import EventKind, UploadEvent


class UploadProgress:
    """Shows what an upload is at, and knows its id as soon as there is one: from then on something may be sent."""

    def __init__(self, upload_id: str | None = None) -> None:
        self.upload_id = upload_id
        self._status: Any = None
        self._settling: set[str] = set()

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
        if event.kind is EventKind.SETTLING:
            self._say_settling(event.upload.id)
            return
        self.upload_id = event.upload.id
        if self._status is not None:
            upload = event.upload
            taken = "" if upload.accepted is None else f", {upload.accepted:,} accepted"
            self._status.update(f"{upload.id}: {upload.status.value}{taken}")

    def _say_settling(self, upload_id: str) -> None:
        if upload_id not in self._settling:
            self._settling.add(upload_id)
            say(f"upload {upload_id}, which an earlier call left at the vendor, is waited for first")
