"""The right to send to a list, and what is told while another upload has it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from couponhub.errors import WaitTimeout
from couponhub.models import ListId
from couponhub.state import Ledger
from couponhub.uploads.rate_limit_wait import RateLimitWait


@contextmanager
def list_lock(ledger: Ledger, list_id: ListId, rate_limit_wait: RateLimitWait) -> Iterator[None]:
    """Hold the right to send to a list for the block; who has to wait for it is told so.

    Raises:
        WaitTimeout: Somebody else still has it when the caller's time is over.
    """
    with ExitStack() as held:
        try:
            held.enter_context(ledger.list_lock(list_id, timeout=0))
        except WaitTimeout:
            rate_limit_wait.tell("another upload to this list")
            held.enter_context(ledger.list_lock(list_id, timeout=rate_limit_wait.seconds))
        yield
