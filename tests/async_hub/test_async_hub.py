"""The hub for asyncio: it answers as the other one does, and its event loop waits for nobody."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest

from couponhub import AsyncCouponHub, CouponHub, Customer, LookupAnswer, UsageError
from couponhub.async_hub import AsyncConnection, AsyncJobs, AsyncMigrations
from couponhub.async_hub.connection import AsyncExports
from couponhub.connection import Connection
from couponhub.errors import NotFound, UnknownConnection
from couponhub.holdings import HubExports
from couponhub.jobs import HubJobs
from couponhub.migration import Migrations
from couponhub.models import CouponQuery
from couponhub.testing import EmulatedVendors, emulated_vendors

HOLDER = Customer(mobile="919876543210")
NOBODY = Customer(mobile="919876543211")

Use = Callable[[AsyncCouponHub], Coroutine[Any, Any, None]]


@pytest.fixture(scope="module")
def vendors() -> Iterator[EmulatedVendors]:
    """Both vendors, with the demo's holdings."""
    with emulated_vendors() as served:
        yield served


def used(vendors: EmulatedVendors, use: Use) -> None:
    """Open a hub, use it on an event loop, and close both."""

    async def run() -> None:
        async with AsyncCouponHub.from_config(vendors.config) as hub:
            await use(hub)

    asyncio.run(run())


def timeless(answer: LookupAnswer) -> LookupAnswer:
    """The answer without what is another each time."""
    return attrs.evolve(
        answer,
        answers=tuple(
            attrs.evolve(
                one,
                as_of=None,
                elapsed_ms=0,
                coupons=tuple(attrs.evolve(coupon, as_of=None) for coupon in one.coupons),
            )
            for one in answer.answers
        ),
    )


def test_it_answers_as_the_hub_does(vendors: EmulatedVendors) -> None:
    """One customer, many of them in their order, and what is wrong with a question."""

    async def use(hub: AsyncCouponHub) -> None:
        answer = await hub.lookup(HOLDER)
        assert timeless(vendors.hub.lookup(HOLDER)) == timeless(answer)
        people = [NOBODY, HOLDER, Customer(mobile="1"), HOLDER]
        answers = [one async for one in hub.lookup_many(people, connections="capillary", at_once=2)]
        expected = [timeless(one) for one in vendors.hub.lookup_many(people, connections="capillary")]
        assert expected == [timeless(one) for one in answers]
        with pytest.raises(NotFound):
            await hub.lookup(HOLDER, CouponQuery(list_id="999"), connections="capillary")
        with pytest.raises(UsageError, match="exactly one connection"):
            await hub.lookup(Customer(id="1"))
        with pytest.raises(UsageError, match="customers must be in a list"):
            hub.lookup_many(5)  # type: ignore[arg-type] # the point of it
        with pytest.raises(UnknownConnection):
            await hub.lookup(HOLDER, connections=["nowhere"])

    used(vendors, use)


def test_a_connection_is_awaited(vendors: EmulatedVendors) -> None:
    """Lists, customers, reports, jobs, checks: the same methods, answers and errors; nothing is opened before."""

    async def use(hub: AsyncCouponHub) -> None:
        at, blocking = hub["capillary"], vendors.hub["capillary"]
        assert ("capillary", "Capillary", "capillary") == (at.name, at.vendor, at.adapter)
        assert repr(blocking).replace("Connection", "AsyncConnection") == repr(at)
        assert list(hub) == ["capillary", "moengage"]
        ids = [one.id async for one in at.lists.iterate(status="active")]
        assert [one.id for one in blocking.lists.iterate(status="active")] == ids
        assert blocking.lists.get(ids[0]) == await at.lists.get(ids[0])
        assert (await at.customers.coupons(HOLDER)).coupons
        assert blocking.capabilities == await at.capabilities()
        assert [] == [job async for job in hub.jobs.iterate()]
        assert [] == [one async for one in hub.exports.iterate()]
        assert "capillary" in (await hub.explain(HOLDER)).to_json()
        with pytest.raises(NotFound):
            await at.lists.get("999")
        with pytest.raises(UnknownConnection):
            hub["nowhere"]
        with pytest.raises(UsageError):
            await hub.forget([])

    used(vendors, use)


def test_nothing_that_the_hub_has_is_missing(vendors: EmulatedVendors) -> None:
    """Every method of a connection, of its rooms, and of jobs and migrations, is awaited by the same name."""

    def methods(of: object) -> set[str]:
        return {
            name for name in dir(type(of)) if not name.startswith("_") and callable(getattr(type(of), name))
        }

    at = vendors.hub["capillary"]
    hub = AsyncCouponHub(vendors.hub.config)
    other = hub["capillary"]
    assert set() == methods(vendors.hub) - set(dir(hub))
    assert set() == methods(at) - set(dir(AsyncConnection))
    for room in ("lists", "uploads", "customers", "coupons", "usage"):
        assert set() == methods(getattr(at, room)) - set(dir(getattr(other, room)))
    assert set() == {name for name in dir(HubJobs) if not name.startswith("_")} - set(dir(AsyncJobs))
    assert set() == {name for name in dir(Migrations) if not name.startswith("_")} - set(dir(AsyncMigrations))
    assert set() == {name for name in dir(HubExports) if not name.startswith("_")} - set(dir(AsyncExports))
    assert Connection.check.__doc__ == AsyncConnection.check.__doc__


def test_many_that_are_left_are_asked_no_further(vendors: EmulatedVendors) -> None:
    """Whoever stops reading has begun no more questions than were under way; none is taken after that."""
    taken: list[int] = []

    def people() -> Iterator[Customer]:
        for number in range(100):
            taken.append(number)
            yield Customer(mobile=str(919876543000 + number))

    async def use(hub: AsyncCouponHub) -> None:
        answers = hub.lookup_many(people(), connections="capillary", at_once=3)
        assert "919876543000" == (await anext(answers)).customer.value
        await answers.aclose()  # type: ignore[attr-defined] # it is a generator
        assert len(taken) <= 4

    used(vendors, use)


def test_an_error_of_the_source_comes_in_its_turn(vendors: EmulatedVendors) -> None:
    """The answers to the customers before it are told first."""

    def people() -> Iterator[Customer]:
        yield NOBODY
        raise OSError("the file ended")

    async def use(hub: AsyncCouponHub) -> None:
        answers = hub.lookup_many(people(), connections="capillary")
        assert (await anext(answers)).customer == NOBODY
        with pytest.raises(OSError, match="the file ended"):
            await anext(answers)

    used(vendors, use)


def test_several_loops_may_share_it(vendors: EmulatedVendors) -> None:
    """Each in a thread of its own, as a program does that calls `asyncio.run` more than once."""
    hub = AsyncCouponHub(vendors.hub.config)

    async def ask() -> list[bool]:
        answers = await asyncio.gather(*(hub.lookup(HOLDER, connections="capillary") for _ in range(20)))
        return [answer.complete for answer in answers]

    with ThreadPoolExecutor(4) as pool:
        assert [[True] * 20] * 4 == list(pool.map(asyncio.run, [ask() for _ in range(4)]))
    asyncio.run(hub.close())


def test_it_is_the_same_hub_beneath(vendors: EmulatedVendors) -> None:
    """It says what it is as the other does, and takes the same arguments."""
    with CouponHub(vendors.hub.config) as hub:
        assert repr(hub).replace("CouponHub", "AsyncCouponHub") == repr(AsyncCouponHub(vendors.hub.config))
