"""What the persons work with: both emulated vendors, a config file that names them, and the command line."""

from tests.cli.conftest import cli

__all__ = ["cli"]
