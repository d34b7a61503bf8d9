"""The command line of the tests of exports."""

from tests.cli.conftest import cli

__all__ = ["cli"]
