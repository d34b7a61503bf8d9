"""The global options, which stand before or after the command."""

import logging
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import attrs
import click

from couponhub.cli.completing import files
from couponhub.shown import shown

FORMATS = ("table", "json", "jsonl", "csv")


@attrs.define
class GlobalOptions:
    """The wishes that every command heeds.

    Attributes:
        config: Path of the config file, None to look for it.
        output: One of `FORMATS`, None for a table on a terminal and tab-separated columns elsewhere.
        raw: Show the vendor's own objects too.
        debug: Show tracebacks and DEBUG logs.
        verbose: Show INFO logs.
        yes: Do not ask before what cannot be undone.
    """

    config: str | None = None
    output: str | None = None
    raw: bool = False
    debug: bool = False
    verbose: bool = False
    yes: bool = False


class SafeFormatter(logging.Formatter):
    """Writes records whose texts steer no terminal; further lines are indented, so that none can pass for a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one."""
        return shown(super().format(record), keep="\n").replace("\n", "\n    ")


def _kept(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    kept: GlobalOptions = ctx.find_root().ensure_object(GlobalOptions)
    if value and parameter.name:
        setattr(kept, parameter.name, value)
    if kept.debug or kept.verbose:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(SafeFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
        logging.basicConfig(handlers=[handler])
        # Apart from basicConfig, which does nothing the second time: -v may stand before --debug.
        logging.getLogger().setLevel(logging.DEBUG if kept.debug else logging.INFO)


def _global_options(*, hidden: bool) -> list[click.Parameter]:
    def option(*names: str, **arguments: Any) -> click.Option:
        return click.Option(names, callback=_kept, expose_value=False, hidden=hidden, **arguments)

    return [
        option("--config", metavar="FILE", shell_complete=files, help="The config file."),
        option(
            "-o",
            "--output",
            type=click.Choice(FORMATS),
            help="Form of what is printed; csv leads formulas with '.",
        ),
        option("--raw", is_flag=True, help="Add the vendor's own objects."),
        option("--yes", is_flag=True, help="Do not ask before what cannot be undone."),
        option("-v", "--verbose", is_flag=True, help="Tell on stderr what is done."),
        option("--debug", is_flag=True, help="Tell everything, with tracebacks."),
    ]


class _TakesGlobalOptions(click.Command):
    """Takes the global options after the command too, and shows them at the root only."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own parameters, then the global ones."""
        return [*super().get_params(ctx), *_global_options(hidden=ctx.parent is not None)]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show examples, and point to the global options."""
        super().format_epilog(ctx, formatter)
        from couponhub.cli.examples import EXAMPLES  # noqa: PLC0415 - only `--help` shows them

        if examples := EXAMPLES.get(ctx.command_path):
            with formatter.section("Examples"):
                for example in examples:  # never broken, so that it can be copied
                    formatter.write(f"{'':{formatter.current_indent}}{example}\n")
        if ctx.parent is not None:
            formatter.write_paragraph()
            formatter.write_text("The global options of `couponhub --help` work here too.")


class GlobalCommand(_TakesGlobalOptions):
    """A command that takes the global options too."""


class GlobalGroup(_TakesGlobalOptions, click.Group):
    """A group whose commands, and which itself, take the global options."""

    command_class = GlobalCommand
    group_class = type  # sub-groups are of the same kind


def options_of(context: click.Context | None, arguments: Sequence[str]) -> GlobalOptions:
    """The global options of a run, also of one that failed before its options were parsed."""
    known = context.obj if context is not None and isinstance(context.obj, GlobalOptions) else GlobalOptions()
    # What stands behind a command that could not be parsed, click has not kept.
    pairs = [
        *pairwise(arguments),
        *((word[:2], word[2:]) for word in arguments),
        *(word.partition("=")[::2] for word in arguments),
    ]
    asked = [form for word, form in pairs if word in {"-o", "--output"} and form in FORMATS]
    return attrs.evolve(
        known,
        output=known.output or next(iter(asked), None),
        debug=known.debug or "--debug" in arguments,
    )


def pass_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the global options as its first argument."""

    @click.pass_context
    def with_options(ctx: click.Context, *arguments: Any, **named: Any) -> Any:
        return ctx.invoke(function, ctx.find_root().ensure_object(GlobalOptions), *arguments, **named)

    with_options.__doc__ = function.__doc__
    with_options.__name__ = function.__name__
    with_options.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined] # click's own mark
    return with_options
