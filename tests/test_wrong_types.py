"""Every public callable, called with what it cannot mean: an error of ours at once, and never a call to a vendor."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from enum import EnumType
from importlib import import_module
from inspect import getmembers_static, isclass, isfunction
from typing import Any

import pytest

from couponhub import AsyncClient, AsyncCouponHub, Client
from couponhub.config import load_config
from couponhub.errors import CouponhubError
from couponhub.registry import Registry
from couponhub.testing import EmulatedVendors, emulated_vendors

ODD: tuple[Any, ...] = (object(), -5, b"7", {"a": 1}, None)
MODULES = ("couponhub", "couponhub.models", "couponhub.errors", "couponhub.client")
"""Where programs find what they make and call themselves."""

ROOMS = ("", "lists", "uploads", "customers", "coupons", "usage")
FROM_THE_DEPTH = re.compile(
    "is not (iterable|subscriptable|callable)|unsupported operand|unhashable|not supported"
)


def called(function: Callable[..., object], odd: object) -> None:
    """Call it with every argument odd, and take the first step of what it returns."""
    parameters = [one for one in inspect.signature(function).parameters.values() if one.name != "self"]
    named = {one.name: odd for one in parameters if one.kind is one.KEYWORD_ONLY}
    given = [odd for one in parameters if one.kind in {one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD}]
    result = function(*given, **named)
    if isinstance(result, Iterator):
        next(result, None)
    elif isinstance(result, Coroutine):
        asyncio.run(_awaited(result))
    elif isinstance(result, AsyncIterator):
        asyncio.run(_awaited(anext(result, None)))


async def _awaited(one: Any) -> None:
    await one


def is_clear(error: Exception) -> bool:
    """True of an error in words of ours, and of a call that Python itself refuses."""
    if isinstance(error, CouponhubError):
        return error.kind != "internal"
    return isinstance(error, TypeError) and not FROM_THE_DEPTH.search(str(error))


def faults(calls: dict[str, Callable[..., object]], odd: object) -> dict[str, str]:
    """What came of each call that was neither done nor clearly refused."""
    found: dict[str, str] = {}
    for name, function in calls.items():
        try:
            called(function, odd)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told with the name
            if not is_clear(error):
                found[name] = f"{type(error).__name__}: {error}"
    return found


def functions() -> dict[str, Callable[..., object]]:
    """What the modules show and can be called, by its name; enums and dictionaries are Python's own."""
    found: dict[str, Callable[..., object]] = {"Registry": Registry, "load_config": load_config}
    for module in map(import_module, MODULES):
        for name in getattr(module, "__all__", None) or vars(module):
            value = getattr(module, name)
            is_ours = (getattr(value, "__module__", None) or "").startswith(module.__name__)
            is_made = isclass(value) and not (isinstance(value, EnumType) or issubclass(value, dict))
            if name[0] != "_" and is_ours and (is_made or isfunction(value)):
                found[name] = value
    return found


def methods(of: object) -> dict[str, Callable[..., object]]:
    """The public methods of an object that take anything, without those that end it."""
    left_out = {"close", "behind"} | {
        name for name, value in getmembers_static(of) if isinstance(value, property)
    }
    names = [name for name in dir(type(of)) if name[0] != "_" and name not in left_out]
    found = {name: getattr(of, name) for name in names}
    return {
        name: one
        for name, one in found.items()
        if callable(one) and set(inspect.signature(one).parameters) - {"self"}
    }


@pytest.fixture(scope="module")
def vendors() -> Iterator[EmulatedVendors]:
    """Both vendors, with the demo's holdings."""
    with emulated_vendors() as served:
        yield served


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
def test_what_can_be_made_and_called(odd: object) -> None:
    """Classes and functions."""
    assert {} == faults(functions(), odd)


@pytest.mark.parametrize("odd", ODD[:-1], ids=lambda odd: type(odd).__name__)
def test_methods(odd: object, vendors: EmulatedVendors) -> None:
    """Of a hub, its jobs, its connections and their rooms, and a client; nobody is asked for any of it."""
    hub, mine = vendors.hub, AsyncCouponHub(vendors.hub.config)
    held: dict[str, object] = {
        "hub": hub,
        "jobs": hub.jobs,
        "client": Client(vendors.url),
        "async client": AsyncClient(vendors.url),
        "async hub": mine,
        "async jobs": mine.jobs,
    }
    for vendor in hub:
        list(hub[vendor].lists.iterate())  # signed in from here on
        for room in ROOMS:
            held[f"{vendor} {room}"] = getattr(hub[vendor], room) if room else hub[vendor]
            held[f"async {vendor} {room}"] = getattr(mine[vendor], room) if room else mine[vendor]
    before = len(vendors.controls["capillary"].requests())
    calls = {
        f"{title}.{name}": method for title, one in held.items() for name, method in methods(one).items()
    }
    assert len(calls) > 100
    assert {} == faults(calls, odd)
    asyncio.run(mine.close())
    assert before == len(vendors.controls["capillary"].requests())
