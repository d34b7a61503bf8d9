"""The command line: parses, calls the library, prints. Nothing heavy is imported before a command needs it."""

from couponhub.cli.app import main

__all__ = ["main"]
