"""Listening on a port of this machine, and what is said when that cannot be."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from couponhub.errors import LocalError


def listen(host: str, port: int, *, backlog: int | None = None) -> socket.socket:
    """A socket that listens there; port 0 takes a free one.

    Raises:
        LocalError: There is no such host or port, or it is taken.
    """
    if not 0 <= port <= 65535:
        raise LocalError(f"there is no port {port}", hint="ports go from 0, which takes a free one, to 65535")
    with told_why_not(host, port):
        # create_server would raise this as an error with a number that nothing has words for; and of a name it
        # would have to be told the family.
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=backlog)


@contextmanager
def told_why_not(host: str, port: int) -> Iterator[None]:
    """Tell of failures to listen there.

    Raises:
        LocalError: In the place of an error of the system.
    """
    try:
        yield
    except socket.gaierror as error:
        raise LocalError(f"cannot listen on {host}: no such host") from error
    except OSError as error:
        reason = "it is in use" if error.errno == errno.EADDRINUSE else os.strerror(error.errno or 0)
        raise LocalError(
            f"cannot listen on port {port} of {host}: {reason}",
            hint="stop what listens there, or choose another port; 0 takes a free one",
        ) from error


def family_of(address: str) -> socket.AddressFamily:
    """The family of an address, by its spelling."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET
