"""What each process has for itself, also where Python is not told that it was forked."""

import os
import sys
import threading
import time
from importlib import import_module
from pathlib import Path

import pytest

from couponhub.forking import PerProcess, ProcessLock, loading
from tests.forking.keeping import HAS_FORK, Child
from tests.kit.eventually import eventually

needs_fork = pytest.mark.skipif(not HAS_FORK, reason="Windows has no fork")


@needs_fork
def test_a_forked_process_makes_its_own() -> None:
    """What the parent had is left there, and its own stays the same."""
    left: list[object] = []
    own = PerProcess(object, leave=left.append)
    first = own.get()

    assert [True, True, True] == Child(
        lambda: [own.get() is not first, own.get() is own.get(), left == [first]]
    ).told()
    assert first is own.get()
    assert [] == left


def test_another_process_is_noticed_without_being_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts that fork below Python call no hook: the number of the process tells."""
    left: list[object] = []
    own = PerProcess(object, leave=left.append)
    first = own.get()
    monkeypatch.setattr(os, "getpid", lambda: -7)
    second = own.get()

    assert [first] == left
    assert second is own.get()
    assert second is not first


def test_threads_agree_on_one() -> None:
    """Of what several make at once, one is used by all."""
    own = PerProcess(object)
    begun, got = threading.Barrier(8), []

    def get() -> None:
        begun.wait()
        got.append(own.get())

    threads = [threading.Thread(target=get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [own.get()] * 8 == got


@needs_fork
def test_no_forked_process_finds_a_lock_held() -> None:
    """The thread that holds it is not there to let it go; the parent's is held as before."""
    lock = ProcessLock()

    def take() -> object:
        with lock:
            return "taken"

    with lock:
        holder = threading.Thread(target=lock.__enter__, daemon=True)
        holder.start()
        assert "taken" == Child(take).told()
        assert holder.is_alive()


@needs_fork
def test_a_fork_amid_an_import_hangs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a thread is half-way through importing can be imported in the child, where that thread is gone."""
    (tmp_path / "imported_slowly.py").write_text(
        "import time\ntime.sleep(0.5)\nREADY = True\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    thread = threading.Thread(target=import_module, args=("imported_slowly",))
    thread.start()
    eventually(lambda: "imported_slowly" in sys.modules, "the import to begin")
    child = Child(lambda: import_module("imported_slowly").READY)
    thread.join()
    try:
        assert child.told() is True
    finally:
        del sys.modules["imported_slowly"]


@needs_fork
def test_a_fork_waits_for_a_library_that_loads() -> None:
    """A lock of a library's own, under which it loads a country, is held by nobody in the child."""
    theirs, begun = threading.Lock(), threading.Event()

    def load() -> None:
        with loading, theirs:
            begun.set()
            time.sleep(0.3)

    def use() -> object:
        with loading, theirs:
            return "used"

    loader = threading.Thread(target=load)
    loader.start()
    begun.wait()
    assert "used" == Child(use).told()
    loader.join()


@needs_fork
def test_a_fork_does_not_wait_for_ever_for_what_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a library loads for longer than a fork waits, both sides go on all the same."""
    monkeypatch.setattr("couponhub.forking._LONGEST_WAIT_SECONDS", 0.1)
    begun, ended = threading.Event(), threading.Event()

    def load() -> None:
        with loading:
            begun.set()
            ended.wait()

    def use() -> object:
        with loading:
            return "used"

    loader = threading.Thread(target=load)
    loader.start()
    begun.wait()
    try:
        assert "used" == Child(use).told()
    finally:
        ended.set()
        loader.join()
    assert "used" == use()
