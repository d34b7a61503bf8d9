"""Completion in shells, by click's own: the shell runs `couponhub` for each Tab, with the line in its environment."""

import os
from contextlib import suppress
from typing import Any

import click
from click.shell_completion import CompletionItem

VARIABLE = "_COUPONHUB_COMPLETE"
"""Set by the shell when it asks for completions."""


def complete(command: click.Command, instruction: str) -> int:
    """Answer a shell that asks: print what may stand next; return the exit code. Nothing is ever printed of an error."""
    from click.shell_completion import shell_complete  # noqa: PLC0415 - only shells need it

    with suppress(Exception):
        return int(shell_complete(command, {}, "couponhub", VARIABLE, instruction))
    return 1


def script(shell: str) -> str:
    """Return what the shell has to read once."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - the same

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - one of click's own
    return found(click.Command("couponhub"), {}, "couponhub", VARIABLE).source()


def files(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:  # noqa: ARG001 - click's signature
    """Let the shell complete the path of a file."""
    return [CompletionItem(incomplete, type="file")]


def folders(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:  # noqa: ARG001 - click's signature
    """Let the shell complete the path of a folder."""
    return [CompletionItem(incomplete, type="dir")]


def connections(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:  # noqa: ARG001 - click's signature
    """Complete the name of a connection, as it stands in the config file; its secrets are not looked for."""
    import tomllib  # noqa: PLC0415 - only shells need it

    from couponhub.config import find_config  # noqa: PLC0415 - the same

    given = getattr(ctx.find_root().obj, "config", None)
    document = tomllib.loads(find_config(given, os.environ).read_text(encoding="utf-8-sig"))
    return [
        CompletionItem(name, help=str(table.get("adapter", "")))
        for name, table in document.get("connections", {}).items()
        if name.startswith(incomplete)
    ]


takes_connection = click.argument("connection", metavar="CONN", shell_complete=connections)
"""The connection that a command is about."""
