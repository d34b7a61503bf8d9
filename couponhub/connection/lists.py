"""The coupon lists of a connection."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import TypeVar

from couponhub.auditing import UNWRITTEN, Auditor
from couponhub.capabilities import Offered
from couponhub.clock import SYSTEM_CLOCK, Clock
from couponhub.error_context import ErrorContext
from couponhub.errors import UnreadableReply
from couponhub.models import CouponList, ListChange, ListId, ListStatus, NewCouponList, Tagging
from couponhub.models.base import given_list_id
from couponhub.models.given import given_day, given_one, given_word
from couponhub.protocols import (
    AcceptsFiles,
    AcceptsFileUrls,
    ActivatesLists,
    ArchivesLists,
    ChecksNewLists,
    ReadsLists,
    WritesLists,
)
from couponhub.rooted import Rooted
from couponhub.safe_writes import change_once, write_once
from couponhub.state import AuditAction

T = TypeVar("T")


class Lists(Rooted):
    """The coupon lists of a connection. Thread-safe.

    Every method may raise `Unsupported` when the vendor lacks what is asked for, with what to do instead as its hint;
    `VendorError`, of which those that tell something of the list are named at each method; and `UsageError` for an
    argument that is nothing of what it may be, before anything is sent.

    Args:
        name: The connection's name.
        offered: What its adapter offers.
        settle: Seconds after a lost answer until absence at the vendor counts as proof.
        clock: How that time passes.
        auditor: Writes down what is changed.
    """

    def __init__(
        self,
        name: str,
        offered: Offered,
        *,
        settle: float = 30.0,
        clock: Clock = SYSTEM_CLOCK,
        auditor: Auditor = UNWRITTEN,
    ) -> None:
        self._name = name
        self._auditor = auditor
        self._offered = offered
        self._settle = settle
        self._clock = clock

    def get(self, list_id: str) -> CouponList:
        """Return one list as the vendor holds it now.

        Args:
            list_id: The vendor's id of it.

        Raises:
            NotFound: The vendor knows no such list.
        """
        with ErrorContext(self._name, "read list"):
            return self._offered.require(ReadsLists).get_list(given_list_id(list_id))

    def iterate(self, status: ListStatus | str | None = None) -> Iterator[CouponList]:
        """Return all lists of a status, each once, in the vendor's order; nothing at all when there is none.

        Pages are fetched as they are consumed, so that an error of the vendor may come after some lists. What is wrong
        with the call itself is raised at once.

        Args:
            status: A member or its word in any case; None for lists of every status.

        Raises:
            UnreadableReply: At the end, after all lists that could be read: one or more could not.
        """
        at = ErrorContext(self._name, "read lists")
        with at:
            wanted = None if status is None else given_word(ListStatus, status, "status")
            lists = self._offered.require(ReadsLists).iterate_lists(wanted)
        return at.each(lists)

    def create(self, new: NewCouponList) -> CouponList:
        """Create a list, and return it as the vendor now holds it.

        When the answer is lost the list is looked for, at once and after the settling time; found, it is the
        answer, and proven absent it is created once more.

        Args:
            new: What it is to be like. Its last day counts in the zone that the vendor uses for the account.

        Raises:
            UsageError: Fields that the vendor requires are missing or wrong; all are named at once.
            Conflict: The name or the label is taken.
            OutcomeUnknown: The answer was lost, and whether the list is there cannot be found out.
        """
        with ErrorContext(self._name, "create list"):
            given_one(NewCouponList, new, "the new list")
            writer = self._offered.require(WritesLists)
            with self._auditor.act(AuditAction.CREATE_LIST, connection=self._name) as act:
                made = write_once(
                    lambda: writer.create_list(new),
                    lambda: writer.find_created(new),
                    settle=lambda: self._clock.sleep(self._settle),
                    what="the new list",
                    hint=f"see whether it is there with `couponhub lists ls {self._name}`",
                )
                act.made = made.id
                return made

    def find_created(self, new: NewCouponList) -> CouponList | None:
        """Look for the list that `create(new)` would have made; None when the vendor shows none now.

        Args:
            new: As of `create`.

        Raises:
            Unsupported: The vendor creates no lists.
            UsageError: As of `create`.
        """
        with ErrorContext(self._name, "read lists"):
            given_one(NewCouponList, new, "the new list")
            return self._offered.require(WritesLists).find_created(new)

    def check_new(self, new: NewCouponList) -> None:
        """Refuse a list that could not be created, as far as that can be told; nobody is asked.

        Args:
            new: As of `create`.

        Raises:
            UsageError: Fields that the vendor requires are missing or wrong; all are named at once.
        """
        with ErrorContext(self._name, "check new list"):
            given_one(NewCouponList, new, "the new list")
            writer = self._offered.require(WritesLists)
            if isinstance(writer, ChecksNewLists):
                writer.check_new_list(new)

    def check_takes_codes(self, list_id: str, tagging: Tagging | None = None) -> CouponList:
        """Return a list as the vendor holds it now, if it takes codes; nothing is sent.

        Args:
            list_id: The vendor's id of the list.
            tagging: The identifier that customers are to be named by; None for codes alone.

        Raises:
            NotFound: The vendor knows no such list.
            Conflict: The list stands so that codes would be refused.
            Unsupported: The list is of a kind that takes no codes, or the vendor cannot bind them like that.
        """
        with ErrorContext(self._name, "check list"):
            adapter = self._offered.adapter
            taker = adapter if isinstance(adapter, AcceptsFiles) else self._offered.require(AcceptsFileUrls)
            named = None if tagging is None else given_one(Tagging, tagging, "tagging")
            return taker.prepare_list(given_list_id(list_id), named)

    def update(self, list_id: str, change: ListChange) -> CouponList:
        """Change a list, and return it as the vendor now holds it; what the change does not name stays as it is.

        When the answer is lost the list is looked at, at once and after the settling time; so `activate` and
        `archive` do. Changed, it is the answer; not to be seen, the change is made once more.

        Args:
            list_id: The vendor's id of the list.
            change: What is to be another. Its last day counts in the zone that the vendor uses for the account.

        Raises:
            UsageError: Nothing is to be changed, or fields are wrong; all are named at once.
            NotFound: The vendor knows no such list.
            Conflict: The new name is taken, or the list stands so that it cannot be changed.
            UnreadableReply: What is to stay cannot be read, so that it would be lost; nothing was sent.
            OutcomeUnknown: The answer was lost, and whether the list is changed cannot be found out.
        """
        with ErrorContext(self._name, "update list"):
            changed = given_list_id(list_id)
            given_one(ListChange, change, "the change")
            writer = self._offered.require(WritesLists)
            return self._changed(
                AuditAction.UPDATE_LIST,
                changed,
                lambda: writer.update_list(changed, change),
                lambda: writer.find_changed(changed, change),
            )

    def activate(self, list_id: str, expires: date) -> None:
        """Bring an expired or archived list back until the end of a day. Codes that are gone do not come back.

        Args:
            list_id: The vendor's id of the list.
            expires: Its new last day, in the zone that the vendor uses for the account.

        Raises:
            NotFound: The vendor knows no such list.
            Conflict: The list stands so that it cannot be activated.
            OutcomeUnknown: The answer was lost, and how the list stands cannot be found out.
        """
        with ErrorContext(self._name, "activate list"):
            activated, day = given_list_id(list_id), given_day(expires, "expires")
            vendor = self._offered.require(ActivatesLists)

            def active() -> CouponList | None:
                asked = self._offered.require(WritesLists)
                found = asked.find_changed(activated, ListChange(expires=day))
                return found and _if_it_is(found, ListStatus.ACTIVE)

            self._changed(
                AuditAction.ACTIVATE_LIST, activated, lambda: vendor.activate_list(activated, day), active
            )

    def archive(self, list_id: str) -> None:
        """Retire a list for good. DESTRUCTIVE: the vendor deletes the codes that were not handed out.

        Args:
            list_id: The vendor's id of the list; nothing happens to one that is archived.

        Raises:
            NotFound: The vendor knows no such list.
            Conflict: The list stands so that it cannot be archived.
            OutcomeUnknown: The answer was lost, and how the list stands cannot be found out.
        """
        with ErrorContext(self._name, "archive list"):
            retired = given_list_id(list_id)
            vendor = self._offered.require(ArchivesLists)

            def archived() -> CouponList | None:
                found = self._offered.require(ReadsLists).get_list(retired)
                return _if_it_is(found, ListStatus.ARCHIVED)

            self._changed(AuditAction.ARCHIVE_LIST, retired, lambda: vendor.archive_list(retired), archived)

    def _changed(
        self, action: AuditAction, list_id: ListId, change: Callable[[], T], look: Callable[[], T | None]
    ) -> T:
        with self._auditor.act(action, connection=self._name, list_id=list_id):
            return change_once(change, look, settle=lambda: self._clock.sleep(self._settle))


def _if_it_is(found: CouponList, status: ListStatus) -> CouponList | None:
    """The list if it is of that status.

    Raises:
        UnreadableReply: The vendor's word for its status is new to us, so that nobody can tell.
    """
    if found.status is ListStatus.UNKNOWN:
        raise UnreadableReply("the list's status is unknown to us")
    return found if found.status is status else None
