"""MoEngage's endpoints, one method each, over couponhub's transport."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

from couponhub.clock import Clock, Deadline
from couponhub.errors import UnreadableReply
from couponhub.models import FileUrl
from couponhub.transport import BasicAuth, Budget, HeaderAuth, Observer, Reply, ReplyRoom, Transport
from couponhub_moengage import wire
from couponhub_moengage.settings import MoEngageSettings
from couponhub_moengage.wire import WireFile, WireList, WireRows


class MoEngageClient:
    """Speaks to one workspace. Thread-safe. Every method may raise `VendorError`.

    Opening one calls nobody. MOE-APPKEY goes with every call: the pages disagree whether "create" needs it (D-2).
    """

    def __init__(
        self,
        connection: str,
        settings: MoEngageSettings,
        *,
        clock: Clock,
        budget: Budget | None = None,
        observer: Observer | None = None,
        room: ReplyRoom | None = None,
    ) -> None:
        self._connection = connection
        self._replies = wire.ReplyReader(connection)
        self._transport = Transport(
            connection=connection,
            base_url=settings.address,
            auth=HeaderAuth(
                inner=BasicAuth(settings.workspace_id, settings.api_key),
                name="MOE-APPKEY",
                value=settings.workspace_id,
            ),
            settings=settings.transport(),
            clock=clock,
            budget=budget,
            observer=observer,
            room=room,
        )

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()

    def create_list(
        self,
        *,
        name: str,
        label: str,
        expires: date,
        created_by: str,
        subscribers: Sequence[str],
        alert_conditions: Mapping[str, object],
    ) -> WireList:
        """Create a list; the answer lacks its counts and times."""
        request = wire.create_list_request(
            name=name,
            label=label,
            expires=expires,
            created_by=created_by,
            subscribers=subscribers,
            alert_conditions=alert_conditions,
            unknown_hint=f"`couponhub lists ls {self._connection}` shows whether it is there",
        )
        return self._transport.call(request, self._replies.list)

    def fetch_lists(self, status: str, *, deadline: Deadline | None = None) -> WireRows[WireList]:
        """All lists of one of MoEngage's status words."""
        return self._transport.call(wire.fetch_lists_request(status), self._replies.lists, deadline=deadline)

    def fetch_list(self, list_id: str, *, deadline: Deadline | None = None) -> WireList:
        """One list."""
        return self._transport.call(
            wire.fetch_list_request(list_id), partial(self._read_list, list_id), deadline=deadline
        )

    def update_list(
        self,
        list_id: str,
        *,
        name: str | None,
        expires: date | None,
        subscribers: Sequence[str] | None,
        alert_conditions: Mapping[str, object] | None,
    ) -> WireList:
        """Change of a list what is given."""
        request = wire.update_list_request(
            list_id,
            name=name,
            expires=expires,
            subscribers=subscribers,
            alert_conditions=alert_conditions,
            unknown_hint=self._look_at_list(list_id),
        )
        return self._transport.call(request, partial(self._read_list, list_id))

    def activate_list(self, list_id: str, expires: date) -> None:
        """Bring an archived or expired list back, without its codes."""
        request = wire.activate_list_request(
            list_id, expires=expires, unknown_hint=self._look_at_list(list_id)
        )
        self._transport.call(request, self._replies.nothing)

    def archive_list(self, list_id: str) -> None:
        """Retire a list; the codes left in it are deleted."""
        request = wire.archive_list_request(list_id, unknown_hint=self._look_at_list(list_id))
        self._transport.call(request, self._replies.nothing)

    def upload_file(
        self,
        list_id: str,
        file: FileUrl,
        *,
        name: str,
        created_by: str,
        callback: str | None,
        deadline: Deadline | None = None,
    ) -> WireFile:
        """Have MoEngage fetch a file; the answer says only that it was accepted."""
        request = wire.upload_file_request(
            list_id,
            file_url=file.url,
            name=name,
            created_by=created_by,
            username=file.username,
            password=file.password,
            callback_url=callback,
            unknown_hint=self._look_at_files(list_id),
        )
        return self._transport.call(request, partial(self._read_file, list_id, None), deadline=deadline)

    def fetch_files(self, list_id: str, *, deadline: Deadline | None = None) -> WireRows[WireFile]:
        """All files of a list that were not deleted."""
        request = wire.fetch_files_request(list_id)
        return self._transport.call(request, partial(self._read_files, list_id), deadline=deadline)

    def fetch_file(self, list_id: str, file_id: str, *, deadline: Deadline | None = None) -> WireFile:
        """One file."""
        request = wire.fetch_file_request(list_id, file_id)
        return self._transport.call(request, partial(self._read_file, list_id, file_id), deadline=deadline)

    def delete_file(self, list_id: str, file_id: str) -> None:
        """Delete a file with its codes."""
        request = wire.delete_file_request(list_id, file_id, unknown_hint=self._look_at_files(list_id))
        self._transport.call(request, self._replies.nothing)

    def request_usage_report(self, list_id: str, start: date, end: date, recipients: Sequence[str]) -> str:
        """Queue a report; the answer is a sentence."""
        request = wire.usage_report_request(
            list_id,
            start=start,
            end=end,
            recipients=recipients,
            unknown_hint="see whether the report reaches its recipients before requesting it again",
        )
        return self._transport.call(request, self._replies.sentence)

    def call(self, method: str, path: str, query: Mapping[str, str | Sequence[str]], body: object) -> object:
        """Call an endpoint that has no method here; None for an empty answer."""
        return self._transport.call(wire.any_request(method, path, query, body), self._replies.anything)

    def _read_list(self, list_id: str, reply: Reply) -> WireList:
        found = self._replies.list(reply)
        if found.id != list_id:
            raise _about_another("list")
        return found

    def _read_file(self, list_id: str, file_id: str | None, reply: Reply) -> WireFile:
        found = self._replies.file(reply)
        if found.id != (file_id or found.id) or found.list_id not in {list_id, None, ""}:
            raise _about_another("file")
        return found

    def _read_files(self, list_id: str, reply: Reply) -> WireRows[WireFile]:
        found = self._replies.files(reply)
        if any(file.list_id not in {list_id, None, ""} for file in found.readable):
            raise _about_another("list")
        return found

    def _look_at_list(self, list_id: str) -> str:
        return f"`couponhub lists show {self._connection} {list_id}` shows how it stands"

    def _look_at_files(self, list_id: str) -> str:
        return f"`couponhub uploads ls {self._connection} {list_id}` shows whether it is there"


def _about_another(what: str) -> UnreadableReply:
    return UnreadableReply(f"the answer is about another {what} than was asked for")
