"""What lives in one process, with its locks and network connections."""

from typing import NoReturn

from couponhub.errors import UsageError


class Rooted:
    """Refuses to be pickled and copied, in words: what came of it would be neither the same nor of use."""

    def __reduce_ex__(self, _: object, /) -> NoReturn:
        raise UsageError(
            f"{type(self).__name__} lives in its process, and can be neither pickled nor copied",
            hint="open one in each process, and pass on what it answers",
        )
