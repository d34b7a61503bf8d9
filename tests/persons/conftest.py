"""The persons work at a desk: both emulated vendors, a config file that names them, and the command line."""

from tests.cli.conftest import desk

__all__ = ["desk"]
