"""Answers of the kit itself, as opposed to the vendors: JSON, with instants as RFC 3339 in UTC."""

import json
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Response


def json_answer(value: Any, *, status: int = 200) -> Response:
    """Answer a JSON value; what JSON has no form for (a vendor's enum, date, path) becomes text."""
    return Response(json.dumps(value, default=str), status=status, mimetype="application/json")


def error_answer(message: str, *, status: int) -> Response:
    """Answer that something cannot be done, and why."""
    return json_answer({"error": message}, status=status)


def instant_text(instant: datetime) -> str:
    """An aware instant as RFC 3339 in UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
