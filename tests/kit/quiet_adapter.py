"""The part that every adapter has, of one that has nothing to say: a base for doubles of vendors."""

from collections.abc import Mapping

from couponhub.clock import Deadline


class QuietAdapter:
    """See `couponhub.protocols.Adapter`."""

    limits: Mapping[str, int] = {}

    def advice(self, capability: str) -> str:
        """Nothing to say of a capability."""
        return capability and ""

    def check(self, *, deadline: Deadline | None = None) -> str:
        """Nothing to prove."""
        del deadline
        return ""

    def quota_left(self) -> Mapping[str, int]:
        """Nothing is counted."""
        return {}

    def call(self, *_: object, **__: object) -> object:
        """Nothing to call."""
        return None

    def close(self) -> None:
        """Nothing to close."""
