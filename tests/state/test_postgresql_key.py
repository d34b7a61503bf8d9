"""The key of a store in PostgreSQL: one for all machines."""

import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import attrs
import pytest

from couponhub.errors import LocalError
from couponhub.secret import Secret
from couponhub.state import StoreSettings
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.key import SharedKey, key_file

KEY = secrets.token_hex(32)


class Machines:
    """Processes of machines that share a database."""

    def __init__(self, url: str) -> None:
        self.settings = StoreSettings(url=url)
        self._held = ExitStack()

    def key(self, key: str | None = None) -> SharedKey:
        """The key as a new process finds it."""
        settings = attrs.evolve(self.settings, key=None if key is None else Secret(key))
        return SharedKey(self._held.enter_context(closing(PostgresqlDatabase(settings))))

    def close(self) -> None:
        """End them."""
        self._held.close()


@pytest.fixture
def machines(postgresql_url: str) -> Iterator[Machines]:
    """Those of an empty database."""
    with closing(Machines(postgresql_url)) as found:
        yield found


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this machine's state."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def test_is_made_once_for_its_owner_alone(machines: Machines) -> None:
    """The first use makes it in a private file that is called after the database; later ones find it there."""
    one, other = machines.key(), machines.key()
    one.refuse_other()
    file = key_file(machines.settings)
    assert not file.exists(), "a look makes nothing"
    assert one.get() == other.get() == one.get()
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert machines.settings.place.rpartition("/")[2] in file.name
    assert "couponhub:" not in file.name


@pytest.mark.parametrize("other", [None, "5" * 64])
def test_another_machine_needs_the_same(
    machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str | None
) -> None:
    """One without a key, or with another one, is refused with the mend, and makes none; with the same one it goes on."""
    made = machines.key(KEY).get()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    for use in (SharedKey.get, SharedKey.refuse_other):
        with pytest.raises(LocalError, match="key") as caught:
            use(machines.key(other))
        assert "[store] key" in caught.value.hint
        assert KEY not in str(caught.value)
    assert [] == list(tmp_path.rglob("*.key"))
    assert made == machines.key(KEY).get()
    file = key_file(machines.settings)
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes.fromhex(KEY))
    assert made == machines.key().get()


def test_no_home_needs_a_configured_key(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service without a home is told to set one."""
    monkeypatch.setattr("couponhub.state.postgresql.key.user_folder", lambda _: None)
    with pytest.raises(LocalError, match="no home") as caught:
        machines.key().get()
    assert "[store] key" in caught.value.hint
    machines.key(KEY).get()
