"""The parts that durable state rests on, and a look whether each can be reached."""

import time
from collections.abc import Callable
from enum import StrEnum

import attrs

from couponhub.errors import CouponhubError, LocalError


class ReachedPart(StrEnum):
    """The parts that can be looked at. A name is a word of JSON, and a label of figures."""

    STATE = "state"
    """Uploads, jobs, tokens, callback addresses. Without it nothing can be served."""
    FILES = "files"
    """Code sets, and the files of parts and jobs. Without it uploads wait."""
    USAGE_INDEX = "usage_index"
    """Imported usage reports. Without it lookups that need them say unknown."""
    SHARED = "shared"
    """The engine that `[shared]` names. Without it each machine goes on by itself."""


@attrs.frozen(kw_only=True)
class Reach:
    """The outcome of one look.

    Attributes:
        part: Which.
        kind: The engine, e.g. "sqlite", "postgresql", "s3".
        place: Where it lies, for people, without user and password.
        seconds: How long the look took.
        fault: Why it cannot be reached; None when it can. Its text is for the log: it may name paths and hosts.
    """

    part: ReachedPart
    kind: str
    place: str
    seconds: float
    fault: CouponhubError | None = None

    @property
    def is_up(self) -> bool:
        """True when it can be reached."""
        return self.fault is None


@attrs.frozen(kw_only=True, eq=False)
class PartProbe:
    """One part, and the way to look at it.

    Attributes:
        part: As of `Reach`.
        kind: As of `Reach`.
        place: As of `Reach`; "" where there is none.
        look: Takes the seconds after which the part counts as away, and raises CouponhubError when it cannot be reached
            by then. It makes and changes nothing, opens what it needs anew or asks through what is open, and is
            thread-safe.
    """

    part: ReachedPart
    kind: str
    place: str
    look: Callable[[float], None] = attrs.field(repr=False)

    def reach(self, timeout: float) -> Reach:
        """Look, and tell what came of it. Never raises.

        Args:
            timeout: Seconds that the look may take.
        """
        began = time.monotonic()
        fault: CouponhubError | None = None
        try:
            self.look(timeout)
        except CouponhubError as error:
            fault = error
        except Exception as error:  # noqa: BLE001 - a part that nobody can look at is away, whatever its library raises
            fault = LocalError(f"the {self.kind} of the part {self.part} fails with {type(error).__name__}")
        seconds = time.monotonic() - began
        return Reach(part=self.part, kind=self.kind, place=self.place, seconds=seconds, fault=fault)
