"""Faults of PostgreSQL, told in one line: what failed, where, and the mend; never a password."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from couponhub.errors import LocalError

_MENDS = {
    "28": "check user and password in [store] url",
    "3D": "make the database, or name another one in [store] url",
    "42501": "grant it to the user of [store] url; the schema `couponhub` is made on first use",
    "25006": "name the primary in [store] url; this one may only be read",
    "53": "free disk space or memory of the database's machine, or allow more connections",
    "55P03": "somebody uses the store for long; do the same again once that has ended",
    "57": "the server is stopping or starting; the same command works once it is back",
    "08": "start the server, or name another one in [store] url",
}
"""The mends, by the beginning of the state's code."""


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
        raise LocalError(f"the store {place} cannot be used: {_word(error)}", hint=_mend(error)) from None


def _mend(error: Exception) -> str:
    code = getattr(error, "sqlstate", None) or ("08" if "connect" in str(error) else "")
    return next((mend for begins, mend in _MENDS.items() if code.startswith(begins)), "")


def _word(error: Exception) -> str:
    """Return what the server or the library says, as one line; values of rows stand on later lines alone."""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return " ".join(first.split())
