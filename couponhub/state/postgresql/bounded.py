"""The kind of connection that we use of psycopg's; the driver is loaded when it is first asked for."""

import logging
import time
from collections.abc import Generator
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from couponhub.errors import ConfigError

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.abc import PQGen

    _Base = Connection[Any]
else:
    _Base = object

_T = TypeVar("_T")


class BoundedConnection(_Base):
    """A connection that gives up a server which does not answer, where psycopg would wait for ever.

    Attributes:
        answer_seconds: For each answer, or each part of one.
    """

    answer_seconds = 60.0

    def wait(self, gen: "PQGen[_T]", interval: float = 0.1, timeout: float | None = None) -> _T:  # noqa: ARG002 - psycopg's
        """As psycopg's `Connection.wait`."""
        return super().wait(self._until(gen, time.monotonic() + self.answer_seconds), interval)

    def _until(self, gen: "PQGen[_T]", deadline: float) -> Generator[Any, Any, _T]:
        ready: Any = None
        while True:
            try:
                wanted = gen.send(ready)
            except StopIteration as end:
                answer: _T = end.value
                return answer
            ready = yield wanted
            if not ready and time.monotonic() >= deadline:
                from psycopg import OperationalError  # noqa: PLC0415 - an extra

                self.pgconn.finish()  # what it would say now belongs to no statement any more
                raise OperationalError(f"no answer within {self.answer_seconds:.0f} seconds")


@cache
def bounded_connections() -> type[BoundedConnection]:
    """Return the class, with the driver under it.

    Raises:
        ConfigError: The driver is not installed.
    """
    try:
        from psycopg import Connection  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigError(
            "[store] url names PostgreSQL, and its driver is not installed",
            hint="pip install 'couponhub[postgresql]'",
        ) from None
    # What it notes of a connection that was cut is told by the error; where nobody listens it would stand on stderr beside that.
    logging.getLogger("psycopg").addHandler(logging.NullHandler())
    return type("BoundedConnection", (BoundedConnection, Connection), {})
