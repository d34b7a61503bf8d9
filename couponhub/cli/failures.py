"""Failures as they are told: one line on stderr, in JSON also a document on stdout, and the exit code of their class."""

import errno
import sys
import traceback
from contextlib import suppress

import click

from couponhub.cli.options import GlobalOptions
from couponhub.cli.output import print_json
from couponhub.cli.stdout import abandon_stdout, safe
from couponhub.cli.suggestions import suggestion
from couponhub.errors import CouponhubError, LocalError, UsageError
from couponhub.serialization import error_document


def report(error: Exception, options: GlobalOptions) -> int:
    """Tell of an error; answer the exit code."""
    typed = typed_error(error)
    if options.debug:
        _print_traceback(error)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.ctx.get_help(), err=True)
    else:
        tell(typed)
    with suppress(LocalError):  # it has been told on stderr
        if options.output == "json":
            print_json(error_document(typed))
    try:
        sys.stdout.flush()
    except OSError:
        abandon_stdout()
    return typed.exit_code


def tell(error: CouponhubError) -> None:
    """Write the error's line (a config with several faults has a line for each) to stderr."""
    for line in str(error).splitlines():
        say(line)


def say(text: str) -> None:
    """Write a line to stderr."""
    click.echo(f"couponhub: {safe(text)}", err=True)


def typed_error(error: Exception) -> CouponhubError:  # noqa: PLR0911 - one table
    """The error as one of ours; what is none of ours shows its class, never its text, which may quote data."""
    match error:
        case CouponhubError():
            return error
        case click.exceptions.NoArgsIsHelpError():
            return UsageError("no command was given", hint="see `couponhub --help`")
        case click.UsageError():
            see = f"see `{error.ctx.command_path if error.ctx else 'couponhub'} --help`"
            return UsageError(_click_text(error), hint="; ".join(filter(None, (suggestion(error), see))))
        case click.ClickException():
            return UsageError(_click_text(error))
        case OSError(errno=errno.ENOSPC):
            return LocalError("the disk is full")
        case OSError() if error.filename:
            return LocalError(f"{error.filename}: {error.strerror}")
        case OSError():
            return LocalError(error.strerror or type(error).__name__)
        case _:
            return CouponhubError(
                f"a fault of couponhub itself ({type(error).__name__})",
                hint="run it again with --debug and report what it prints",
            )


def _click_text(error: click.ClickException) -> str:
    is_unknown = isinstance(error, (click.exceptions.NoSuchOption, click.exceptions.NoSuchCommand))
    # Without click's own guesses: it knows neither our commands, which are imported when they are used, nor other words.
    text = " ".join((error.message if is_unknown else error.format_message()).split()).rstrip(".")
    # The argument itself may be a customer's number or a code.
    return "there is an argument too many" if "unexpected extra argument" in text else text


def _print_traceback(error: BaseException) -> None:
    """Print where it happened, causes first; of errors that are none of ours without their texts."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        _print_traceback(cause)
        click.echo("\nled to\n", err=True)
    text = f": {safe(str(error))}" if isinstance(error, CouponhubError) else ""
    click.echo("".join(traceback.format_tb(error.__traceback__)), nl=False, err=True)
    click.echo(f"{type(error).__qualname__}{text}", err=True)
