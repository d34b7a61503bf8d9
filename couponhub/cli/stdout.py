"""Writing to stdout: whole, in UTF-8, with nothing in it that steers a terminal."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from couponhub.errors import LocalError
from couponhub.shown import is_visible, shortened, shown


def safe(text: str) -> str:
    """Text from elsewhere as people are shown it: nothing in it steers a terminal, is hidden, or fills the screen."""
    return shown(shortened(text))


def plain(value: Any) -> str:
    """A cell as text on one line."""
    match value:
        case None:
            return ""
        case bool():
            return json_text(value)
        case list():
            return ", ".join(plain(item) for item in value)
        case _:
            return safe(str(value))


def json_text(document: Any, indent: int | None = None) -> str:
    """JSON whose texts cannot steer a terminal either, and are valid UTF-8: the rest is written as its escape."""
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    if text.isascii():
        return text.replace("\x7f", "\\u007f")  # the one control character that JSON leaves as it is
    return "".join(char if char == "\n" or is_visible(char) else json.dumps(char)[1:-1] for char in text)


def write(text: str) -> None:
    """Write text, now."""
    click.echo(text.encode("utf-8", "backslashreplace"), nl=False)


@contextmanager
def on_stdout(done: str = "") -> Iterator[None]:
    """Print; that the reader went away (`| head`) ends the printing only, for the exit code is still to come.

    Args:
        done: What was done that the output was to tell of, for the error.

    Raises:
        LocalError: It cannot be written.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        abandon_stdout()
    except OSError as error:
        abandon_stdout()
        lost = f"stdout cannot be written: {error.strerror}"
        raise LocalError(f"{done}, but {lost}" if done else lost) from None


def abandon_stdout() -> None:
    """After a failed write: send the rest nowhere, or Python would complain once more when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
