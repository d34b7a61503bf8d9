"""Poolers between us and PostgreSQL: fine while each connection keeps its session, else refused."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from couponhub.errors import LocalError
from couponhub.state.postgresql.connections import close_quietly

if TYPE_CHECKING:
    from psycopg import Connection


def require_sessions(
    connection: "Connection[Any]", connect: Callable[[], "Connection[Any]"], place: str
) -> None:
    """Refuse a pooler that gives the sessions of two connections to one of the server's, as in its transaction mode.

    A lock of ours would then be held by whoever comes next, and be lost by us.

    Args:
        connection: In no transaction.
        connect: Opens another one.
        place: The database, for people.

    Raises:
        LocalError: It is such a one.
    """
    before = _server_process(connection)
    if before == connection.info.backend_pid:
        return  # what it was told when it began; a pooler tells a number of its own
    with ExitStack() as held:
        other = connect()
        held.callback(close_quietly, other)
        held.enter_context(other.transaction())
        # It is given the session that the first one has let go of between two statements, if that is how it works.
        is_shared = _server_process(other) == before or _server_process(connection) != before
    if is_shared:
        raise LocalError(
            f"the store {place} is reached through a pooler that keeps no sessions (transaction mode), in which locks"
            " are lost",
            hint="name PostgreSQL itself in [store] url, or a pool in session mode",
        )


def _server_process(connection: "Connection[Any]") -> int:
    (number,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (0,)
    return int(number)
