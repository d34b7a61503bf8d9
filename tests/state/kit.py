"""What tests of the state have in common: quotas by a clock that is set, and the files of code sets."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from couponhub.state import CodeSet, Quotas, StoreSettings, TextCodeSet
from couponhub.state.sqlite.quotas import SqliteQuotas


def quotas_at(settings: StoreSettings, *, now: Callable[[], float] = time.time) -> Quotas:
    """Quotas as a new process would open them."""
    return Quotas(SqliteQuotas(settings, now=now), now=now)


def store_of(quotas: Quotas) -> SqliteQuotas:
    """What they are counted in."""
    assert isinstance(quotas.store, SqliteQuotas)
    return quotas.store


def files_of(code_sets: Iterable[CodeSet]) -> list[Path]:
    """The files that code sets lie in."""
    return [one.path for one in code_sets if isinstance(one, TextCodeSet)]


def codes_of(code_sets: Iterable[CodeSet]) -> list[str]:
    """All codes of code sets."""
    return [code for one in code_sets for batch in one.batches() for code in batch]
