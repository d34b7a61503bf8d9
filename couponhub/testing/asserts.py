"""Rules that fail show the values, as a test of one's own does: pytest rewrites assertions only where it is asked to."""

from collections.abc import Iterable
from pkgutil import iter_modules

import pytest


def show_values(package: str, path: Iterable[str]) -> None:
    """Have pytest rewrite the assertions of a package's modules; to be called before it imports them.

    Args:
        package: The package's name.
        path: Where it lies.
    """
    pytest.register_assert_rewrite(*(f"{package}.{module.name}" for module in iter_modules(path)))
