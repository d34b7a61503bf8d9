"""Changes to what stands at MoEngage, with a look at it wherever a refusal leaves open why."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from types import MappingProxyType
from typing import TypeVar

from couponhub.clock import Clock, Deadline
from couponhub.errors import (
    Conflict,
    CouponhubError,
    NotFound,
    RequestRejected,
    UnreadableReply,
    UsageError,
    VendorError,
)
from couponhub.models import KEPT, Alerts, AlertsChange, ListChange, ListStatus
from couponhub_moengage import mapping
from couponhub_moengage.client import MoEngageClient
from couponhub_moengage.wire import WireList

T = TypeVar("T")
Told = TypeVar("Told", bound=VendorError)

Unfit = Mapping[ListStatus, str]
"""The statuses that do not allow a change, each with what to do about it."""

_NEEDS_EXPIRY = "give a new expiry too, which brings the list back"
_UNFIT_FOR_UPDATE: Unfit = MappingProxyType(
    {ListStatus.EXPIRED: _NEEDS_EXPIRY, ListStatus.ARCHIVED: _NEEDS_EXPIRY}
)
_UNFIT_FOR_ACTIVATION: Unfit = MappingProxyType(
    {ListStatus.ACTIVE: "`couponhub lists update` changes its expiry"}
)
_UNFIT_FOR_ARCHIVING: Unfit = MappingProxyType(
    {ListStatus.EXPIRED: "an expired list has no codes left that archiving could delete"}
)


class Changes:
    """Changes lists and deletes files of one workspace. Thread-safe.

    MoEngage refuses with the same 400 what is wrong in itself and what does not fit how a list stands, and
    documents neither for a list or file that is unknown: after a 400 it is looked which one it was.

    Args:
        client: Speaks to the workspace.
        clock: What that is measured on.
        patience: Seconds that one look may take.
    """

    def __init__(self, client: MoEngageClient, *, clock: Clock, patience: float) -> None:
        self._client = client
        self._clock = clock
        self._patience = patience

    def update_list(self, list_id: str, change: ListChange) -> WireList:
        """Change a list; see `WritesLists.update_list`. The answer is the list as it stands afterwards.

        `alert_conditions` are replaced as a whole (whether MoEngage merges them is not documented, D-16), so that a change
        of some is preceded by a read of the others; between the two nobody else's change of them is noticed.
        """
        self._refuse_senseless(change)
        alerts = change.alerts
        subscribers = None if alerts is None or alerts.subscribers is KEPT else alerts.subscribers
        conditions = None if alerts is None else self._conditions(list_id, alerts)
        try:
            updated = self._client.update_list(
                list_id,
                name=change.name,
                expires=change.expires,
                subscribers=subscribers,
                alert_conditions=conditions,
            )
        except Conflict:
            raise
        except RequestRejected as refusal:
            found = self._seen(lambda: self._list(list_id), instead=refusal)
            # With an expiry a list that is over comes back, so that it was refused for what it says.
            raise _judged(refusal, found, {} if change.expires else _UNFIT_FOR_UPDATE) from None
        try:
            return self._list(list_id)
        except CouponhubError:
            return updated  # it is changed, whether it can be read again or not

    def find_changed(self, list_id: str, change: ListChange) -> WireList | None:
        """The list if it stands as asked; see `WritesLists.find_changed`."""
        found = self._list(list_id)
        if change.expires is not None and found.expires_at is None:
            raise UnreadableReply("the list shows no expiry")
        return found if mapping.is_as_asked(found, change) else None

    def activate_list(self, list_id: str, expires: date) -> None:
        """Bring a list back; see `ActivatesLists.activate_list`. One that is as asked already is left as it is."""

        def is_done(found: WireList) -> bool:
            return _status(found) is ListStatus.ACTIVE and mapping.is_as_asked(
                found, ListChange(expires=expires)
            )

        with self._judging(list_id, is_done, _UNFIT_FOR_ACTIVATION):
            self._client.activate_list(list_id, expires)

    def archive_list(self, list_id: str) -> None:
        """Retire a list; see `ArchivesLists.archive_list`. One that is archived already is left as it is (D-12)."""

        def is_done(found: WireList) -> bool:
            return _status(found) is ListStatus.ARCHIVED

        with self._judging(list_id, is_done, _UNFIT_FOR_ARCHIVING):
            self._client.archive_list(list_id)

    def delete_file(self, list_id: str, file_id: str) -> None:
        """Delete a file; see `DeletesParts.delete_part`."""

        def is_gone() -> bool:
            # "Deleted files vanish from the listing" is documented, and no answer for one that is asked for by id.
            answer = self._client.fetch_files(list_id, deadline=Deadline.after(self._patience, self._clock))
            if answer.faults:
                raise UnreadableReply("files could not be read, and it may be among them")
            return all(found.id != file_id for found in answer.readable)

        try:
            self._client.delete_file(list_id, file_id)
        except RequestRejected as refusal:
            if self._seen(is_gone, instead=refusal):
                raise _retold(refusal, NotFound, "the list has no such file") from None
            raise _retold(refusal, Conflict, "the file stands so that it cannot be deleted") from None

    @contextmanager
    def _judging(self, list_id: str, is_done: Callable[[WireList], bool], unfit: Unfit) -> Iterator[None]:
        """Let a refusal pass where there is nothing to do, and else say what it was for."""
        try:
            yield
        except RequestRejected as refusal:
            found = self._seen(lambda: self._list(list_id), instead=refusal)
            if not self._seen(lambda: is_done(found), instead=refusal):
                raise _judged(refusal, found, unfit) from None

    def _seen(self, look: Callable[[], T], *, instead: RequestRejected) -> T:
        """Return what a look shows; where nothing can be seen, the refusal that made it necessary stands."""
        try:
            return look()
        except NotFound:
            raise
        except CouponhubError:
            raise instead from None

    def _conditions(self, list_id: str, alerts: Alerts | AlertsChange) -> Mapping[str, object] | None:
        """The `alert_conditions` to send, whole; None where none of them is to change."""
        asked = mapping.alert_conditions(alerts)
        if not asked or set(asked) == set(mapping.alert_conditions(Alerts())):
            return asked or None
        kept = mapping.kept_conditions(self._list(list_id))
        if kept is None:
            raise UnreadableReply(
                "the list shows alerts in a form that MoEngage does not document, and a change of some would lose"
                " the others; nothing was changed",
                hint="name all four alerts, which replaces them",
            )
        return {**kept, **asked}

    def _list(self, list_id: str) -> WireList:
        return self._client.fetch_list(list_id, deadline=Deadline.after(self._patience, self._clock))

    def _refuse_senseless(self, change: ListChange) -> None:
        faults = []
        if change.name is not None and not change.name.strip():
            faults.append("the list's new name is blank")
        if change.extra:
            faults.append(
                f"MoEngage changes no further fields, given were {', '.join(sorted(change.extra))} (allowed are"
                " name, expires, and the subscribers and alerts)"
            )
        if not faults and change in (ListChange(), ListChange(alerts=AlertsChange())):
            faults.append("nothing of the list is to be changed")
        if faults:
            raise UsageError("; ".join(faults))


def _status(found: WireList) -> ListStatus:
    status = mapping.list_status(found.status)
    if status is ListStatus.UNKNOWN:
        raise UnreadableReply("the list's status is unknown to us")
    return status


def _judged(refusal: RequestRejected, found: WireList, unfit: Unfit) -> RequestRejected:
    """The refusal, as a conflict where the list's status explains it."""
    status = mapping.list_status(found.status)
    if status not in unfit:
        return refusal
    return _retold(refusal, Conflict, f"the list is {status}", hint=unfit[status])


def _retold(refusal: RequestRejected, kind: type[Told], text: str, *, hint: str = "") -> Told:
    return kind(
        f"{text}: {refusal.message}",
        hint=hint,
        connection=refusal.connection,
        operation=refusal.operation,
        vendor_code=refusal.vendor_code,
        status=refusal.status,
        request_id=refusal.request_id,
    )
