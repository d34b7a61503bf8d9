"""Forgetting is tried on the command line."""

from tests.cli.conftest import cli

__all__ = ["cli"]
