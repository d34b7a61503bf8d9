"""Looks that many share."""

import pytest

from couponhub.console.shared_looks import SharedLooks
from couponhub.errors import LocalError


def test_looks_once_for_all_who_ask_at_the_time() -> None:
    """A quick look holds for a second, a slow one for twenty times as long as it took; a change ends it."""
    now, took, seen = [0.0], [0.0], list[int]()

    def see() -> int:
        now[0] += took[0]
        seen.append(len(seen))
        return seen[-1]

    looks: SharedLooks[int] = SharedLooks(clock=lambda: now[0])
    assert [0, 0] == [looks.look("a", see), looks.look("a", see)]
    assert 1 == looks.look("b", see)
    now[0] += 1.1
    took[0] = 1.0
    assert 2 == looks.look("a", see)
    now[0] += 19.0
    assert 2 == looks.look("a", see)
    looks.forget()
    assert 3 == looks.look("a", see)
    now[0] += 21.0
    assert 4 == looks.look("a", see)


def test_nobody_waits_behind_a_look_that_hangs() -> None:
    """Who asks meanwhile is told what was seen last; one that failed is looked at anew."""
    now = [0.0]
    looks: SharedLooks[str] = SharedLooks(clock=lambda: now[0])
    looks.look("a", lambda: "old")
    now[0] += 2.0
    assert "new" == looks.look("a", lambda: looks.look("a", lambda: "never") and "new")

    def fails() -> str:
        raise LocalError("the state is away")

    now[0] += 2.0
    with pytest.raises(LocalError):
        looks.look("a", fails)
    assert "again" == looks.look("a", lambda: "again")
