"""The reference names every module that may be imported, and every name in it."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pytest

import couponhub
from tests.docs.test_generated import generator

__all__ = ["generator"]

PAGE = (Path(__file__).parents[2] / "docs" / "reference.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"<!-- names of ([\w.]+)(?:: ([\w ]+))? -->\n\n((?:\|.*\n)+)", PAGE)
"""The module, the names where these are not all, and the table."""


def test_every_module_is_shown_or_said_to_be_inside() -> None:
    """A new one is a promise or none: its place on the page is the decision."""
    inside = set(re.findall(r"`(couponhub\.\w+)`", PAGE.partition("## Inside")[2].partition("## In full")[0]))
    shown = {module for module, _, _ in SECTIONS}
    found = {f"couponhub.{one.name}" for one in iter_modules(couponhub.__path__) if one.name[0] != "_"}
    assert found == (inside | shown) - {"couponhub"}
    assert set() == inside & shown


@pytest.mark.parametrize(("module", "some", "table"), SECTIONS)
def test_every_name_of_a_module_is_told(module: str, some: str, table: str, generator: ModuleType) -> None:
    """With what it is: what is missing, or has gone, is written by `python docs/generate.py`."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE))
    shown = import_module(module)
    assert sorted(some.split() or generator.public_names(shown)) == sorted(rows)
    assert [] == [name for name, text in rows.items() if not text.strip() or not hasattr(shown, name)]
