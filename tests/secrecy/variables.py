"""What a debugger, rich or Sentry sees of an error: the variables of all frames it came through, and what they hold."""

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
    for frame in frames_of(error):
        place = f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_name}"
        for name, value in frame.f_locals.items():
            yield from _shown(f"{place}: {name}", value, [])


def _shown(place: str, value: Any, above: list[Any]) -> Iterator[tuple[str, str]]:
    if len(above) > 12 or any(value is one for one in above):
        return
    if type(value) not in {dict, list, tuple, set, frozenset}:
        yield place, repr(value)
    if isinstance(value, _HIDING):
        return
    below = [*above, value]
    if isinstance(value, Mapping):
        for key, inner in list(value.items()):
            yield from _shown(f"{place}[...]", key, below)
            yield from _shown(f"{place}[{key!r}]", inner, below)
    elif isinstance(value, (list, tuple, AbstractSet)):
        for inner in list(value):
            yield from _shown(f"{place}[...]", inner, below)
    elif type(value).__module__.split(".")[0] in _OURS and type(value).__module__ not in _OF_LIBRARIES:
        for name, inner in _attributes(value).items():
            yield from _shown(f"{place}.{name}", inner, below)


def _attributes(value: Any) -> dict[str, Any]:
    slots = [name for kind in type(value).__mro__ for name in _names(getattr(kind, "__slots__", ()))]
    found = {name: getattr(value, name) for name in slots if name != "__weakref__" and hasattr(value, name)}
    return {**found, **getattr(value, "__dict__", {})}


def _names(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)
