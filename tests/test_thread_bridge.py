"""What coroutines await is done on other threads, with their context, and without them when they leave."""

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from couponhub.errors import LocalError
from couponhub.thread_bridge import ThreadBridge

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("WHO")


@pytest.fixture
def bridge() -> Iterator[ThreadBridge]:
    """Threads."""
    bridge = ThreadBridge("bridge")
    yield bridge
    bridge.close()


def test_what_a_call_returns_and_raises(bridge: ThreadBridge) -> None:
    """It is done on another thread, with the context variables of whoever awaits it."""

    def fail() -> None:
        raise LocalError("the disk is full")

    async def run() -> None:
        WHO.set("me")
        assert "me" == await bridge.run(WHO.get)
        assert threading.get_ident() != await bridge.run(threading.get_ident)
        with pytest.raises(LocalError, match="the disk is full"):
            await bridge.run(fail)

    asyncio.run(run())


def test_a_call_that_has_begun_goes_on(bridge: ThreadBridge) -> None:
    """Whoever is cancelled waits no longer; the thread comes to its end all the same."""
    began, goes_on, over = threading.Event(), threading.Event(), threading.Event()

    def call() -> None:
        began.set()
        goes_on.wait(20)
        over.set()

    async def run() -> None:
        task = asyncio.ensure_future(bridge.run(call))
        await asyncio.to_thread(began.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    goes_on.set()
    assert over.wait(20)


def test_a_call_that_waits_for_its_turn_is_not_made(bridge: ThreadBridge) -> None:
    """Cancelled before any thread has it."""
    made: list[int] = []
    goes_on = threading.Event()

    async def run() -> None:
        busy = [asyncio.ensure_future(bridge.run(partial(goes_on.wait, 20))) for _ in range(64)]
        late = asyncio.ensure_future(bridge.run(lambda: made.append(1)))
        await asyncio.sleep(0)
        late.cancel()
        await asyncio.wait([late])
        goes_on.set()
        await asyncio.gather(*busy)
        assert await bridge.run(lambda: True)

    asyncio.run(run())
    assert [] == made


def test_iterating(bridge: ThreadBridge) -> None:
    """Each step is made on another thread; an error comes in its turn, and whoever leaves closes the source."""
    closed = threading.Event()

    def source() -> Iterator[int]:
        try:
            yield 1
            yield 2
            raise LocalError("no more")
        finally:
            closed.set()

    async def run() -> None:
        read = bridge.each(source)
        assert [1, 2] == [await anext(read), await anext(read)]
        with pytest.raises(LocalError, match="no more"):
            await anext(read)
        closed.clear()
        left = bridge.each(source)
        assert 1 == await anext(left)
        await left.aclose()  # type: ignore[attr-defined] # it is a generator
        assert await asyncio.to_thread(closed.wait, 20)

    asyncio.run(run())


def test_no_thread_is_an_error_of_ours(bridge: ThreadBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing waits for it."""

    def none(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def run() -> None:
        with pytest.raises(LocalError, match="starts no further thread"):
            await bridge.run(lambda: None)

    monkeypatch.setattr(threading.Thread, "start", none)
    asyncio.run(run())
