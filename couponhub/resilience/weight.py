"""The memory that a value takes, as it is held."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import chain
from sys import getsizeof

import attrs

_LEAVES = frozenset({str, int, float, bytes, datetime})
_SINGLE = frozenset({type(None), bool})
_ALLOCATED = 16
"""Bytes that an object with others in it takes beside what Python tells of it."""
_STEP = 16
"""Bytes: Python's allocator gives out whole multiples of them."""


def bytes_held(value: object, *, most: float = float("inf")) -> int:
    """Roughly the bytes that a value and all it leads to hold; never far too few.

    The size of what a vendor sent does not tell: `{}` is two bytes there and 64 here, and a coupon that it describes
    in 400 bytes takes three times as many, or thirty times.

    Args:
        value: Models of attrs, mappings, sequences and sets, and what else there is in them.
        most: Enough to know; what goes beyond it is not counted any more.
    """
    total = 0
    waiting: list[object] = [value]
    seen = {id(value)}
    while waiting and total <= most:
        holder = waiting.pop()
        total += getsizeof(holder) + _ALLOCATED
        for held in _inside(holder):
            kind = type(held)
            if kind in _LEAVES:
                total += (getsizeof(held) + _STEP - 1) // _STEP * _STEP
            elif kind not in _SINGLE and id(held) not in seen:
                seen.add(id(held))
                waiting.append(held)
    return total


def _inside(holder: object) -> Iterable[object]:
    if isinstance(holder, dict):
        return chain(holder, holder.values())
    if isinstance(holder, (list, tuple, set, frozenset)):
        return holder
    kind: type = type(holder)
    if attrs.has(kind):
        return [getattr(holder, field.name) for field in attrs.fields(kind)]
    return chain(holder, holder.values()) if isinstance(holder, Mapping) else ()
