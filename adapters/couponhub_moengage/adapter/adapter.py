"""MoEngage, as couponhub's protocols."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from types import MappingProxyType
from typing import TYPE_CHECKING

from couponhub.clock import SYSTEM_CLOCK, Clock, Deadline
from couponhub.errors import Conflict, CouponhubError, UnreadableReply, Unsupported, UsageError
from couponhub.models import (
    CodeFileRules,
    CouponList,
    FileUrl,
    ListChange,
    ListId,
    ListStatus,
    NewCouponList,
    Part,
    PartId,
    Tagging,
    plain_label,
)
from couponhub.transport import Budget, Observer, ReplyRoom
from couponhub_moengage import mapping
from couponhub_moengage.adapter.changes import Changes
from couponhub_moengage.client import MoEngageClient
from couponhub_moengage.settings import MoEngageSettings
from couponhub_moengage.settings.limits import effective_limits
from couponhub_moengage.wire import WireList

# Every status that a list can have, each asked for by name: the pages disagree about what is answered otherwise (D-13).
_ALL = (ListStatus.ACTIVE, ListStatus.EXPIRED, ListStatus.ARCHIVED)

# What files carry as their creator where the connection names none; MoEngage takes any text.
_NAMELESS_CREATOR = "couponhub"

_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "uploads.files": "MoEngage fetches files from a URL: configure [staging], or give the file's --url",
        "customers.coupons": "MoEngage tells only by mail who got which code: `couponhub usage request`, then `couponhub usage import`",
        "coupons.take_back": "MoEngage takes no single code back: `couponhub uploads rm` deletes the file that brought it,"
        " with the other codes of it that nobody was given; have the campaign stopped meanwhile",
        "coupons.find": "MoEngage tells only by mail which code went where: `couponhub usage request`",
    }
)


class MoEngageAdapter:
    """One MoEngage workspace. Thread-safe; opening it calls nobody.

    Args:
        connection: The connection's name.
        settings: What it needs to be told.
        clock: What deadlines are measured on, and how to wait before a call is repeated.
        budget: What the workspace may still spend; None sets no bounds.
    """

    def __init__(
        self,
        connection: str,
        settings: MoEngageSettings,
        *,
        clock: Clock = SYSTEM_CLOCK,
        budget: Budget | None = None,
        observer: Observer | None = None,
        room: ReplyRoom | None = None,
    ) -> None:
        self._budget = budget
        self._connection = connection
        self._settings = settings
        self._clock = clock
        self._client = MoEngageClient(
            connection, settings, clock=clock, budget=budget, observer=observer, room=room
        )
        self._changes = Changes(self._client, clock=clock, patience=settings.timeout)
        self.limits = effective_limits(settings.limits)
        # The bounds that MoEngage states for file segments ("Coupon Code" itself is stated for coupons): one
        # column, no quotes, each code on its own row (D-20, D-44).
        self.file_rules = CodeFileRules(
            code_header="Coupon Code",
            max_bytes=self.limits["file_bytes"] or None,
            ignores_case=False,
            quoting=False,
        )
        self.report_form = settings.report_form

    def advice(self, capability: str) -> str:
        """See `Adapter.advice`."""
        return _ADVICE.get(capability, "")

    def check(self, *, deadline: Deadline | None = None) -> str:
        """Fetch the active lists."""
        count = sum(1 for _ in self._lists((ListStatus.ACTIVE,), deadline))
        return f"{count} active {'list' if count == 1 else 'lists'}"

    def quota_left(self) -> Mapping[str, int]:
        """See `Adapter.quota_left`."""
        return self._budget.left() if self._budget else {}

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: object = None,
    ) -> object:
        """See `Adapter.call`."""
        return self._client.call(method, path, query or {}, body)

    def close(self) -> None:
        """Release connections."""
        self._client.close()

    def get_list(self, list_id: ListId) -> CouponList:
        """See `ReadsLists.get_list`."""
        return mapping.coupon_list(self._connection, self._client.fetch_list(list_id))

    def iterate_lists(self, status: ListStatus | None = None) -> Iterator[CouponList]:
        """See `ReadsLists.iterate_lists`. Each status is one call, made when the iteration comes to it."""
        if status is ListStatus.UNKNOWN:
            raise UsageError("lists cannot be asked for by the status unknown")
        return self._lists(_ALL if status is None else (status,))

    def create_list(self, new: NewCouponList) -> CouponList:
        """See `WritesLists.create_list`."""
        self.check_new_list(new)
        label, created_by = self._label(new), new.created_by or self._settings.created_by
        created = self._client.create_list(
            name=new.name,
            label=label,
            expires=new.expires,
            created_by=created_by or "",
            subscribers=new.alerts.subscribers,
            alert_conditions=mapping.alert_conditions(new.alerts),
        )
        return mapping.coupon_list(self._connection, self._as_it_is_now(created))

    def check_new_list(self, new: NewCouponList) -> None:
        """See `ChecksNewLists.check_new_list`."""
        label, created_by = self._label(new), new.created_by or self._settings.created_by
        required = {"name": new.name, "label": label, "expires": new.expires, "created_by": created_by}
        self._refuse_incomplete(required, new.extra)

    def find_created(self, new: NewCouponList) -> CouponList | None:
        """See `WritesLists.find_created`."""
        sought = (new.name, self._label(new))
        nameless = 0
        for found in self._lists(_ALL):
            shown = (found.name, found.label)
            if shown == sought:
                return found
            nameless += None in shown and all(a in {None, b} for a, b in zip(shown, sought, strict=True))
        if nameless:
            raise UnreadableReply(
                f"lists came without a name or label ({nameless}): the one sought may be among them",
            )
        return None

    def update_list(self, list_id: ListId, change: ListChange) -> CouponList:
        """See `WritesLists.update_list`."""
        return mapping.coupon_list(self._connection, self._changes.update_list(list_id, change))

    def find_changed(self, list_id: ListId, change: ListChange) -> CouponList | None:
        """See `WritesLists.find_changed`."""
        found = self._changes.find_changed(list_id, change)
        return None if found is None else mapping.coupon_list(self._connection, found)

    def activate_list(self, list_id: ListId, expires: date) -> None:
        """See `ActivatesLists.activate_list`."""
        self._changes.activate_list(list_id, expires)

    def archive_list(self, list_id: ListId) -> None:
        """See `ArchivesLists.archive_list`. A list that is archived already is left as it is."""
        self._changes.archive_list(list_id)

    def prepare_list(
        self, list_id: ListId, tagging: Tagging | None, *, deadline: Deadline | None = None
    ) -> CouponList:
        """See `AcceptsFileUrls.prepare_list`."""
        if tagging is not None:
            raise Unsupported(
                "MoEngage cannot bind codes to customers: it gives them out itself",
                hint="send the file without --tag",
            )
        found = mapping.coupon_list(self._connection, self._client.fetch_list(list_id, deadline=deadline))
        if found.status is not ListStatus.ACTIVE:
            word = found.vendor_status or "of a status unknown to us"
            raise Conflict(
                f"the list is {word.lower()}, and MoEngage imports codes into active lists",
                hint="activate the list first, or choose another",
            )
        return found

    def submit_url(
        self,
        list_id: ListId,
        file: FileUrl,
        name: str,
        callback: str | None,
        *,
        deadline: Deadline | None = None,
    ) -> Part:
        """See `AcceptsFileUrls.submit_url`."""
        created_by = self._settings.created_by or _NAMELESS_CREATOR
        accepted = self._client.upload_file(
            list_id, file, name=name, created_by=created_by, callback=callback, deadline=deadline
        )
        return mapping.part(accepted)

    def find_submitted(self, list_id: ListId, name: str, *, deadline: Deadline | None = None) -> Part | None:
        """See `AcceptsFileUrls.find_submitted`; files without a name leave it open."""
        nameless = 0
        for found in self._parts(list_id, deadline):
            if found.name == name:
                return found
            nameless += not found.name
        if nameless:
            raise UnreadableReply(
                f"files came without a name ({nameless}): the one sought may be among them",
            )
        return None

    def get_part(self, list_id: ListId, part_id: PartId, *, deadline: Deadline | None = None) -> Part:
        """See `ReadsParts.get_part`."""
        return mapping.part(self._client.fetch_file(list_id, part_id, deadline=deadline))

    def iterate_parts(self, list_id: ListId) -> Iterator[Part]:
        """See `ReadsParts.iterate_parts`."""
        return self._parts(list_id)

    def delete_part(self, list_id: ListId, part_id: PartId) -> None:
        """See `DeletesParts.delete_part`."""
        self._changes.delete_file(list_id, part_id)

    def request_usage_report(self, list_id: ListId, start: date, end: date, recipients: Sequence[str]) -> str:
        """See `RequestsUsageReports.request_usage_report`."""
        if start > end:
            raise UsageError("the report's first day lies after its last")
        if isinstance(recipients, str) or not recipients or not all(map(str.strip, recipients)):
            raise UsageError("a usage report needs at least one e-mail address to go to, and no blank one")
        return self._client.request_usage_report(list_id, start, end, recipients)

    def report_zones(self, lists: Sequence[CouponList]) -> Sequence[tzinfo]:
        """See `RequestsUsageReports.report_zones`."""
        zone = self.report_form.zone
        return mapping.zones_of(lists) if zone is None else (zone,)

    def _lists(
        self, statuses: Sequence[ListStatus], deadline: Deadline | None = None
    ) -> Iterator[CouponList]:
        seen: set[str] = set()
        faults: list[str] = []
        for status in statuses:
            answer = self._client.fetch_lists(mapping.vendor_list_status(status), deadline=deadline)
            faults += answer.faults
            for wire_list in answer.readable:
                found = mapping.coupon_list(self._connection, wire_list)
                if wire_list.id not in seen and found.status in {*statuses, ListStatus.UNKNOWN}:
                    seen.add(wire_list.id)
                    yield found
        _raise_unreadable(faults)

    def _parts(self, list_id: ListId, deadline: Deadline | None = None) -> Iterator[Part]:
        answer = self._client.fetch_files(list_id, deadline=deadline)
        parts = {found.id: found for found in map(mapping.part, answer.readable)}
        yield from sorted(parts.values(), key=_age)
        _raise_unreadable(answer.faults)

    def _as_it_is_now(self, created: WireList) -> WireList:
        try:
            return self._client.fetch_list(
                created.id, deadline=Deadline.after(self._settings.timeout, self._clock)
            )
        except CouponhubError:
            return created  # it is made, and saying otherwise would have it made twice

    def _label(self, new: NewCouponList) -> str:
        return plain_label(new.name) if new.label is None else new.label

    def _refuse_incomplete(self, required: Mapping[str, object], extra: Mapping[str, str]) -> None:
        missing = [name for name, value in required.items() if value is None or not str(value).strip()]
        faults = [f"MoEngage needs {' and '.join(missing)} to create a list"] if missing else []
        if extra:
            faults.append(
                f"it takes no further fields, given were {', '.join(sorted(extra))} (allowed are name, label,"
                " expires, created_by, and the subscribers and alerts)"
            )
        if faults:
            hint = "created_by may also stand in the connection's settings" if "created_by" in missing else ""
            raise UsageError("; ".join(faults), hint=hint)


def _raise_unreadable(faults: Sequence[str]) -> None:
    if faults:
        raise UnreadableReply(
            f"{len(faults)} {'row' if len(faults) == 1 else 'rows'} could not be read: {faults[0]}"
        )


def _age(found: Part) -> tuple[datetime, str]:
    # Ids break ties, so that the order is the same each time.
    return found.created_at or datetime.max.replace(tzinfo=UTC), found.id or ""


if TYPE_CHECKING:
    from couponhub import protocols

    _adapter: type[protocols.Adapter] = MoEngageAdapter
    _reads_lists: type[protocols.ReadsLists] = MoEngageAdapter
    _writes_lists: type[protocols.WritesLists] = MoEngageAdapter
    _checks_new_lists: type[protocols.ChecksNewLists] = MoEngageAdapter
    _activates_lists: type[protocols.ActivatesLists] = MoEngageAdapter
    _archives_lists: type[protocols.ArchivesLists] = MoEngageAdapter
    _accepts_file_urls: type[protocols.AcceptsFileUrls] = MoEngageAdapter
    _reads_parts: type[protocols.ReadsParts] = MoEngageAdapter
    _deletes_parts: type[protocols.DeletesParts] = MoEngageAdapter
    _requests_usage_reports: type[protocols.RequestsUsageReports] = MoEngageAdapter
