"""Faults of Redis, told in one line: what failed, where, and the mend; never a password."""

import re

from couponhub.errors import LocalError

_MENDS = (
    (("WRONGPASS", "NOAUTH", "invalid password", "invalid username-password", "Authentication required", "AUTH <password>"),
     "check user and password in [shared] url"),
    (("NOPERM", "no permission"),
     "grant it to the user of [shared] url: ~couponhub:* +@read +@write +@scripting +@connection +time"),
    (("DB index", "invalid DB"), "name a database that the server has in [shared] url, such as /0"),
    (("OOM", "maxmemory"), "give Redis more memory (maxmemory), or let it drop what is old (maxmemory-policy volatile-lru)"),
    (("READONLY", "read only replica"), "name the primary in [shared] url; this one may only be read"),
    (("MISCONF", "RDB snapshots", "persist"), "free disk space of Redis' machine: it cannot save, and refuses to write"),
    (("LOADING", "is loading", "BUSY", "MASTERDOWN"), "it is used again by itself once the server is ready"),
    (("MOVED", "CROSSSLOT", "same slot", "CLUSTERDOWN"), "name a Redis without cluster mode in [shared] url"),
    (("No such file",), "check the files that [shared] url names behind its ?"),
    (("CERTIFICATE_VERIFY_FAILED", "certificate"), "trust its certificate: rediss://...?ssl_ca_certs=/path/of/ca.pem"),
    (("WRONG_VERSION_NUMBER", "wrong version number", "RECORD_LAYER", "record layer", "EOF occurred"),
     "the server speaks no TLS there: write redis://, or name its TLS port"),
    (("Connection closed by server", "Connection reset", "Protocol Error"),
     "where the server asks for TLS, write rediss:// in [shared] url"),
    (("Name or service not known", "getaddrinfo", "nodename nor servname", "name resolution"),
     "check the host in [shared] url"),
    (("Timeout connecting",), "look whether the host can be reached from here, and speaks TLS exactly if it is rediss://"),
    (("Timeout reading",), "look whether the server is busy or stopped: it took the question and did not answer in time"),
    (("max number of clients",), "let Redis take more clients (maxclients)"),
)  # fmt: skip
"""The mends, by words of the fault."""
_AROUND = re.compile(r"^Error -?\d+ connecting to \S+\. |\.? script: [0-9a-f]{40}.*$")
"""Before and behind what is wrong: the address again, and the place in a script."""
_ELSE = "start the server, or name another one in [shared] url"


def word_of(error: Exception) -> str:
    """Return what the server or the library says, as one line."""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return _AROUND.sub("", " ".join(first.split())).rstrip(".")


def told(error: Exception, place: str) -> LocalError:
    """Return a fault as an error of ours.

    Args:
        error: As redis-py raised it.
        place: The server, for people, without user and password.
    """
    word = word_of(error)
    mend = next((mend for words, mend in _MENDS if any(one.lower() in word.lower() for one in words)), _ELSE)
    return LocalError(f"what machines share, {place}, cannot be used: {word}", hint=mend)
