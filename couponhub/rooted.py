"""Objects that live in one process, with their locks and network connections."""

from typing import NoReturn

from couponhub.errors import UsageError


class Rooted:
    """Says what it is in a shell, and refuses to be pickled and copied: what came of it would be neither the same nor of use."""

    def __repr__(self) -> str:
        try:
            return f"<{type(self).__name__}{self._title()}>"
        except AttributeError:  # a traceback shows what could not be made, too
            return f"<{type(self).__name__}, not made>"

    def _title(self) -> str:
        """The rest of its `repr` after the class's name, without any secret."""
        return ""

    def __reduce_ex__(self, _: object, /) -> NoReturn:
        raise UsageError(
            f"{type(self).__name__} lives in its process, and can be neither pickled nor copied",
            hint="open one in each process, and pass on what it answers",
        )
