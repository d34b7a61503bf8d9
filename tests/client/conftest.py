"""The client is tried at a desk too."""

from tests.cli.conftest import desk

__all__ = ["desk"]
