"""Remembers what the emulated vendors were asked, without the secrets they were asked with."""

import threading
from collections import deque
from datetime import datetime

import attrs
from werkzeug.wrappers import Request

_SECRET_WORDS = ("authorization", "cookie", "key", "password", "secret", "token")
_MASK = "***"


@attrs.define(kw_only=True)
class RecordedRequest:
    """One call to a vendor, recorded on arrival, so that a call that is still held back shows too.

    Attributes:
        at: The emulated instant of its arrival, in UTC.
        path: As the client sent it, with the vendor's prefix.
        query: As the client sent it, undecoded, without the question mark.
        headers: Names in capitalised form ("Moe-Appkey"); values of secrets are masked.
        status: The HTTP status of the answer; None while there is none, and when the connection was dropped.
        fault: The fault that was applied, or None.
    """

    at: datetime
    vendor: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    status: int | None = None
    fault: str | None = None


class RequestRecorder:
    """The last calls to all vendors, in order of arrival. Thread-safe."""

    def __init__(self, *, limit: int = 10_000) -> None:
        self._requests: deque[RecordedRequest] = deque(maxlen=limit)
        self._lock = threading.Lock()

    def record(
        self, request: Request, *, vendor: str, at: datetime, fault: str | None = None
    ) -> RecordedRequest:
        """Keep a call that has just arrived; the caller fills in `status` once there is an answer."""
        recorded = RecordedRequest(
            at=at,
            vendor=vendor,
            method=request.method,
            path=request.root_path + request.path,
            query=request.query_string.decode("latin-1"),
            headers={name: _masked(name, value) for name, value in request.headers.items()},
            fault=fault,
        )
        with self._lock:
            self._requests.append(recorded)
        return recorded

    def requests(self) -> tuple[RecordedRequest, ...]:
        """All calls that are still remembered, oldest first."""
        with self._lock:
            return tuple(self._requests)

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._requests.clear()


def _masked(name: str, value: str) -> str:
    if not any(word in name.lower() for word in _SECRET_WORDS):
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {_MASK}" if space and name.lower() == "authorization" else _MASK
