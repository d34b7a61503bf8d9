"""Writing down who does what: once and before it is done, whichever way somebody came.

The edges say who acts: a server for each request, a page for each session; whoever else calls is the user of the operating
system. The core says what is done: so an act is written down in one place, not by each command, endpoint and page. What
a job does when its time has come is no act: it was written down when somebody asked for it.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import attrs

from couponhub.errors import CouponhubError, LocalError, OutcomeUnknown
from couponhub.state import AuditAction, AuditLog, AuditOutcome

_log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class Actor:
    """The one who acts.

    Attributes:
        who: A token's id, `oidc:NAME`, or `local:USER` of the operating system.
        name: For people.
        request_id: Of the HTTP request; None for what comes by another way.
    """

    who: str
    name: str
    request_id: str | None = None


@attrs.define(kw_only=True)
class Act:
    """An act that is under way.

    Attributes:
        made: What it has made, or what it is about, where that is known only now: an id.
    """

    made: str | None = None


# Of a call, not of the process: threads that a call starts for its own ends are given them with its context.
_actor: ContextVar[Actor | None] = ContextVar("couponhub actor", default=None)
_is_written: ContextVar[bool] = ContextVar("couponhub act that is written down", default=False)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Have whatever is done in the block be done by somebody."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


@contextmanager
def as_was_asked() -> Iterator[None]:
    """Write nothing down of what is done in the block: somebody asked for it, and that is written down."""
    token = _is_written.set(True)
    try:
        yield
    finally:
        _is_written.reset(token)


def current_actor() -> Actor:
    """Return who acts; the user of the operating system where nobody said otherwise."""
    named = _actor.get()
    if named is not None:
        return named
    user = _local_user()
    return Actor(who=f"local:{user}", name=user)


@attrs.frozen
class Auditor:
    """Writes acts down.

    Args:
        log: Gives the log; None where nobody keeps one, as in tests of one part.
    """

    _log: Callable[[], AuditLog] | None = None

    @contextmanager
    def act(
        self,
        action: AuditAction,
        *,
        connection: str | None = None,
        list_id: str | None = None,
        reference: str | None = None,
    ) -> Iterator[Act]:
        """Write down what is done in the block, before it and with its outcome; an act within an act is a part of it.

        The outcome is written after the act, whose end no fault of the log changes: what was sent is not sent again for it.

        Args:
            action: What is done.
            connection: Where; None for what concerns none.
            list_id: To which list.
            reference: Which upload, job or token; of a code a keyed hash, of customers nothing.

        Raises:
            LocalError: It cannot be written down, so nothing was done.
        """
        act = Act()
        if self._log is None or _is_written.get():
            yield act
            return
        event_id = self._begin(action, connection, list_id, reference)
        token = _is_written.set(True)
        outcome = AuditOutcome.UNKNOWN  # of what was broken off
        try:
            yield act
            outcome = AuditOutcome.DONE
        except OutcomeUnknown:
            raise
        except Exception:
            outcome = AuditOutcome.FAILED
            raise
        finally:
            _is_written.reset(token)
            self._end(event_id, outcome, act)

    def note(
        self,
        action: AuditAction,
        *,
        connection: str | None = None,
        list_id: str | None = None,
        reference: str | None = None,
    ) -> None:
        """Write down an act that is done as soon as it is written down, as what is shown in the answer; else as `act`."""
        if self._log is not None and not _is_written.get():
            self._begin(action, connection, list_id, reference, AuditOutcome.DONE)

    def _begin(
        self,
        action: AuditAction,
        connection: str | None,
        list_id: str | None,
        reference: str | None,
        outcome: AuditOutcome | None = None,
    ) -> str:
        assert self._log is not None  # noqa: S101 - of the callers
        actor = current_actor()
        try:
            event = self._log().begin(
                action,
                who=actor.who,
                name=actor.name,
                connection=connection,
                list_id=list_id,
                reference=reference,
                request_id=actor.request_id,
                outcome=outcome,
            )
        except LocalError as error:
            raise LocalError(
                f"this cannot be written to the audit log, so nothing was done: {error.message}",
                hint=error.hint,
            ) from error
        return event.id

    def _end(self, event_id: str, outcome: AuditOutcome, act: Act) -> None:
        assert self._log is not None  # noqa: S101 - of the callers
        try:
            self._log().end(event_id, outcome, reference=act.made)
        except CouponhubError as error:
            # An act that failed tells of itself, and mostly of the same.
            level = logging.WARNING if outcome is AuditOutcome.DONE else logging.INFO
            _log.log(
                level, "the outcome of %s cannot be written to the audit log: %s", event_id, error.message
            )


UNWRITTEN = Auditor()
"""Writes nothing down: for parts that are used alone."""


def _local_user() -> str:
    """Return the user that the process runs as, whatever its environment says."""
    if sys.platform != "win32":
        import pwd  # noqa: PLC0415 - of this system

        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            return str(os.getuid())
    import getpass  # noqa: PLC0415 - of the other one

    try:
        return getpass.getuser()
    except OSError:
        return "unknown"
