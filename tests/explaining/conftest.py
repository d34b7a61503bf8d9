"""Explanations are tried at a desk."""

from tests.cli.conftest import desk

__all__ = ["desk"]
