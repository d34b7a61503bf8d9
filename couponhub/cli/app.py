"""The command tree, and the one place where an error becomes a line on stderr and an exit code."""

import logging
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from couponhub.cli.completing import VARIABLE, complete
from couponhub.cli.options import GlobalGroup, SafeFormatter, options_of

_COMMANDS = {
    "demo": "Show it all working, against emulated vendors on this machine.",
    "connections": "What is configured, and what each connection can do.",
    "adapters": "Which vendors this installation speaks to, and what each can do.",
    "doctor": "Check every connection live, with the mend for each fault.",
    "config": "Write, check and describe the config file.",
    "lists": "Coupon lists: ls, show, create, update, activate, archive.",
    "uploads": "Uploads of codes: send, ls, show, wait, resume, pause, cancel, rm.",
    "codes": "Code files: check, prepare, subtract, intersect, compare, fingerprint.",
    "export": "Who holds which code: customers, resume, ls, cancel.",
    "migrate": "Move a coupon list to another vendor: plan, apply, status, ls, pause, resume, throttle, cancel.",
    "work": "Go on with whatever can go on.",
    "coupons": "Coupons by their codes: find.",
    "call": "Call an endpoint of a vendor that has no command.",
    "lookup": "Which coupons does a customer hold, anywhere?",
    "explain": "Why a lookup says what it says, and where a code came from.",
    "forget": "Remove a person from all that couponhub keeps.",
    "usage": "Usage reports: who was given which code.",
    "serve": "Answer lookups over HTTP.",
    "token": "Who may use the HTTP endpoint: new, ls, rm.",
    "store": "What couponhub keeps: status, upgrade, backup, check, copy.",
    "emulate": "Serve emulated vendors, to test against.",
    "completion": "Complete commands in bash, zsh or fish.",
}


class _LazyGroup(GlobalGroup):
    """Imports a command's module when the command is used, and never for `--help`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        command = import_module(f"couponhub.cli.commands.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101 - ours to get right
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
        """Complete a command without importing all of them."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [
            CompletionItem(name, help=about)
            for name, about in _COMMANDS.items()
            if name.startswith(incomplete)
        ]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        # Not click's own option: it fails where there is no metadata, and its import takes time at each `--help`.
        from couponhub._version import installed_version  # noqa: PLC0415 - only when it is asked for

        click.echo(f"couponhub, version {installed_version()}")
        ctx.exit()


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="The config file is --config, else $COUPONHUB_CONFIG, else ./couponhub.toml, else couponhub.toml in "
    "the platform's config folder. Exit codes: 0 done, 1 a fault of couponhub, 2 usage, config or this machine, "
    "3 partial or not known, 4 not found, 5 credentials, 6 rate limit, 7 vendor unavailable, 8 unsupported, "
    "9 refused.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version.",
)
def cli() -> None:
    """One protocol over the coupon APIs of several vendors."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; answer its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        # A service manager's stop unwinds like Ctrl-C, so that no staged file stays behind.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    if sys.stdout is None:  # closed by the caller; the next file that is opened would take its number
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - for as long as the process lives
    if logging.lastResort is not None:  # warnings are told without -v too
        logging.lastResort.setFormatter(SafeFormatter("couponhub: %(message)s"))
    if asked := os.environ.get(VARIABLE):
        return complete(cli, asked)
    context: click.Context | None = None
    try:
        with cli.make_context("couponhub", arguments) as context:
            result = cli.invoke(context)
            return result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("couponhub: interrupted", err=True)
        return 130
    except BrokenPipeError:
        from couponhub.cli.stdout import abandon_stdout  # noqa: PLC0415 - only when something failed

        abandon_stdout()  # its reader went away, as in `| head`
        return 0
    except Exception as error:  # noqa: BLE001 - everything becomes one line; --debug shows the rest
        from couponhub.cli.failures import report  # noqa: PLC0415 - only when something failed

        return report(error, options_of(context, arguments))
