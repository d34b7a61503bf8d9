"""Secrets by reference: `${NAME}`, `${NAME:-default}` and `${file:/run/secrets/x}` inside a config's texts.

The path of a file may hold variables, `${file:${CREDENTIALS_DIRECTORY}/x}`: each service of systemd has a folder of its own.
"""

import re
from collections.abc import Mapping
from pathlib import Path

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_VARIABLE = re.compile(rf"\$\{{(?P<name>{_NAME})(?P<default>:-[^{{}}]*)?\}}")
_PATH = rf"(?:[^{{}}]|\$\{{{_NAME}(?::-[^{{}}]*)?\}})+"
_REFERENCE = re.compile(rf"\$\{{file:(?P<file>{_PATH})\}}|{_VARIABLE.pattern}")


def resolve(text: str, environment: Mapping[str, str]) -> str:
    """`text` with every reference replaced; the values themselves are not searched again.

    A file's content loses its last line break, which editors add.

    Raises:
        ValueError: A variable is not set, a file cannot be read, or a reference is malformed. The text
            names the reference, never a value.
    """

    def variable(match: re.Match[str]) -> str:
        name = match["name"]
        value = environment.get(name)
        if value and not isinstance(value, str):
            raise ValueError(f"the environment variable {name} is {type(value).__name__}, not text")
        if value:
            return value
        if match["default"] is not None:
            return match["default"].removeprefix(":-")
        raise ValueError(f"the environment variable {name} is not set, or empty")

    def replaced(match: re.Match[str]) -> str:
        written: str | None = match["file"]
        return variable(match) if written is None else _content(_VARIABLE.sub(variable, written), written)

    if "${" in _REFERENCE.sub(" ", text):
        raise ValueError("a reference must look like ${NAME}, ${NAME:-default} or ${file:/path}")
    return _REFERENCE.sub(replaced, text)


def names_in(text: str) -> tuple[str, ...]:
    """Return the names of the variables that a text refers to."""
    return tuple(match["name"] for match in _VARIABLE.finditer(text))


def is_reference(text: str) -> bool:
    """Tell whether the text holds a reference, so that it is no literal secret."""
    return _REFERENCE.search(text) is not None


def _content(name: str, written: str) -> str:
    try:
        return Path(name).expanduser().read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except (ValueError, RuntimeError):  # a NUL in the name, or the home of nobody
        reason = "there can be no such file"
    raise ValueError(f"the file {written} cannot be read ({reason})")
