"""Opens the uploads of a connection as its settings will have them."""

from collections.abc import Callable

from couponhub.auditing import Auditor
from couponhub.clock import Clock
from couponhub.models import JobId
from couponhub.plugin import ConnectionSettings
from couponhub.protocols import Adapter
from couponhub.settings import is_loopback_url
from couponhub.staging import Staging
from couponhub.state import State
from couponhub.transport.peeking import size_of
from couponhub.uploads.callback_urls import CallbackUrls
from couponhub.uploads.service import Uploads


def open_uploads(
    name: str,
    adapter: Adapter,
    settings: ConnectionSettings,
    *,
    state: State,
    staging: Callable[[], Staging],
    let_go: Callable[[JobId], object],
    clock: Clock,
    public_url: str | None,
    auditor: Auditor,
) -> Uploads:
    """Open them; nothing is touched before its first use.

    Args:
        name: The connection's name.
        adapter: Its opened adapter.
        settings: What all connections have in common.
        state: Where the ledger, jobs and callback addresses are.
        staging: Makes what all connections share.
        let_go: Told of a job with which others may go on from now.
        clock: For pauses and what is written down.
        public_url: Where vendors reach `couponhub serve`; None when they do not.
        auditor: Writes down what somebody does.
    """
    is_loopback = is_loopback_url(settings.base_url or "")
    if public_url is not None and is_loopback_url(public_url) and not is_loopback:
        public_url = None  # the vendor could not reach it
    return Uploads(
        name,
        adapter,
        ledger=lambda: state.ledger(name),
        jobs=lambda: state.jobs,
        staging=staging,
        let_go=let_go,
        settle=settings.settle,
        clock=clock,
        auditor=auditor,
        vendor_is_loopback=is_loopback,
        callback_urls=CallbackUrls(callbacks=lambda: state.callbacks, public_url=public_url),
        size_of=lambda file: size_of(file, settings.transport()),
    )
