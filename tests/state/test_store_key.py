"""The key of the customers' hashes: of the settings, or in a file."""

import secrets
from pathlib import Path

import pytest

from couponhub.errors import LocalError
from couponhub.models import Identifier
from couponhub.secret import Secret
from couponhub.state import StoreSettings
from couponhub.state.hashing import HashKey
from couponhub.state.sqlite import SqliteState


def state_with(folder: Path, key: str | None) -> SqliteState:
    """A state in a folder, whose settings hold that key."""
    url = f"sqlite:///{folder.as_posix()}/couponhub.db"
    return SqliteState(StoreSettings(url=url, key=None if key is None else Secret(key)))


def test_a_configured_key_is_used_and_lies_nowhere(tmp_path: Path) -> None:
    """Two stores with one key know a customer by one hash; neither keeps the key in a file."""
    key = secrets.token_hex(32)
    hashes = set()
    for name in ("one", "two"):
        with state_with(tmp_path / name, key) as state:
            hashes |= set(state.reports.key().of_all(["E1"], Identifier.EXTERNAL_ID))
            with state.reports.changing():
                pass
            assert state.maintenance.backup(tmp_path / f"{name}-backup")
    assert 1 == len(hashes)
    assert [] == list(tmp_path.rglob("*.key"))


def test_another_key_is_refused(tmp_path: Path) -> None:
    """An index that was written with one key is not read with another, whichever of them is configured."""
    with state_with(tmp_path, secrets.token_hex(32)) as state, state.reports.changing():
        pass
    for key in (secrets.token_hex(32), None):
        with (
            state_with(tmp_path, key) as other,
            pytest.raises(LocalError, match="key"),
            other.reports.reading(),
        ):
            pass


def test_derived_keys_are_apart() -> None:
    """One for each purpose and key, the same each time, and none is the key itself."""
    one, other = (HashKey(secrets.token_bytes(32)) for _ in range(2))
    derived = [key.derived(purpose) for key in (one, other) for purpose in ("values", "names", "")]
    assert len(derived) == len(set(derived))
    assert {32} == {len(each) for each in derived}
    assert derived[0] == one.derived("values")
