"""The global options, which stand before or after the command."""

import logging
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import attrs
import click

FORMATS = ("table", "json", "jsonl", "csv")


@attrs.define
class GlobalOptions:
    """What was asked of every command.

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


def _kept(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    kept: GlobalOptions = ctx.find_root().ensure_object(GlobalOptions)
    if value and parameter.name:
        setattr(kept, parameter.name, value)
    if kept.debug or kept.verbose:
        logging.basicConfig(
            stream=sys.stderr,
            level=logging.DEBUG if kept.debug else logging.INFO,
            format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        )


def _global_options(*, hidden: bool) -> list[click.Parameter]:
    def option(*names: str, **arguments: Any) -> click.Option:
        return click.Option(names, callback=_kept, expose_value=False, hidden=hidden, **arguments)

    return [
        option("--config", metavar="FILE", help="The config file."),
        option("-o", "--output", type=click.Choice(FORMATS), help="Form of what is printed."),
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
        """Point to the global options."""
        super().format_epilog(ctx, formatter)
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
    if context is not None and isinstance(context.obj, GlobalOptions):
        return context.obj
    words = list(arguments)
    output = next((after for word, after in pairwise(words) if word in {"-o", "--output"}), None)
    return GlobalOptions(output=output if output in FORMATS else None, debug="--debug" in words)


def pass_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the global options as its first argument."""

    @click.pass_context
    def with_options(ctx: click.Context, *arguments: Any, **named: Any) -> Any:
        return ctx.invoke(function, ctx.find_root().ensure_object(GlobalOptions), *arguments, **named)

    with_options.__doc__ = function.__doc__
    with_options.__name__ = function.__name__
    with_options.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined] # click's own mark
    return with_options
