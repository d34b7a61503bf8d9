"""Removes people from one place after the other."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

import attrs

from couponhub.auditing import Auditor
from couponhub.clock import utc_now
from couponhub.erasure.report import Forgotten, Removal
from couponhub.errors import ConfigError, UsageError
from couponhub.lookup.identity import check_identity
from couponhub.models import Customer, Identifier, read_identifier
from couponhub.staging import FolderStaging, StagingKind, StagingSettings
from couponhub.state import AuditAction, InvalidationSignal, IsForgotten, Reaped, State
from couponhub.usage.index import UsageIndex

_NOBODY = (
    "rows of reports: no imported report names this person under any spelling of what was given; check it, and give"
    " every identifier that you know"
)
_IN_USE = "{where}: {count} belong to processes that run now, and may name customers; they go when those processes end"


@attrs.frozen(kw_only=True)
class Eraser:
    """Knows every place where this machine may keep something about a customer.

    Attributes:
        state: What is kept.
        signal: Tells other processes.
        staging: The settings of staged files.
        usage: The index of usage reports.
        drop_memories: Drops all that this process remembers.
        spellings: Gives the customer by each text under which a lookup would find them.
        vendors: The vendors' names, which keep what they keep.
    """

    state: State
    signal: InvalidationSignal
    staging: StagingSettings
    usage: UsageIndex
    drop_memories: Callable[[], None]
    spellings: Callable[[Customer], Iterable[Customer]]
    vendors: Sequence[str]

    def forget(self, customers: Iterable[Customer]) -> Forgotten:
        """Remove the customers, each under every spelling of the identifier that it is named by.

        Raises:
            UsageError: Nobody is named, or somebody by what can be no identifier of that kind; nothing is removed.
            LocalError: Something could not be removed; repeat it then, for what was removed stays so.
        """
        people = list(customers)
        if not people:
            raise UsageError("nobody is named who is to be forgotten")
        for person in people:
            check_identity(person, asked=1)
        with Auditor(lambda: self.state.audit).act(AuditAction.FORGET_CUSTOMERS):
            return self._forgotten(people)

    def _forgotten(self, people: Sequence[Customer]) -> Forgotten:
        spelled = [one for person in people for one in self.spellings(person)]
        rows = Removal(
            where="usage index", what="rows of imported reports", removed=self.usage.forget(spelled).rows
        )
        memory = self._empty_memories()
        files, in_use = self._reap()
        if waiting := self.state.forget(_meant(spelled)):
            files = [*files, Removal(where="jobs under way", what="rows of files", removed=waiting)]
        return Forgotten(
            identifiers=tuple(dict.fromkeys(person.identifier for person in people)),
            at=utc_now(),
            removals=(rows, memory, *files),
            remaining=(*([] if rows.removed else [_NOBODY]), *in_use, *self._out_of_reach()),
        )

    def _empty_memories(self) -> Removal:
        """Drop everybody's answers, since one may be remembered under an identifier that another vendor named."""
        self.signal.announce()
        self.drop_memories()
        return Removal(
            where="memory of lookups",
            what="answers, everybody's; other processes with this store drop theirs within 10 seconds",
        )

    def _reap(self) -> tuple[list[Removal], list[str]]:
        """Files of tagged uploads hold customers; only those of killed processes outlive their upload."""
        removals, left = [], []
        for where, reaped in self._reaped().items():
            removals.append(
                Removal(where=where, what="files that killed processes left", removed=reaped.removed)
            )
            if reaped.kept:
                left.append(_IN_USE.format(count=reaped.kept, where=where))
        return removals, left

    def _reaped(self) -> Mapping[str, Reaped]:
        reaped = dict(self.state.reap())
        if self.staging.kind is StagingKind.FOLDER:
            with suppress(ConfigError):  # then nothing was ever staged there
                reaped["staged files"] = FolderStaging(self.staging).reap()
        return reaped

    def _out_of_reach(self) -> Iterable[str]:
        if self.vendors:
            yield f"what the vendors keep: have {' and '.join(self.vendors)} erase the person too"
        yield "your own copies: backups of the store, code files that were sent, reports as they were mailed"
        yield "answers that others were given already: whoever got one may have kept it"


def _meant(spelled: Iterable[Customer]) -> IsForgotten:
    """Tell whether a text in a file names one of these, under any spelling that is read alike."""
    wanted = {(one.identifier, one.plain.casefold()) for one in spelled}

    def is_meant(kind: Identifier, text: str) -> bool:
        with suppress(UsageError):
            text = read_identifier(kind, text)
        return (kind, text.casefold()) in wanted

    return is_meant
