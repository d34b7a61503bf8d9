"""`couponhub config`: write, check and describe the config file."""

import os
from pathlib import Path

import click

from couponhub.cli.failures import say
from couponhub.cli.options import GlobalGroup, GlobalOptions, pass_options
from couponhub.cli.output import print_json, print_one
from couponhub.cli.tables import Column
from couponhub.config import json_schema, load_config, template
from couponhub.errors import LocalError


@click.group("config", cls=GlobalGroup)
def command() -> None:
    """The config file."""


@command.command("init")
@pass_options
def init(options: GlobalOptions) -> None:
    """Write a commented config file to fill in (couponhub.toml here, or where --config says)."""
    path = Path(options.config or "couponhub.toml")
    try:
        # 0600: people do put literal secrets into it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise LocalError(f"{path} exists already and was left as it is") from None
    except OSError as error:
        raise LocalError(f"{path} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(template())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise LocalError(f"{path} cannot be written: {error.strerror}") from None
    print_one(options, {"path": str(path)}, (Column("WRITTEN", "path"),), done=f"{path} was written")


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
