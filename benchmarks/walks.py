"""The walks of a lookup and of an upload of one part: how far they go through the rooms of couponhub.

    .venv/bin/python benchmarks/walks.py

Counts, against emulators in a process of their own, what each walk takes on all threads: files visited, calls, entries
(a call from one room into another; an adapter is one room, and so is each package or module of couponhub), and how
many of our frames stand at the deepest while something is sent. No timing.
"""

import argparse
import collections
import dis
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from types import FrameType
from typing import Any

import attrs
from reliability import emulated, written_config

import couponhub
from couponhub import CouponHub, Customer

CORE = Path(couponhub.__file__).parent
HOLDERS = ("919876543210", "919876543211")
ONE_PART = ("WALK-1", "WALK-2", "WALK-3")


@cache
def room_of(file: str) -> str | None:
    """The room that a file is in; None for what is not ours."""
    path = Path(file)
    if path.is_relative_to(CORE):
        return path.relative_to(CORE).parts[0].removesuffix(".py")
    return next((part for part in path.parts if part.startswith("couponhub_")), None)


@attrs.define
class Walk:
    """All that was passed on a walk."""

    files: set[str] = attrs.field(factory=set)
    calls: int = 0
    frames: int = 0
    edges: collections.Counter[tuple[str, str]] = attrs.field(factory=collections.Counter)

    def note(self, frame: FrameType, event: str, argument: Any) -> None:
        """Take note, as a profile function."""
        if event == "c_call" and argument.__name__ in {"send", "sendall"}:
            self.frames = max(self.frames, len(list(ours(frame))))
        if event != "call" or resumes(frame) or (room := room_of(frame.f_code.co_filename)) is None:
            return
        self.files.add(frame.f_code.co_filename)
        caller = next(ours(frame.f_back), None)
        if caller is not None and caller.f_code.co_name == "<module>":
            return  # an import: the first walk makes it, and no other
        self.calls += 1
        if caller is None or room_of(caller.f_code.co_filename) != room:
            self.edges[named(caller), named(frame)] += 1


def ours(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames of couponhub among these, the innermost first."""
    while frame is not None:
        if room_of(frame.f_code.co_filename) is not None:
            yield frame
        frame = frame.f_back


def named(frame: FrameType | None) -> str:
    """A function by its room and its name."""
    if frame is None:
        return "caller"
    return f"{room_of(frame.f_code.co_filename)}:{frame.f_code.co_qualname}"


def resumes(frame: FrameType) -> bool:
    """Tell whether a generator goes on, which is no call."""
    return bool(frame.f_code.co_flags & 0x20) and frame.f_lasti > begins(frame.f_code)


@cache
def begins(code: Any) -> int:
    """The place of the code at which a generator begins."""
    return max(one.offset for one in dis.get_instructions(code) if one.opname == "RETURN_GENERATOR") + 4


class Walks:
    """The walks so far. Made before the hub: threads are watched that begin later."""

    def __init__(self) -> None:
        self.done: dict[str, Walk] = {}
        self._now: Walk | None = None
        threading.setprofile(self._note)
        sys.setprofile(self._note)

    def walk(self, name: str, action: Callable[[], Any]) -> None:
        """Go one."""
        self._now = self.done[name] = Walk()
        try:
            action()
        finally:
            self._now = None

    def _note(self, frame: FrameType, event: str, argument: Any) -> None:
        if self._now is not None:
            self._now.note(frame, event, argument)


def main() -> None:
    """Go each walk, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, default=0, help="how many of each walk are shown")
    shown = parser.parse_args().edges
    walks = Walks()
    with emulated() as emulators, tempfile.TemporaryDirectory() as folder:
        written_config(Path(folder), emulators, cached=True)
        with CouponHub.from_config(Path(folder) / "couponhub.toml") as hub:
            for name, mobile in (("first", HOLDERS[0]), ("second", HOLDERS[1]), ("remembered", HOLDERS[1])):
                asked = partial(hub.lookup, Customer(mobile=mobile), connections="capillary", deadline=20)
                walks.walk(f"{name} lookup", asked)
            for vendor in ("capillary", "moengage"):
                home = next(iter(hub[vendor].lists.iterate(status="active"))).id
                walks.walk(f"upload, {vendor}", partial(hub[vendor].uploads.send, home, ONE_PART, wait=True))
    print("| | files | calls | entries | frames |\n|---|---|---|---|---|")
    for name, walk in walks.done.items():
        print(f"| {name} | {len(walk.files)} | {walk.calls} | {walk.edges.total()} | {walk.frames} |")
        for (caller, called), count in walk.edges.most_common(shown):
            print(f"{count:6} {caller} -> {called}")


if __name__ == "__main__":
    main()
