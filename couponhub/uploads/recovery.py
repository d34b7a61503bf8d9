"""Finds out about what earlier calls left at a vendor: its files are served again until it has ended them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import attrs

from couponhub.errors import ConfigError, LocalError, OutcomeUnknown, WaitTimeout
from couponhub.models import ListId
from couponhub.staging import Staging
from couponhub.state import Ledger, ListHistory, UploadRecord
from couponhub.uploads.callback_urls import CallbackUrls
from couponhub.uploads.completion_wait import CompletionWait, arrived_parts_ended
from couponhub.uploads.events import EventKind, Progress, UploadEvent
from couponhub.uploads.polling import STRAY_REFUSALS, Poller
from couponhub.uploads.rate_limit_wait import RateLimitWait
from couponhub.uploads.reconciling import Reconciler
from couponhub.uploads.served_files import serve_again
from couponhub.uploads.submission import wait_command
from couponhub.uploads.summary import upload_of


@attrs.frozen(kw_only=True)
class OrphanRecovery:
    """Follows parts whose sender is gone to their end.

    A vendor that fetches files has only the address of one when it accepts it. Killed by then, the sender took
    the file along, and what the vendor accepted it will never have: its codes are neither sent nor to be sent.
    """

    ledger: Ledger
    staging: Callable[[], Staging]
    reconciler: Reconciler
    poller: Poller
    callback_urls: CallbackUrls
    rate_limit_wait: RateLimitWait

    def recover(self, list_id: ListId, progress: Progress) -> None:
        """Wait until the vendor has ended every part of the list whose codes we know.

        Only for the one who holds the right to send to the list. A part that the vendor has ceased to show
        stays unended.

        Raises:
            WaitTimeout: The caller's time ends before.
            VendorError: The vendor cannot be asked.
        """
        history = self.ledger.history(list_id)
        left = [upload for upload in history.uploads if _is_under_way(upload, history)]
        with self.serving(left):
            for upload in left:
                self._await_end(upload, progress)

    @contextmanager
    def serving(self, uploads: Iterable[UploadRecord]) -> Iterator[None]:
        """Serve the files that the vendor may still fetch, where it was told; those that somebody serves are left."""
        with ExitStack() as held:
            wanted = [upload for upload in uploads if any(part.may_be_fetched for part in upload.parts)]
            if wanted:
                # Where nothing can be served now, the vendor ends the parts as failed by itself.
                with suppress(ConfigError, LocalError):
                    staging = self.staging()
                    for upload in wanted:
                        serve_again(staging, self.ledger, upload, held)
            yield

    def _await_end(self, upload: UploadRecord, progress: Progress) -> None:
        def told(event: UploadEvent) -> None:
            progress(attrs.evolve(event, kind=EventKind.SETTLING))

        told(UploadEvent(EventKind.SETTLING, upload_of(upload)))
        wait = CompletionWait(
            record=upload,
            ledger=self.ledger,
            reconciler=self.reconciler.anew(),
            poller=self.poller,
            callback_urls=self.callback_urls,
            deadline=self.rate_limit_wait.deadline,
        )
        try:
            wait.run(told, is_over=arrived_parts_ended, refusals=STRAY_REFUSALS)
        except OutcomeUnknown:
            return  # the vendor does not show it any more
        except WaitTimeout as error:
            raise WaitTimeout(
                f"nothing was sent: upload {upload.id}, which an earlier call left at the vendor, has not ended"
                f" within {self.rate_limit_wait.deadline.seconds:g} seconds",
                hint=f"wait with `{wait_command(upload)}`, then send the same codes again",
            ) from error


def _is_under_way(upload: UploadRecord, history: ListHistory) -> bool:
    return any(part.under_way and history.code_set(upload, part) is not None for part in upload.parts)
