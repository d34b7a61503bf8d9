"""What a debugger, rich or Sentry sees of an error: the variables of all frames it came through, and what they hold."""

from collections import deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import FrameType
from typing import Any

from couponhub.secret import Secret
from couponhub.transport.headers import SentHeaders

_TESTS = str(Path(__file__).parents[1])
_OURS = ("couponhub", "couponhub_capillary", "couponhub_moengage")
_HIDING = (Secret, SentHeaders)
_OF_LIBRARIES = ("couponhub.transport.pool", "couponhub.transport.oauth")
"""Classes of ours that are a library's by what they hold; those show by `repr` alone."""
_DEEPEST = 12


def frames_of(error: BaseException) -> Iterator[FrameType]:
    """All frames of an error and of those it came of, but for the tests' own, which know every secret."""
    waiting: list[BaseException | None] = [error]
    seen: list[BaseException] = []
    while waiting:
        found = waiting.pop()
        if found is None or any(found is known for known in seen):
            continue
        seen.append(found)
        waiting += [found.__cause__, found.__context__]
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions
        trace = found.__traceback__
        while trace is not None:
            if not trace.tb_frame.f_code.co_filename.startswith(_TESTS):
                yield trace.tb_frame
            trace = trace.tb_next


def shown_by(error: BaseException) -> Iterator[tuple[str, str]]:
    """Each variable as (where it stands, what is shown of it): by `repr`, in containers, in attributes of our objects."""
    yield "the error", repr(vars(error))
    waiting: deque[tuple[str, Any, int]] = deque()
    for frame in frames_of(error):
        place = f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_name}"
        waiting.extend((f"{place}: {name}", value, 0) for name, value in frame.f_locals.items())
    # What several hold is looked at once, where it stands nearest; it is kept, so that nothing else gets its identity.
    seen: dict[int, Any] = {}
    while waiting:
        place, value, depth = waiting.popleft()
        if depth > _DEEPEST or id(value) in seen:
            continue
        seen[id(value)] = value
        if type(value) not in {dict, list, tuple, set, frozenset}:
            yield place, repr(value)
        waiting.extend((f"{place}{step}", inner, depth + 1) for step, inner in _inside(value))


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, _HIDING):
        return
    if isinstance(value, Mapping):
        for key, inner in list(value.items()):
            yield "[...]", key
            yield f"[{key!r}]", inner
    elif isinstance(value, (list, tuple, AbstractSet)):
        yield from (("[...]", inner) for inner in list(value))
    elif type(value).__module__.split(".")[0] in _OURS and type(value).__module__ not in _OF_LIBRARIES:
        yield from ((f".{name}", inner) for name, inner in _attributes(value).items())


def _attributes(value: Any) -> dict[str, Any]:
    slots = [name for kind in type(value).__mro__ for name in _names(getattr(kind, "__slots__", ()))]
    found = {name: getattr(value, name) for name in slots if name != "__weakref__" and hasattr(value, name)}
    return {**found, **getattr(value, "__dict__", {})}


def _names(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)
