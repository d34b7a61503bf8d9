"""Transports to a scripted server, which never sleep."""

from couponhub.clock import Clock
from couponhub.transport import (
    Auth,
    BasicAuth,
    Budget,
    Observer,
    Reply,
    RetryPolicy,
    Transport,
    TransportSettings,
    error_for_status,
    retry_after_seconds,
)
from tests.kit.clock import FakeClock

STEADY = RetryPolicy(jitter=lambda: 1.0)
"""Four attempts, waits of 0.3, 0.6 and 1.2 seconds."""


def transport_to(
    url: str,
    *,
    settings: TransportSettings | None = None,
    waits: FakeClock | None = None,
    clock: Clock | None = None,
    retry: RetryPolicy = STEADY,
    auth: Auth | None = None,
    budget: Budget | None = None,
    observer: Observer | None = None,
    request_id_headers: tuple[str, ...] = ("x-request-id",),
) -> Transport:
    """A transport of the connection "shop", which never sleeps: `waits` notes what it would, unless there is a `clock`."""
    return Transport(
        connection="shop",
        base_url=url,
        auth=auth or BasicAuth("user", "pass"),
        settings=settings,
        clock=clock or (waits or FakeClock()).pauses,
        retry=retry,
        budget=budget,
        observer=observer,
        request_id_headers=request_id_headers,
    )


def understood(reply: Reply) -> Reply:
    """Read a reply as an adapter would: errors by status, JSON or nothing."""
    if not 200 <= reply.status < 300:
        raise error_for_status(reply.status)(
            f"HTTP {reply.status}", status=reply.status, retry_after=retry_after_seconds(reply.headers)
        )
    return reply
