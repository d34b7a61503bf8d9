"""The log of a server: a line of JSON for each record, or a line of text, and no traceback that quotes anything."""

import json
import logging
import logging.config
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from types import TracebackType
from typing import Any

import attrs

from couponhub.errors import CouponhubError
from couponhub.shown import shown

_log = logging.getLogger(__name__)

LEVELS = ("debug", "info", "warning", "error")


class LogFormat(StrEnum):
    """The form of a line."""

    TEXT = "text"
    """For people at a terminal."""
    JSON = "json"
    """For programs: an object with `time`, `level`, `logger` and `message`."""


@attrs.frozen(kw_only=True)
class LogSettings:
    """The form in which all processes of a server write their lines.

    Attributes:
        format: As JSON or as text.
        level: One of `LEVELS`; requests and calls to vendors are `info`.
    """

    format: LogFormat = LogFormat.JSON
    level: str = "info"

    @property
    def tells_requests(self) -> bool:
        """True when each request gets its line."""
        return self.level in {"debug", "info"}

    def formatter(self) -> logging.Formatter:
        """Return what makes lines of records."""
        return JsonFormatter() if self.format is LogFormat.JSON else TextFormatter()

    def as_dict_config(self) -> dict[str, Any]:
        """Return the same for `logging.config.dictConfig`."""
        return {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": self.formatter}},
            "handlers": {
                "stderr": {"()": "couponhub.server.log_lines.LinesHandler", "formatter": "line"},
            },
            "loggers": {"_granian": {"level": "ERROR"}},
            "root": {"handlers": ["stderr"], "level": self.level.upper()},
        }

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let this process write so for the length of the block; what waits then is written at its end."""
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        hooks = sys.excepthook, threading.excepthook, sys.unraisablehook, logging.raiseExceptions
        self.apply()
        try:
            yield
        finally:
            for handler in root.handlers:
                handler.flush()
            logging.captureWarnings(capture=False)
            sys.excepthook, threading.excepthook, sys.unraisablehook, logging.raiseExceptions = hooks
            root.handlers[:] = handlers
            root.setLevel(level)

    def apply(self) -> None:
        """Let this process write so from now on, also what nobody has caught, and warnings of libraries."""
        logging.config.dictConfig(self.as_dict_config())
        logging.captureWarnings(capture=True)
        logging.raiseExceptions = False  # it would print a traceback with the record's arguments
        sys.excepthook = _uncaught
        threading.excepthook = lambda told: _uncaught(told.exc_type, told.exc_value, told.exc_traceback)
        sys.unraisablehook = lambda told: _uncaught(told.exc_type, told.exc_value, told.exc_traceback)


def time_text(seconds: float) -> str:
    """Return a moment, in seconds since 1970, as RFC 3339 in UTC to the millisecond."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03}Z"


class JsonFormatter(logging.Formatter):
    """Writes a record as an object: time, level, logger, message, and the record's `fields` and `vendor_call`."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one."""
        document: dict[str, Any] = {
            "time": time_text(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if (call := getattr(record, "vendor_call", None)) is not None:
            document["vendor_call"] = call
        if record.exc_info and record.exc_info[0] is not None:
            document["exception"] = _named(*record.exc_info)
            document["at"] = places_of(record.exc_info[2])
        return json.dumps(document, default=str)


class TextFormatter(logging.Formatter):
    """Writes a record as a line, with its `fields` behind it; where it happened stands on further, indented lines."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one."""
        fields = getattr(record, "fields", {})
        told = "".join(f" {name}={value}" for name, value in fields.items() if not isinstance(value, list))
        line = f"{time_text(record.created)} {record.levelname:7} {record.name}: {record.getMessage()}{told}"
        line = "\n".join(
            [line, *(one for value in fields.values() if isinstance(value, list) for one in value)]
        )
        if record.exc_info and record.exc_info[0] is not None:
            line = "\n".join([f"{line}: {_named(*record.exc_info)}", *places_of(record.exc_info[2])])
        return shown(line, keep="\n").replace("\n", "\n    ")


def _uncaught(kind: type[BaseException], error: BaseException | None, places: TracebackType | None) -> None:
    if issubclass(kind, (KeyboardInterrupt, SystemExit)):
        return
    raised = error if error is not None else kind()
    _log.critical("nobody has caught an error", exc_info=(kind, raised, places))


def _named(kind: type[BaseException] | None, error: BaseException | None, _: object) -> str:
    """The error's class, and its text only where that is ours: another's may quote a customer or a code."""
    name = "" if kind is None else kind.__qualname__
    return f"{name}: {error}" if isinstance(error, CouponhubError) else name


def places_of(places: TracebackType | None) -> list[str]:
    """Return where an error went through, outermost first; the lines of the source are left out."""
    return [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(places)]
