"""Faults of PostgreSQL, told in one line: what failed, where, and the mend; never a password."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from couponhub.errors import LocalError

_USER = "check user and password in [store] url"
_DATABASE = "make the database, or name another one in [store] url"
_ROOM = "free disk space of the database's machine; what was not written is not half written"
_CONNECTIONS = (
    "raise max_connections of the server, or run fewer processes: each holds up to 8, and one for each lock"
)
_BACK_SOON = "the server is stopping or starting; the same command works once it is back"
_START = "start the server, or name another one in [store] url"
GRANT = "grant it to the user of [store] url, as the page on many machines says"
PRIMARY = "name the primary in [store] url; this one may only be read"
_TLS = "see to TLS: sslmode and sslrootcert in [store] url, and the server's certificate"
_RESTORE = "restore the database from a backup; `couponhub store check` says more"

_BY_STATE = {
    "28": _USER,
    "3D": _DATABASE,
    "42501": GRANT,
    "42P01": "run `couponhub store upgrade`, or restore the database from a backup",
    "25006": PRIMARY,
    "53100": _ROOM,
    "53300": _CONNECTIONS,
    "53": "free memory of the database's machine",
    "55P03": "somebody else uses the same for long; run it again",
    "57014": "the server was too slow; repeat it, and look after its load",
    "57": _BACK_SOON,
    "25P03": "this process stood still within a transaction, which was taken back; repeat it",
    "40": "repeat it; nothing was written",
    "58": _ROOM,
    "XX001": _RESTORE,
    "XX002": _RESTORE,
    "08": _START,
}
"""The mends, by the beginning of the server's code for what happened; the first that fits."""
_BY_WORDS = {
    # Of a connection that was refused there is no code, only the server's words.
    "password authentication failed": _USER,
    "no password supplied": _USER,
    "no encryption": _TLS,
    "SSL": _TLS,
    "certificate": _TLS,
    "pg_hba.conf": "let this machine and user in, in the server's pg_hba.conf",
    "permission denied for database": GRANT,
    "too many": _CONNECTIONS,
    "remaining connection slots": _CONNECTIONS,
    "starting up": _BACK_SOON,
    "shutting down": _BACK_SOON,
    "in recovery": _BACK_SOON,
    "unsupported startup parameter": "the pooler in between refuses our connections: name PostgreSQL itself in [store] url",
    "translate host name": "check the host in [store] url",
    "role ": _USER,
    "database ": _DATABASE,
    "no answer": "look after the server and the network to it; what was asked for last may have been done or not",
}
"""The mends, by what is said; the first that fits."""
_WAY = re.compile(r"^(connection failed: )?connection to server .*? failed: ")


@contextmanager
def told_as_local(place: str) -> Iterator[None]:
    """Turn what psycopg raises into a LocalError.

    Args:
        place: The database, for people, without user and password.
    """
    try:
        yield
    except Exception as error:
        # Without the driver there is a fault of another kind.
        driver = sys.modules.get("psycopg")
        if driver is None or not isinstance(error, driver.Error):
            raise
        raise LocalError(f"the store {place} cannot be used: {_said(error)}", hint=_mend(error)) from None


def _mend(error: Exception) -> str:
    code = getattr(error, "sqlstate", None) or ""
    by_state = (
        next((mend for begins, mend in _BY_STATE.items() if code.startswith(begins)), "") if code else ""
    )
    if by_state or code:
        return by_state
    text = str(error)
    return next((mend for words, mend in _BY_WORDS.items() if words in text), _START)


def _said(error: Exception) -> str:
    """Return what the server or the library says, as one line; values of rows stand on later lines alone."""
    first, *more = str(error).strip().splitlines() or [type(error).__name__]
    if first.startswith("multiple connection attempts failed") and more:
        # Several hosts, or addresses of one: the last that was tried.
        first = more[-1].rpartition(": connection failed: ")[2]
    return " ".join(_WAY.sub("", first).split())
