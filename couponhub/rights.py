"""The right to change something elsewhere, proven anew in the last moment before it happens.

Whoever holds a lock may be stopped for long, and wake up when others have it. What is written down then is refused;
what is sent cannot be. So `transport` asks right before the last bytes of a change go out, below all adapters, which
neither hand this down nor could leave it out.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Proof = Callable[[], None]
"""Raises a CouponhubError where the right is lost: what was to be sent then is not."""

# Of a call, not of the process: threads that a call starts for its own ends are given it with its context.
_proof: ContextVar[Proof | None] = ContextVar("couponhub right to change", default=None)


@contextmanager
def proven_by(proof: Proof) -> Iterator[None]:
    """Have each change that is sent in the block proven before it goes out."""
    token = _proof.set(proof)
    try:
        yield
    finally:
        _proof.reset(token)


def proof() -> Proof | None:
    """Return what proves the right to what is sent now; None where it takes none."""
    return _proof.get()
