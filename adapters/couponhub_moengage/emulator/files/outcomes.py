"""Outcomes of a file or a report that was ordered: codes in a list, an end status, mails."""

import itertools
from collections.abc import Iterable, Iterator

import attrs

from couponhub.testing.emulation.vendor import EmulatedCustomer
from couponhub_moengage.emulator.http import answers
from couponhub_moengage.emulator.http.answers import Answer
from couponhub_moengage.emulator.http.bodies import ReportOrder
from couponhub_moengage.emulator.lists import CouponFile, EmulatedList, FileStatus
from couponhub_moengage.emulator.mails import messages
from couponhub_moengage.emulator.options import Options
from couponhub_moengage.emulator.state import State


class Outcomes:
    """The state changes of background work. A list or file that is gone by then is no error."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def options(self) -> Options:
        """The options now."""
        return self._state.options

    def waiting_file(self, list_id: str, file_id: str) -> CouponFile | None:
        """A file that is not finished, as it is now; None when it, or its list, is gone."""
        with self._state.settled():
            held = self._state.lists.get(list_id)
            file = held.files.get(file_id) if held else None
            return attrs.evolve(file) if file and not file.finished else None

    def show_processing(self, list_id: str, file_id: str) -> None:
        """Let a file that waits show as being processed."""
        with self._state.settled() as now:
            held = self._state.lists.get(list_id)
            file = held.files.get(file_id) if held else None
            if file and file.status is FileStatus.PENDING:
                file.become(FileStatus.PROCESSING, now)

    def must_fail(self) -> bool:
        """Tell whether the file that is begun now was told to fail; counts down."""
        with self._state.settled():
            left = self._state.options.fail_next_files
            self._state.options = attrs.evolve(self._state.options, fail_next_files=max(0, left - 1))
            return left > 0

    def finish_file(self, list_id: str, file_id: str, codes: Iterable[str]) -> Answer | None:
        """End a file's processing with the codes that were read from it, none when it could not be read.

        It failed when no code is new, when a limit is passed, or when the list is not active any more.
        Answers the file as a callback reports it, or None when it was deleted meanwhile.
        """
        with self._state.settled() as now:
            held = self._state.lists.get(list_id)
            file = held.files.get(file_id) if held else None
            if held is None or file is None or file.finished:
                return None
            new = held.new_codes(codes) if held.active else []
            if new and self._fits(held, len(new)):
                held.add(file, new)
                file.become(FileStatus.SUCCESS, now)
            else:
                file.become(FileStatus.FAILED, now)
            self._state.send(messages.file_alert(held, file, now))
            return answers.file_details(file, self._state.options)

    def mail_report(self, list_id: str, order: ReportOrder) -> None:
        """Mail who was given which code on the days of the order."""
        with self._state.settled() as now:
            held = self._state.lists.get(list_id)
            if held is not None:
                most = self._state.options.report_rows_limit or None
                rows = itertools.islice(self._usage(held, order), most)
                self._state.send(messages.usage_report(held, order, rows, now))

    def _fits(self, held: EmulatedList, more: int) -> bool:
        in_list = self._state.options.list_codes_limit
        in_workspace = self._state.options.workspace_codes_limit
        everywhere = sum(each.ever_added for each in self._state.lists.values())
        return (not in_list or held.ever_added + more <= in_list) and (
            not in_workspace or everywhere + more <= in_workspace
        )

    def _usage(self, held: EmulatedList, order: ReportOrder) -> Iterator[tuple[str, ...]]:
        for code, handout in sorted(held.issued.items(), key=lambda issued: issued[1].at):
            on_a_day = order.start <= self._state.day_of(handout.at) <= order.end
            if on_a_day and not handout.campaign.failed:
                yield (
                    self._user_id(self._state.customers[handout.customer]),
                    code,
                    handout.campaign.id,
                    handout.campaign.name,
                    handout.campaign.locale,
                    handout.campaign.variation,
                    answers.instant(handout.at),
                )

    def _user_id(self, customer: EmulatedCustomer) -> str:
        """Every user has one: who was made known without the identifier that it is shows by another."""
        wanted = getattr(customer, self._state.options.user_id_is)
        return wanted or next(
            filter(None, (customer.external_id, customer.id, customer.email, customer.mobile))
        )
