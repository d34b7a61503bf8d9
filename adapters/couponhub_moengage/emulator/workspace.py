"""The vendor's API without HTTP: every operation on lists and files, and the usage report's order."""

from datetime import date

from couponhub_moengage.emulator.http import answers, refusals
from couponhub_moengage.emulator.http.answers import Answer
from couponhub_moengage.emulator.http.bodies import FileOrder, ListUpdate, NewList, ReportOrder
from couponhub_moengage.emulator.lists import ListStatus
from couponhub_moengage.emulator.mails import messages
from couponhub_moengage.emulator.state import State


class Workspace:
    """The vendor's operations. Each raises `Refusal` when the vendor would not do it."""

    def __init__(self, state: State) -> None:
        self._state = state

    def create_list(self, new: NewList) -> Answer:
        """Add an empty list."""
        with self._state.settled() as now:
            limit = self._state.options.lists_limit
            if limit and len(self._state.lists) >= limit:
                raise refusals.too_many_lists()
            return answers.list_created(self._state.add_list(new, now))

    def fetch_lists(self, status: ListStatus | None) -> list[Answer]:
        """All lists of a status, or the ones that are answered by default, in the order of creation."""
        with self._state.settled():
            if status is None and self._state.options.fetch_all_default == "ACTIVE":
                status = ListStatus.ACTIVE
            return [
                answers.list_item(held, self._state.options)
                for held in self._state.lists.values()
                if status is None or held.status is status
            ]

    def fetch_list(self, list_id: str) -> Answer:
        """One list."""
        with self._state.settled():
            return answers.list_details(self._state.list_of(list_id))

    def update_list(self, list_id: str, update: ListUpdate) -> Answer:
        """Change a list; an expired or archived one whose expiry is (now) to come is active again."""
        with self._state.settled() as now:
            held = self._state.list_of(list_id)
            expires_at = self._state.end_of(update.expires) if update.expires else held.expires_at
            alerts = update.alerts or held.alerts
            if expires_at <= now:
                raise refusals.past_expiry()
            if update.expires or update.alerts:
                alerts.refuse_beyond(self._state.day_of(expires_at), self._state.day_of(now))
            if update.name is not None and update.name != held.name:
                self._state.refuse_taken_name(update.name)
                held.name = update.name
            if update.subscribers is not None:
                held.subscribers = update.subscribers
            held.alerts, held.expires_at = alerts, expires_at
            held.status, held.updated_at = ListStatus.ACTIVE, now
            return answers.list_updated(held, self._state.options)

    def activate_list(self, list_id: str, expires: date) -> None:
        """Bring an expired or archived list back, without its codes."""
        with self._state.settled() as now:
            held = self._state.list_of(list_id)
            if held.active:
                if self._state.options.idempotent_transitions:
                    return
                raise refusals.already_active()
            expires_at = self._state.end_of(expires)
            if expires_at <= now:
                raise refusals.past_expiry()
            held.status, held.expires_at, held.updated_at = ListStatus.ACTIVE, expires_at, now

    def archive_list(self, list_id: str) -> None:
        """Retire a list; the codes that were not handed out are gone."""
        with self._state.settled() as now:
            held = self._state.list_of(list_id)
            if not held.active:
                if self._state.options.idempotent_transitions:
                    return
                raise refusals.not_active()
            held.retire(ListStatus.ARCHIVED)
            held.updated_at = now

    def add_file(self, list_id: str, order: FileOrder) -> Answer:
        """Accept a file for processing."""
        with self._state.settled() as now:
            held = self._state.list_of(list_id)
            if not held.active:
                raise refusals.not_active()
            return answers.file_accepted(self._state.add_file(held, order, now), self._state.options)

    def fetch_files(self, list_id: str) -> list[Answer]:
        """The files of a list that were not deleted, in the order of their upload."""
        with self._state.settled():
            return [
                answers.file_item(file, self._state.options)
                for file in self._state.list_of(list_id).files.values()
            ]

    def fetch_file(self, list_id: str, file_id: str) -> Answer:
        """One file."""
        with self._state.settled():
            return answers.file_details(
                self._state.file_of(self._state.list_of(list_id), file_id), self._state.options
            )

    def delete_file(self, list_id: str, file_id: str) -> None:
        """Forget a file, and its codes that were not handed out; one that waits is not processed any more."""
        with self._state.settled() as now:
            held = self._state.list_of(list_id)
            file = self._state.file_of(held, file_id)
            before = len(held.available)
            removed = held.remove_codes_of(file)
            if self._state.options.total_drops_on_delete:
                held.total -= removed
            del held.files[file_id]
            self._state.send(messages.shortage_alert(held, before, now))

    def report_sentence(self, list_id: str, order: ReportOrder) -> str:
        """Check that a report can be made; answers what the vendor says when it can."""
        with self._state.settled():
            held = self._state.lists.get(list_id)
            if held is None:
                raise refusals.unknown_list(404)
            if order.start < self._state.day_of(held.created_at):
                raise refusals.report_before_creation()
            return (
                f"The usage report for the {held.name} coupons is being processed"
                " and will be sent to email alert subscribers shortly."
            )
