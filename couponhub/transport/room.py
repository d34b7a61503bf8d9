"""The memory that replies may take, all that are under way together."""

import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from couponhub.clock import Deadline
from couponhub.errors import UnreadableReply, VendorUnavailable
from couponhub.forking import PerProcess

E = TypeVar("E", bound=BaseException)

_MOST_BYTES = 256 * 1024 * 1024
"""One customer's 50,000 coupons take 150 MiB by the measure below; the process around them takes some 100."""
_FREE_BYTES = 256 * 1024
"""Of each call: replies of the usual size are not counted, and never wait for those that are not."""


class ReplyRoom:
    """The memory for replies of vendors in one process: who finds none waits, or fails. Thread-safe.

    Whoever holds some already never waits for more, since two of those would wait for each other.

    Args:
        most: Bytes in all.
        free: Bytes of each lease that are not counted.
    """

    def __init__(self, *, most: int = _MOST_BYTES, free: int = _FREE_BYTES) -> None:
        self._most = most
        self._free = free
        self._own = PerProcess(_Taken)
        self._here = threading.local()

    @contextmanager
    def lease(self) -> Iterator["Lease"]:
        """Give back at the end of the block what is taken in it, on this thread; of nested ones that of the outermost."""
        outer: Lease | None = getattr(self._here, "lease", None)
        if outer is not None:
            yield outer
            return
        lease = self._here.lease = Lease(self)
        try:
            yield lease
        finally:
            del self._here.lease
            lease.shrink(0)

    @property
    def taken(self) -> int:
        """Bytes that are taken now, by all."""
        return self._own.get().bytes

    def _charge(self, size: int, held: int, patience: Deadline | None) -> int:
        """Count what a lease that comes to `size` bytes has beside the `held` ones; what is counted then.

        Whoever gives some back needs no patience.
        """
        wanted = max(0, size - self._free)
        if wanted > self._most:
            raise UnreadableReply(
                "the reply would take more memory than there is for replies, and was not read"
            )
        if wanted == held:
            return held
        own = self._own.get()
        with own.changed:
            while wanted > held and own.bytes + wanted - held > self._most:
                if held or patience is None or not own.changed.wait(patience.remaining()):
                    raise _crowded()
            own.bytes += wanted - held
            if wanted < held:
                own.changed.notify_all()
        return wanted


class Lease:
    """The memory that one call, or all calls of one lookup, take. For one thread.

    Attributes:
        size: Bytes so far.
    """

    def __init__(self, room: ReplyRoom) -> None:
        self._room = room
        self._counted = 0
        self.size = 0

    def take(self, size: int, patience: Deadline) -> None:
        """Take so many bytes more.

        Args:
            size: Bytes.
            patience: Until when to wait for them.

        Raises:
            VendorUnavailable: Others have them, and this one has some already or the time is over; it is `local`.
            UnreadableReply: There is not as much memory for all replies together.
        """
        self._counted = self._room._charge(self.size + size, self._counted, patience)  # noqa: SLF001 - its own
        self.size += size

    def shrink(self, size: int) -> None:
        """Give back all but so many bytes."""
        self.size = min(size, self.size)
        self._counted = self._room._charge(self.size, self._counted, None)  # noqa: SLF001 - its own


class _Taken:
    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.bytes = 0


def _crowded() -> VendorUnavailable:
    return VendorUnavailable(
        "too many large replies are being read at this moment", local=True, retry_after=1.0
    )


def let_go(error: BaseException) -> None:
    """Drop the variables of the frames that an error went through: among them are whole replies of the vendor."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            traceback.clear_frames(one.__traceback__)
            waiting += (one.__cause__, one.__context__)


def without_trace(error: E) -> E:
    """An error that is kept beside what was at hand when it was raised, which its trace would keep in a circle."""
    let_go(error)
    return error.with_traceback(None)


def decoded_bytes(body: bytes) -> int:
    """About the memory that a JSON text takes when it is read, and what is made of it.

    Counting the marks is cheap, and their number decides: of three bytes `{}` or `[]` with a comma make 64. The
    figures were measured on CPython: too much for nearly all texts, a third too little for one of nothing but
    different names.
    """
    letters = 1 if body.isascii() and b"\\u" not in body else 4  # one wide letter widens all of a text
    marks = body.count(b'"') * 24 + body.count(b",") * 40 + body.count(b"[") * 96 + body.count(b"{") * 200
    return len(body) * letters + marks
