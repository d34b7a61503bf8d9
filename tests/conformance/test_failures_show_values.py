"""A rule that fails says what came and what was expected, also in the suite of a stranger."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from couponhub.testing import ConformanceSuite, StateConformanceSuite

PACKAGES = {suite.__module__.rpartition(".")[0] for suite in (ConformanceSuite, StateConformanceSuite)}


def test_a_failure_shows_the_values() -> None:
    """What the adapter claimed stands in the failure, although the rule only asserts."""
    odd: Any = SimpleNamespace(connection=SimpleNamespace(capabilities=["coupons.conjure"]))
    with pytest.raises(AssertionError, match=r"coupons\.conjure"):
        ConformanceSuite().test_r01_capabilities_are_what_is_implemented(odd)


def test_no_module_of_rules_was_forgotten() -> None:
    """Each was imported by pytest's own loader, which rewrites assertions."""
    loaders = {
        name: type(module.__spec__ and module.__spec__.loader).__name__
        for name, module in sys.modules.items()
        if name.rpartition(".")[0] in PACKAGES
    }
    assert len(loaders) > 15
    assert {"AssertionRewritingHook"} == set(loaders.values())
