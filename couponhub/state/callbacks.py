"""Addresses by which a vendor may say that an upload has moved: each ends with its upload, and proves nothing."""

from typing import Protocol

from couponhub.models import UploadId


class Callbacks(Protocol):
    """The addresses that vendors were given to call, and how often they did. Thread-safe, and safe with other processes.

    Whoever waits need not be the process that is called. An address ends 30 days after it was made, if nobody ended
    it before. Changes are for good when a method returns. Every method raises LocalError when the state fails.
    """

    def begin(self, upload_id: UploadId) -> str:
        """Make a token for an upload's callback address. A right in itself: only its hash is kept."""
        ...

    def ring(self, token: str) -> bool:
        """Count a call of an address; return False when it is none, or its upload has ended.

        An address that was made up costs no write, so that whoever calls many keeps nobody waiting.
        """
        ...

    def calls(self, upload_id: UploadId) -> int:
        """Return how often the addresses of an upload were called; 0 when there are none."""
        ...

    def end(self, upload_id: UploadId) -> None:
        """Let the addresses of an upload end; nothing happens when there are none."""
        ...
