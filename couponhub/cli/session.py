"""The common part of commands: an opened hub, days and instants as people write them, secrets that stay out of argv."""

import math
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from getpass import GetPassWarning, getpass
from pathlib import Path

import click

from couponhub.cli.failures import say
from couponhub.cli.options import GlobalOptions
from couponhub.errors import UsageError
from couponhub.hub import CouponHub
from couponhub.serialization import read_instant
from couponhub.transport.observing import Observer


@contextmanager
def opened_hub(options: GlobalOptions, observer: Observer | None = None) -> Iterator[CouponHub]:
    """The hub of the config that was asked for; the observer is told of its calls to vendors."""
    with CouponHub.from_config(options.config, observer=observer) as hub:
        yield hub


@contextmanager
def told_if_interrupted(text: str) -> Iterator[None]:
    """Say on Ctrl-C what may have been done by then."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"interrupted; {text}")
        raise click.exceptions.Exit(130) from None


def confirm(options: GlobalOptions, question: str) -> None:
    """Ask before what cannot be undone; `--yes` has answered.

    Raises:
        UsageError: It was denied, or nobody is there to be asked.
    """
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("this cannot be undone, and nobody is there to be asked", hint="add --yes")
    if not click.confirm(question, err=True):
        raise UsageError("nothing was done")


class Day(click.ParamType[date]):
    """A calendar day, YYYY-MM-DD."""

    name = "YYYY-MM-DD"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read one."""
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError:
            self.fail(f"{value!r} is no day of the form YYYY-MM-DD", param, ctx)


class Instant(click.ParamType[datetime]):
    """A day (its first second in UTC), or an RFC 3339 instant."""

    name = "YYYY-MM-DD or RFC 3339"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read one."""
        if isinstance(value, datetime):
            return value
        try:
            return read_instant(value)
        except ValueError as error:
            self.fail(f"{value!r} {error}", param, ctx)


class Seconds(click.ParamType[float]):
    """A length of time, above 0."""

    name = "SECONDS"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read one."""
        try:
            seconds = float(value)
        except ValueError:
            self.fail(f"{value!r} is no number of seconds", param, ctx)
        if not 0 < seconds < math.inf:
            self.fail(f"{value!r} is no number of seconds above 0", param, ctx)
        return seconds


def secret_value(given: str | None, prompt: str) -> str | None:
    """A secret flag's text: `@FILE` reads it from a file, `-` asks for it, anything else is the text itself.

    Raises:
        UsageError: The file cannot be read, or nobody answers.
    """
    if given == "-":
        try:
            # Warned of is that a pipe would show what is typed.
            with warnings.catch_warnings(action="ignore", category=GetPassWarning):
                return getpass(f"{prompt}: ")
        except EOFError:
            raise UsageError("no secret was given", hint="name a file that holds it with @FILE") from None
    if given is not None and given.startswith("@"):
        try:
            return Path(given[1:]).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"the file {given[1:]} that should hold the secret cannot be read") from None
    return given


def pairs(flag: str, words: Sequence[str]) -> dict[str, str]:
    """Return what a flag that takes KEY=VALUE was given, by key.

    Raises:
        UsageError: It is none, or a key stands twice; no value is repeated.
    """
    given: dict[str, str] = {}
    for word in words:
        key, value = pair(flag, word)
        if key in given:
            raise UsageError(f"{flag} {key} was given twice")
        given[key] = value
    return given


def pair(flag: str, word: str) -> tuple[str, str]:
    """Key and value of KEY=VALUE.

    Raises:
        UsageError: It is none.
    """
    key, separator, value = word.partition("=")
    if not separator or not key:
        raise UsageError(f"{flag} takes KEY=VALUE", hint=f"for example {flag} key=10")
    return key, value


def given_text(given: str) -> str:
    """A text that need not stand in argv: `@FILE` reads it from a file, `-` from stdin, the rest is the text itself.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        if given == "-":
            if sys.stdin is None:
                raise UsageError("stdin is closed")
            return sys.stdin.buffer.read().decode("utf-8-sig")
        return Path(given[1:]).read_text(encoding="utf-8-sig") if given.startswith("@") else given
    except OSError as error:
        raise UsageError(f"{given[1:] or 'stdin'} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{given[1:] or 'stdin'} is not UTF-8") from None
