"""A time for bodies: who stops sending one is answered, and lets go of the thread that waits for it.

Granian waits for a body as long as its connection lasts, in native code that nothing interrupts, and its maintainers
mean to leave it so. What ends the wait is the end of the connection, and what ends that from here is an answer that
breaks off: a length is declared and less is sent, so that Granian's HTTP closes the connection, and the wait with it.
WSGI has no way to answer from outside of the call; Granian's own object for answering is a local of its frame below ours.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from couponhub.errors import UsageError
from couponhub.server.operations import OperationResponse
from couponhub.server.problems import Refusal
from couponhub.server.request_context import RequestContext, head_of

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream

_log = logging.getLogger(__name__)

LONGEST_BODY_SECONDS = 10.0
"""For the whole of a body, a mebibyte at most."""
PRESSED_BODY_SECONDS = 3.0
"""While others find no thread. Not less: threads that want to go on wait for each other too."""
_TICK_SECONDS = 0.25
_ON_ITS_WAY_SECONDS = 0.25


class BodyTimeout:
    """Waits for bodies, and not for ever. Thread-safe.

    Args:
        answer: Makes the answer for a request that took too long.
        is_pressed: Whether others find no room.
        seconds: For a body.
    """

    def __init__(
        self,
        answer: Callable[[Refusal, RequestContext], OperationResponse],
        *,
        is_pressed: Callable[[], bool],
        seconds: float = LONGEST_BODY_SECONDS,
    ) -> None:
        self._answer = answer
        self._is_pressed = is_pressed
        self._seconds = seconds
        self._pressed_seconds = min(seconds, PRESSED_BODY_SECONDS)
        self._waiting: dict[RequestContext, tuple[int, float]] = {}
        self._looking = threading.Lock()
        threading.Thread(target=self._run, name="patience", daemon=True).start()

    def read(self, stream: "InputStream", size: int, framed: RequestContext) -> bytes:
        """Read a body, at most so many bytes.

        Raises:
            Refusal: It took too long, and has been answered.
        """
        self._waiting[framed] = (threading.get_ident(), time.monotonic())
        try:
            return stream.read(size)
        finally:
            if self._waiting.pop(framed, None) is None:
                with self._looking:  # which ends when it has been answered, or left alone
                    if framed.is_answered:
                        raise _too_slow()

    def _run(self) -> None:
        while True:
            time.sleep(_TICK_SECONDS)
            if self._waiting:
                try:
                    self._look()
                except Exception as error:  # noqa: BLE001 - the next look may do better; without one nobody is let go of
                    _log.error("a body that does not come cannot be given up (%s)", type(error).__name__)

    def _look(self) -> None:
        seconds = self._pressed_seconds if self._is_pressed() else self._seconds
        began_before = time.monotonic() - seconds
        for framed, (thread, began) in self._waiting.copy().items():
            if began < began_before:
                self._end(framed, thread)

    def _end(self, framed: RequestContext, thread: int) -> None:
        with self._looking:
            if self._waiting.pop(framed, None) is None:
                return  # it has come
            # Its thread does not get past `read` until this block ends: the frames are those of this request.
            protocol = _protocol_of(thread)
            framed.is_answered = protocol is not None
        if protocol is None:
            _log.error(
                "Granian has changed: a body that does not come holds a thread as long as its connection lasts"
            )
            return
        reply = self._answer(_too_slow(), framed)
        assert isinstance(reply.content, bytes)  # noqa: S101 - problems are
        head = [(name, value) for name, value in head_of(framed, reply) if name != "Content-Length"]
        head.append(("Content-Length", str(len(reply.content) + 1)))
        answer = (reply.status, head, _Cut(reply.content))
        threading.Thread(target=protocol.response_iter, args=answer, name="cut", daemon=True).start()


class _Cut:
    """An answer that breaks off after its last byte but one, in the eyes of who was told its length."""

    def __init__(self, content: bytes) -> None:
        self._pieces = [content]

    def __next__(self) -> bytes:
        if not self._pieces:
            # What is not yet on its way when the answer breaks off is lost.
            time.sleep(_ON_ITS_WAY_SECONDS)
            raise StopIteration
        return self._pieces.pop()

    def close(self) -> None:
        """End: there is nothing to let go of."""


def _protocol_of(thread: int) -> Any:
    """Return what Granian answers a request with that a thread is at; None when it is not found."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - the one way to it, as the standard library documents
    while frame is not None:
        protocol = frame.f_locals.get("proto")
        if hasattr(protocol, "response_iter"):
            return protocol
        frame = frame.f_back
    return None


def _too_slow() -> Refusal:
    return Refusal(UsageError("the body did not come in time", hint="send it at once"), 408)
