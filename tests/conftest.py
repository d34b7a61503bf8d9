"""What every test rests on: nobody's home, state or configuration is read or written, and no disk is waited for."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from couponhub.staging import server
from couponhub.state.sqlite import locks
from couponhub.state.sqlite.opening import open_to_write
from couponhub.transport import transport
from couponhub.transport.retry import RetryPolicy
from couponhub.uploads import service
from couponhub.uploads.polling import Poller
from tests.kit.buckets import s3_bucket, s3_endpoint  # noqa: F401 - fixtures
from tests.kit.sail import sail, sail_url  # noqa: F401 - fixtures
from tests.kit.servers import (  # noqa: F401 - fixtures
    _redis_of_all,
    postgresql_server,
    postgresql_url,
    redis_server,
)

# On a busy machine an example takes as long as it takes; the rest is as hypothesis has it, also under CI.
settings.register_profile(
    "couponhub", parent=settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("couponhub")

_OPENING: dict[str, Any] = open_to_write.__kwdefaults__ or {}
DURABILITY = _OPENING["synchronous"]
"""What the product asks of SQLite, before tests take it back."""


@pytest.fixture(scope="session", autouse=True)
def _no_power_cut() -> Iterator[None]:
    """Wait for no disk: no test cuts the power, and a process that is killed loses nothing that the system has taken."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(_OPENING, "synchronous", "OFF")
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _short_pauses() -> Iterator[None]:
    """Look again after hundredths of a second where the product waits for tenths; what vendors ask for is kept to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "RetryPolicy", partial(RetryPolicy, base=0.01))
        patch.setattr(service, "Poller", partial(Poller, first=0.02))
        patch.setattr(locks, "_POLL_SECONDS", 0.01)
        patch.setattr(server, "_POLL_SECONDS", 0.005)
        yield


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of homes; pytest's own way to number thousands of them would count them all each time."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def _nobody_home(_homes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty home, an empty working folder, and no configuration from outside."""
    home = Path(tempfile.mkdtemp(dir=_homes))
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.delenv("COUPONHUB_CONFIG", raising=False)
    monkeypatch.chdir(_folder(home / "work"))
    yield
    shutil.rmtree(home, ignore_errors=True)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def pytest_collection_finish() -> None:
    """Leave what pytest holds of ten thousand tests out of every later look for garbage."""
    gc.freeze()
