"""`couponhub config`: write, check and describe the config file."""

import os
import sys
from pathlib import Path

import click

from couponhub.cli.failures import say
from couponhub.cli.options import GlobalGroup, GlobalOptions, pass_options
from couponhub.cli.output import print_json, print_one
from couponhub.cli.tables import Column
from couponhub.config import json_schema, load_config, template
from couponhub.errors import LocalError
from couponhub.registry import Registry


@click.group("config", cls=GlobalGroup)
def command() -> None:
    """The config file."""


@command.command("init")
@click.option(
    "--non-interactive", is_flag=True, help="Ask nothing: write a connection of each vendor, to fill in."
)
@pass_options
def init(options: GlobalOptions, *, non_interactive: bool) -> None:
    """Write a commented config file (couponhub.toml here, or where --config says).

    On a terminal it asks which accounts you have, and checks each answer; of secrets it asks only where they are kept.
    Elsewhere, as in a pipe or with -o json, it writes a connection of each vendor to fill in.
    """
    path = Path(options.config or "couponhub.toml")
    if path.exists():
        raise LocalError(
            f"{path} exists already and was left as it is", hint="edit it, or name another with --config"
        )
    connections = None
    if not non_interactive and options.output in {None, "table"} and _is_somebody_there():
        from couponhub.cli.asking import asked_connections, variables_in  # noqa: PLC0415 - only people are asked

        connections = asked_connections(Registry())
    try:
        # 0600: people do put literal secrets into it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise LocalError(f"{path} exists already and was left as it is") from None
    except OSError as error:
        raise LocalError(f"{path} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(template(connections=connections or None))
    except OSError as error:
        path.unlink(missing_ok=True)
        raise LocalError(f"{path} cannot be written: {error.strerror}") from None
    print_one(options, {"path": str(path)}, (Column("WRITTEN", "path"),), done=f"{path} was written")
    if connections is None:
        return
    if not connections:
        say("no account was named, so it has a connection of each vendor, to fill in")
    needed = variables_in(connections)
    first = f"set {', '.join(needed)} in the environment, then run" if needed else "now run"
    say(f"{first} `couponhub config check`, and `couponhub doctor`, which calls each vendor once, harmlessly")


def _is_somebody_there() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


@command.command("check")
@pass_options
def check(options: GlobalOptions) -> None:
    """Name every fault in the config file, and what is left to settle; nobody is called."""
    config = load_config(options.config)
    warnings = [{"connection": name, "warning": warning} for name, warning in config.warnings()]
    document = {"path": str(config.path), "connections": list(config.connections), "warnings": warnings}
    columns = (Column("FILE", "path"), Column("CONNECTIONS", lambda found: ", ".join(found["connections"])))
    print_one(options, document, columns)
    for one in warnings:
        say(": ".join(filter(None, (one["connection"], one["warning"]))))


@command.command("schema")
def schema() -> None:
    """Print a JSON Schema of the config file, for editors."""
    print_json(json_schema())
