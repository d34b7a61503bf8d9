"""Faults of Redis, told in one line: what failed, where, and the mend; never a password."""

import re

from couponhub.errors import LocalError

_MENDS = (
    (("WRONGPASS", "NOAUTH", "invalid password", "AUTH <password>"), "check user and password in [shared] url"),
    (("NOPERM",), "grant it to the user of [shared] url: ~couponhub:* +@read +@write +@scripting +@connection +time"),
    (("DB index", "invalid DB"), "name a database that the server has in [shared] url, such as /0"),
    (("OOM",), "give Redis more memory (maxmemory), or let it drop what is old (maxmemory-policy volatile-lru)"),
    (("READONLY",), "name the primary in [shared] url; this one may only be read"),
    (("MISCONF",), "free disk space of Redis' machine: it cannot save, and refuses to write"),
    (("LOADING", "BUSY", "MASTERDOWN"), "it is used again by itself once the server is ready"),
    (("MOVED", "CROSSSLOT", "CLUSTERDOWN"), "name a Redis without cluster mode in [shared] url"),
    (("CERTIFICATE_VERIFY_FAILED", "certificate"), "trust its certificate: rediss://...?ssl_ca_certs=/path/of/ca.pem"),
    (("WRONG_VERSION_NUMBER", "wrong version number", "RECORD_LAYER", "record layer", "EOF occurred"),
     "the server speaks no TLS there: write redis://, or name its TLS port"),
    (("Connection closed by server", "Connection reset", "Protocol Error"),
     "where the server asks for TLS, write rediss:// in [shared] url"),
    (("Name or service not known", "getaddrinfo", "nodename nor servname", "name resolution"),
     "check the host in [shared] url"),
    (("max number of clients",), "let Redis take more clients (maxclients)"),
)  # fmt: skip
"""The mends, by words of the fault."""
_PREFACE = re.compile(r"^Error -?\d+ connecting to \S+\. ")
"""Of faults of the network, which repeats the address."""
_ELSE = "start the server, or name another one in [shared] url"


def word_of(error: Exception) -> str:
    """Return what the server or the library says, as one line."""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return _PREFACE.sub("", " ".join(first.split())).rstrip(".")


def told(error: Exception, place: str) -> LocalError:
    """Return a fault as an error of ours.

    Args:
        error: As redis-py raised it.
        place: The server, for people, without user and password.
    """
    word = word_of(error)
    mend = next((mend for words, mend in _MENDS if any(one.lower() in word.lower() for one in words)), _ELSE)
    return LocalError(f"what machines share, {place}, cannot be used: {word}", hint=mend)
