"""Errors as callers may hear them: paths, settings and other internals of this machine are for its log alone."""

import logging

from couponhub.errors import ConfigError, CouponhubError, LocalError

_log = logging.getLogger(__name__)

_HINT = "the server's log says what it is"


def discreet(error: CouponhubError, request_id: str | None = None) -> CouponhubError:
    """Return the error for a caller; the text of one that tells of this machine goes to the log instead."""
    match error:
        case LocalError():
            text = "something on the server's machine cannot be used now"
        case ConfigError():
            text = "the server's configuration is wrong"
        case _:
            return error
    fields = {} if request_id is None else {"request_id": request_id}
    _log.error("%s", " / ".join(str(error).splitlines()), extra={"fields": fields})
    return type(error)(text, hint=_HINT, connection=error.connection, operation=error.operation)
