"""Keeps secrets, codes and identifiers out of the logs of the libraries beneath us.

requests-oauthlib writes key, secret and token to its DEBUG log, urllib3 the URL with its query. Filters are
not inherited by child loggers, so each logger that does so gets its own.
"""

import logging

_ARGUMENTS_HOLD_SECRETS = ("requests_oauthlib.oauth2_session", "requests_oauthlib.oauth2_auth")
_ARGUMENTS_HOLD_URLS = ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.connection")


class _HideArguments(logging.Filter):
    """Keeps what was being done and hides with what."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.args:
            record.msg, record.args = _without_placeholders(str(record.msg)), ()
        return True


class _HideQueries(logging.Filter):
    """Cuts the query off every URL."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_without_query(argument) for argument in record.args)
        return True


def _without_placeholders(template: str) -> str:
    for placeholder in ("%s", "%r", "%d"):
        template = template.replace(placeholder, "***")
    return template


def _without_query(argument: object) -> object:
    if isinstance(argument, (int, float)):
        return argument
    text = str(argument)
    return f"{text.split('?', 1)[0]}?***" if "?" in text else argument


def redact_library_logs() -> None:
    """Put the filters in place; harmless to repeat."""
    for names, kind in ((_ARGUMENTS_HOLD_SECRETS, _HideArguments), (_ARGUMENTS_HOLD_URLS, _HideQueries)):
        for name in names:
            logger = logging.getLogger(name)
            if not any(isinstance(existing, kind) for existing in logger.filters):
                logger.addFilter(kind())
