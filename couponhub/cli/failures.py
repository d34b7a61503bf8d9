"""How a failure is told: one line on stderr, in JSON also a document on stdout, and the exit code of its class."""

import errno
import sys
import traceback

import click

from couponhub.cli.options import GlobalOptions
from couponhub.cli.output import print_json, safe
from couponhub.documents import error_document
from couponhub.errors import CouponhubError, LocalError, UsageError


def report(error: Exception, options: GlobalOptions) -> int:
    """Tell of an error; answer the exit code."""
    typed = typed_error(error)
    if options.debug:
        traceback.print_exception(error, file=sys.stderr)
    tell(typed)
    if options.output == "json":
        print_json(error_document(typed))
    return typed.exit_code


def tell(error: CouponhubError) -> None:
    """Write the error's line (a config with several faults has a line for each) to stderr."""
    for line in str(error).splitlines():
        click.echo(f"couponhub: {safe(line)}", err=True)


def typed_error(error: Exception) -> CouponhubError:  # noqa: PLR0911 - one table
    """The error as one of ours; what is none of ours shows its class, never its text, which may quote data."""
    match error:
        case CouponhubError():
            return error
        case click.UsageError():
            hint = f"see `{error.ctx.command_path} --help`" if error.ctx else "see `couponhub --help`"
            return UsageError(error.format_message().rstrip("."), hint=hint)
        case click.ClickException():
            return UsageError(error.format_message())
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
