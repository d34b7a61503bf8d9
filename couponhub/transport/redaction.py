"""Keeps secrets, codes and identifiers out of the logs of the libraries beneath us.

requests-oauthlib writes key, secret and token to its DEBUG log, urllib3 the URL with its query. Filters are
not inherited by child loggers, so each logger that does so gets its own.
"""

import logging

_LOGGERS = (
    "requests_oauthlib.oauth2_session",
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.util.retry",
)


class _HideArguments(logging.Filter):
    """Keeps what was being done and hides with what; numbers (statuses, sizes, ports) stay."""

    def filter(self, record: logging.LogRecord) -> bool:
        # A single mapping stands as the arguments themselves.
        arguments = record.args if isinstance(record.args, tuple) else (record.args,) if record.args else ()
        record.args = tuple(
            argument if isinstance(argument, (int, float)) else "***" for argument in arguments
        )
        record.exc_info = None
        return True


def redact_library_logs() -> None:
    """Put the filters in place; harmless to repeat."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(existing, _HideArguments) for existing in logger.filters):
            logger.addFilter(_HideArguments())
