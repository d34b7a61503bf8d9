"""Tells every process that shares the state that people were forgotten, so that none goes on remembering them."""

from typing import Protocol

import attrs

from couponhub.errors import LocalError


class InvalidationSignal(Protocol):
    """A value that is another after each erasure; it says nothing of whom it was about. Thread-safe.

    Whoever only looks up must be able to notice, also where nothing may be written. Whoever cannot learn of erasures
    may remember nothing for long, and so has to know that he cannot.
    """

    def announce(self) -> None:
        """Change the value, for all others and for good when this returns.

        Raises:
            LocalError: It cannot be written.
        """
        ...

    def latest(self) -> bytes:
        """Return the value; b"" while there was no erasure.

        Raises:
            LocalError: The state lies elsewhere and has not answered within a few seconds. A file of this machine that
                cannot be read stands for no erasure: nobody could have announced one in it.
        """
        ...


@attrs.frozen
class JoinedSignal:
    """Several signals as one: an erasure is announced by each, and noticed by any."""

    signals: tuple[InvalidationSignal, ...]

    def announce(self) -> None:
        """As `InvalidationSignal.announce`; none is passed over where one fails before it."""
        failure: LocalError | None = None
        for signal in self.signals:
            try:
                signal.announce()
            except LocalError as error:
                failure = error
        if failure is not None:
            raise failure

    def latest(self) -> bytes:
        """As `InvalidationSignal.latest`."""
        return b"|".join(signal.latest() for signal in self.signals)
