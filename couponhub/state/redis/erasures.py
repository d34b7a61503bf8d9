"""The erasures that all machines heed: a number in Redis that each of them raises."""

from contextlib import suppress

from couponhub.errors import LocalError
from couponhub.state.machine_share import AwayError
from couponhub.state.redis.link import PREFIX, Link
from couponhub.state.redis.scripts import ERASE, LATEST

KEY = f"{PREFIX}erasures"


class Erasures:
    """An `InvalidationSignal` in Redis; the number stands beside each answer that is kept there.

    Args:
        link: The way there.
        is_told_by_store: Whether all machines hear of erasures from the store too, whose word each answer is sealed
            with: then nothing is missed while Redis is away.
    """

    def __init__(self, link: Link, *, is_told_by_store: bool) -> None:
        self._link = link
        self._is_told_by_store = is_told_by_store
        self.seen = 0

    def announce(self) -> None:
        """As `InvalidationSignal.announce`."""
        try:
            self.note(self._link.run(ERASE, [KEY], [self.seen])[0])
        except AwayError:
            if self._is_told_by_store:
                return
            raise LocalError(
                f"what machines share, {self._link.settings.place}, is away, so that answers remembered there and by"
                " other machines may still name the person",
                hint="repeat it once that is back; what was removed stays removed",
            ) from None

    def latest(self) -> bytes:
        """As `InvalidationSignal.latest`; what was seen last, while Redis is away."""
        with suppress(AwayError):
            self.note(self._link.run(LATEST, [KEY], [self.seen])[0])
        return str(self.seen).encode() if self.seen else b""

    def note(self, number: object) -> None:
        """Note the number that was just seen: it only grows."""
        if isinstance(number, int) and number > self.seen:
            self.seen = number
