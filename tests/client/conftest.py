"""The client is tried beside the command line, too."""

from tests.cli.conftest import cli

__all__ = ["cli"]
