"""The file that says which connections lookups ask first."""

import stat
from pathlib import Path

import pytest

from couponhub.errors import LocalError
from couponhub.state import StoreSettings, open_state


@pytest.fixture
def settings(tmp_path: Path) -> StoreSettings:
    """A store that was never used."""
    return StoreSettings(url=f"sqlite:///{(tmp_path / 'store').as_posix()}/couponhub.db")


def test_reading_it_makes_nothing(settings: StoreSettings) -> None:
    """Where there is no store, a lookup that asks for the preference leaves none behind."""
    with open_state(settings) as state:
        assert () == state.preference.get()
    assert not settings.path.parent.exists()


def test_it_is_for_its_owner_alone_and_nothing_is_left_beside_it(settings: StoreSettings) -> None:
    """The file is private however often it is set, and drafts of it are gone."""
    with open_state(settings) as state:
        for names in (["new", "old"], ["old"], []):
            state.preference.set(names)
        (found,) = settings.path.parent.iterdir()
        assert ("couponhub.preference", 0o600) == (found.name, stat.S_IMODE(found.stat().st_mode))
        parts = {part.name: part.bytes for part in state.maintenance.status()}
        assert found.stat().st_size == parts["preference"]


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"new", b'{"prefer": []}', b'["new", "new"]', b"[1]", b'[""]']
)
def test_one_that_was_written_by_hand_is_told(settings: StoreSettings, content: bytes) -> None:
    """What is no list of names is an error with its mend, for who reads it and for the check of the store."""
    settings.path.parent.mkdir(mode=0o700)
    path = settings.path.with_name("couponhub.preference")
    path.write_bytes(content)
    path.chmod(0o600)
    with open_state(settings) as state:
        with pytest.raises(LocalError, match=r"couponhub\.preference does not hold") as raised:
            state.preference.get()
        assert "remove it" in raised.value.hint
        checked = state.maintenance.check()
        assert [str(raised.value)] == [str(fault) for fault in checked.faults]
        state.preference.set(["new"])
        assert (("new",), ()) == (state.preference.get(), state.maintenance.check().faults)


def test_where_it_cannot_be_written_the_one_before_holds(settings: StoreSettings) -> None:
    """A folder in its place: the error says so, and no draft is left."""
    path = settings.path.with_name("couponhub.preference")
    path.mkdir(parents=True)
    (path / "something").touch()
    with open_state(settings) as state:
        with pytest.raises(LocalError, match="cannot be read"):
            state.preference.get()
        with pytest.raises(LocalError, match="cannot be written"):
            state.preference.set(["new"])
    assert [path] == list(path.parent.iterdir())
