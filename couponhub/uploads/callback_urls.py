"""Our own addresses for a vendor to call when it has worked a file through; any process sees the calls."""

from collections.abc import Callable
from contextlib import suppress

import attrs

from couponhub.errors import LocalError
from couponhub.models import UploadId
from couponhub.state import Callbacks

CallCount = Callable[[], int]
"""Tells how often the vendor has called; a number that has grown is worth a look at the vendor, and proves nothing."""


def _none() -> Callbacks:
    raise LocalError("there is no store for callbacks")


@attrs.frozen(kw_only=True)
class CallbackUrls:
    """The callback addresses of one hub's uploads.

    Attributes:
        callbacks: Makes what keeps them; only called when it is needed.
        public_url: Where vendors reach `couponhub serve`; None when they do not, and nobody ever calls.
    """

    callbacks: Callable[[], Callbacks] = attrs.field(default=_none, repr=False)
    public_url: str | None = None

    def issue(self, upload_id: UploadId) -> str | None:
        """Return a new address for an upload that is about to be sent, None without `public_url`. A right in itself: never log it."""
        if self.public_url is None:
            return None
        return f"{self.public_url.rstrip('/')}/v1/callbacks/{self.callbacks().begin(upload_id)}"

    def calls(self, upload_id: UploadId) -> CallCount | None:
        """Return what tells how often an upload's address was called; None where nobody can call."""
        return None if self.public_url is None else lambda: self._count(upload_id)

    def revoke(self, upload_id: UploadId) -> None:
        """End the address of an upload. What cannot be written now ends by its age."""
        if self.public_url is not None:
            with suppress(LocalError):
                self.callbacks().end(upload_id)

    def _count(self, upload_id: UploadId) -> int:
        with suppress(LocalError):
            return self.callbacks().calls(upload_id)
        return 0
