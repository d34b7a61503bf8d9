"""Processes that stand still at every point of an upload, at each vendor, and wake up when others went on."""

import os
from collections.abc import Sequence

import pytest


def main(words: Sequence[str]) -> int:
    """Try all of them; return 0 where each code came once."""
    os.environ["STOPS"] = "all"
    return int(pytest.main(["-q", "-n0", "tests/uploads/test_stopped.py", *words]))
