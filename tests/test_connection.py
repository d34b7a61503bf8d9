"""A connection: what is lost is looked for before it is repeated, and every error says where it happened."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import attrs
import pytest

from couponhub.capabilities import Offered
from couponhub.clock import Clock, Deadline
from couponhub.connection import Connection, Lists
from couponhub.errors import (
    Conflict,
    CouponhubError,
    OutcomeUnknown,
    RateLimited,
    UnreadableReply,
    Unsupported,
    VendorUnavailable,
)
from couponhub.models import CouponList, Customer, ListChange, ListId, ListStatus, NewCouponList
from couponhub.protocols import CAPABILITIES
from couponhub.state import StoreSettings, open_state
from couponhub.uploads import Uploads
from couponhub.usage import UsageIndex
from tests.uploads.vendors import Lost

NEW = NewCouponList(name="Spring", expires=date(2030, 1, 31))


def never() -> None:
    """Nothing that these tests do needs a store or a staging."""
    raise AssertionError


@attrs.define
class FakeListVendor:
    """A vendor of lists that loses answers.

    Attributes:
        fates: For each coming create: an error to raise, a way to lose the answer, or None.
        update_fates: For each coming update, likewise.
        look_faults: For each coming look: an error to raise, or None.
        every: Loses the answer of each create whose number is a multiple of this, alternately before and after.
    """

    fates: list[Exception | Lost | None] = attrs.field(factory=list)
    look_faults: list[Exception | None] = attrs.field(factory=list)
    every: int | None = None
    lists: list[CouponList] = attrs.field(factory=list)
    hidden: list[CouponList] = attrs.field(factory=list)
    update_fates: list[Exception | Lost | None] = attrs.field(factory=list)
    creates: int = 0
    updates: int = 0
    looks: int = 0
    limits: Mapping[str, int] = attrs.field(factory=dict)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def advice(self, capability: str) -> str:
        """See `Adapter.advice`."""
        return f"instead of {capability}"

    def check(self, *, deadline: Deadline | None = None) -> str:  # noqa: ARG002 - it answers at once
        """See `Adapter.check`."""
        raise VendorUnavailable("down")

    def quota_left(self) -> Mapping[str, int]:
        """See `Adapter.quota_left`."""
        return {"calls_per_minute": 3}

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: object = None,
    ) -> object:
        """See `Adapter.call`."""
        del query, body
        raise VendorUnavailable("down", operation=f"{method} {path}")

    def close(self) -> None:
        """See `Adapter.close`."""

    def get_list(self, list_id: ListId) -> CouponList:
        """See `ReadsLists.get_list`."""
        return next(found for found in self.lists if found.id == list_id)

    def iterate_lists(self, status: ListStatus | None = None) -> Iterator[CouponList]:
        """See `ReadsLists.iterate_lists`; the last row is odd."""
        del status
        yield from self.lists
        raise UnreadableReply("odd row")

    def create_list(self, new: NewCouponList) -> CouponList:
        """See `WritesLists.create_list`."""
        with self._lock:
            self.creates += 1
            fate = self.fates.pop(0) if self.fates else None
            if self.every and self.creates % self.every == 0:
                fate = (Lost.BEFORE, Lost.AFTER)[self.creates // self.every % 2]
            if isinstance(fate, Exception):
                raise fate
            made = CouponList(connection="shop", id=ListId(str(self.creates)), name=new.name)
            if fate is not Lost.BEFORE:
                (self.hidden if fate is Lost.LATE else self.lists).append(made)
        if fate is not None:
            raise OutcomeUnknown("no answer", hint="look there")
        return made

    def find_created(self, new: NewCouponList) -> CouponList | None:
        """See `WritesLists.find_created`; what is hidden shows from the second look on."""
        with self._lock:
            self.looks += 1
            if self.look_faults and (fault := self.look_faults.pop(0)):
                raise fault
            if self.looks > 1:
                self.lists += self.hidden
                self.hidden.clear()
            return next((found for found in self.lists if found.name == new.name), None)

    def update_list(self, list_id: ListId, change: ListChange) -> CouponList:
        """See `WritesLists.update_list`."""
        self.updates += 1
        fate = self.update_fates.pop(0) if self.update_fates else None
        if isinstance(fate, Exception):
            raise fate
        found = self.get_list(list_id)
        changed = attrs.evolve(found, name=change.name or found.name)
        if fate is not Lost.BEFORE:
            self.lists[self.lists.index(found)] = changed
        if fate is not None:
            raise OutcomeUnknown("no answer", hint="look there")
        return changed

    def find_changed(self, list_id: ListId, change: ListChange) -> CouponList | None:
        """See `WritesLists.find_changed`."""
        if self.look_faults and (fault := self.look_faults.pop(0)):
            raise fault
        found = self.get_list(list_id)
        return found if found.name == change.name else None


def lists_of(vendor: FakeListVendor) -> tuple[Lists, list[float]]:
    """The lists of a connection to that vendor, and the pauses that it will make."""
    pauses: list[float] = []
    return Lists("shop", Offered(vendor, "shop"), settle=30.0, clock=Clock(sleep=pauses.append)), pauses


def connection_to(vendor: FakeListVendor) -> Connection:
    """A connection to that vendor."""
    return Connection(
        name="shop",
        vendor="FakeListVendor",
        adapter_name="vendor",
        adapter=vendor,
        uploads=Uploads("shop", vendor, ledger=never, jobs=never, staging=never),  # type: ignore[arg-type]  # never called
        index=UsageIndex(open_state(StoreSettings()).reports),
        ledger=never,  # type: ignore[arg-type]  # never called
        settle=0.0,
    )


@pytest.mark.parametrize(
    ("lost", "creates", "pauses"), [(Lost.AFTER, 1, []), (Lost.LATE, 1, [30.0]), (Lost.BEFORE, 2, [30.0])]
)
def test_lost_create_is_looked_for(lost: Lost, creates: int, pauses: list[float]) -> None:
    """Found at once or after the settling time it is the answer; proven absent it is created once more."""
    vendor = FakeListVendor(fates=[lost])
    lists, slept = lists_of(vendor)
    created = lists.create(NEW)

    assert [created] == vendor.lists
    assert (creates, pauses) == (vendor.creates, slept)


@pytest.mark.parametrize("faults", [[VendorUnavailable("down")], [None, RateLimited("slow down")]])
def test_create_stays_unknown_when_looking_fails(faults: list[Exception | None]) -> None:
    """Nothing is repeated, and the hint names the command that finds out."""
    vendor = FakeListVendor(fates=[Lost.BEFORE], look_faults=faults)
    with pytest.raises(OutcomeUnknown, match="the new list was sent") as caught:
        lists_of(vendor)[0].create(NEW)

    assert "`couponhub lists ls shop`" in caught.value.hint
    assert ("shop", "create list", 1) == (caught.value.connection, caught.value.operation, vendor.creates)


def test_doubt_of_the_adapter_is_told_as_it_is() -> None:
    """Lists that look alike are its to explain."""
    vendor = FakeListVendor(
        fates=[Lost.BEFORE], look_faults=[OutcomeUnknown("two are alike", hint="compare them")]
    )
    with pytest.raises(OutcomeUnknown, match="two are alike"):
        lists_of(vendor)[0].create(NEW)


def test_twice_absent_is_given_up() -> None:
    """One repetition, proven absent again."""
    vendor = FakeListVendor(fates=[Lost.BEFORE, Lost.BEFORE])
    with pytest.raises(VendorUnavailable, match="took the new list neither at once nor when it was repeated"):
        lists_of(vendor)[0].create(NEW)
    assert 2 == vendor.creates


def test_conflict_of_the_repetition_may_be_with_the_first() -> None:
    """It arrived after the second look, so that the repetition finds its name taken."""

    @attrs.define
    class LateListVendor(FakeListVendor):
        def create_list(self, new: NewCouponList) -> CouponList:
            self.creates += 1
            if self.creates == 1:
                raise OutcomeUnknown("no answer")
            self.lists.append(CouponList(connection="shop", id=ListId("1"), name=new.name))
            raise Conflict("taken")

    vendor = LateListVendor()
    assert "1" == lists_of(vendor)[0].create(NEW).id
    assert 2 == vendor.creates


def test_refused_create_is_not_looked_for() -> None:
    """The vendor understood, so nothing is in doubt."""
    vendor = FakeListVendor(fates=[Conflict("taken")])
    with pytest.raises(Conflict):
        lists_of(vendor)[0].create(NEW)
    assert (1, 0) == (vendor.creates, vendor.looks)


def test_ten_creates_at_once_leave_ten_lists() -> None:
    """Every second answer is lost, half of them before the vendor did anything."""
    vendor = FakeListVendor(every=2)
    lists = Lists("shop", Offered(vendor, "shop"), settle=0.0, clock=Clock(sleep=lambda _: None))
    names = [f"list {number}" for number in range(10)]
    with ThreadPoolExecutor(10) as pool:
        created = list(pool.map(lambda name: lists.create(attrs.evolve(NEW, name=name)), names))

    assert names == [made.name for made in created]
    assert sorted(names) == sorted(str(held.name) for held in vendor.lists)
    assert vendor.creates > 10


def test_list_is_changed() -> None:
    """And answered as the vendor holds it."""
    vendor = FakeListVendor()
    lists, _ = lists_of(vendor)
    made = lists.create(NEW)

    assert "Summer" == lists.update(made.id, ListChange(name="Summer")).name
    assert ["Summer"] == [found.name for found in vendor.lists]


def test_errors_say_where_they_happened() -> None:
    """Also those of an adapter that does not say, at the call and while iterating; what it says stays."""
    connection = connection_to(FakeListVendor(update_fates=[Conflict("taken")]))
    lists = connection.lists.iterate()
    said = []
    asks: list[Callable[[], object]] = [
        connection.check,
        lambda: next(lists),
        lambda: connection.call("GET", "/x"),
        lambda: connection.customers.coupons(Customer(mobile="919876543210")),
        lambda: connection.uploads.iterate("1"),
        lambda: connection.uploads.delete("1", "2"),
        lambda: connection.lists.update("1", SUMMER),
        lambda: connection.coupons.find(["A"]),
    ]
    for ask in asks:
        with pytest.raises(CouponhubError) as caught:
            ask()
        said.append((caught.value.connection, caught.value.operation))
    operations = ["check", "read lists", "GET /x", "customer coupons", "read uploads", "delete upload"]
    operations += ["update list", "find coupons"]
    assert [("shop", operation) for operation in operations] == said
    assert {"calls_per_minute": 3} == connection.quota_left()


def test_capability_is_decided_once() -> None:
    """Deciding takes long; being refused is as it was the first time."""
    asked = []

    class Watched(FakeListVendor):
        def __getattribute__(self, name: str) -> object:
            asked.append(name)
            return super().__getattribute__(name)

    offered = Offered(Watched(), "shop")
    offered.require(CAPABILITIES["lists.read"])
    before = len(asked)
    offered.require(CAPABILITIES["lists.read"])
    assert before == len(asked)
    for _ in range(2):
        with pytest.raises(Unsupported, match=r"instead of coupons\.find"):
            offered.require(CAPABILITIES["coupons.find"])


SPRING, SUMMER = CouponList(connection="shop", id=ListId("1"), name="Spring"), ListChange(name="Summer")


@pytest.mark.parametrize(
    ("fates", "updates", "waits"),
    [
        ([Lost.AFTER], 1, []),
        ([Lost.BEFORE], 2, [30.0]),
        ([Lost.BEFORE, Lost.AFTER], 2, [30.0]),
    ],
)
def test_a_lost_update_is_looked_for(
    fates: list[Exception | Lost | None], updates: int, waits: list[float]
) -> None:
    """It is the answer when it is to be seen, and made once more when it is not."""
    vendor = FakeListVendor(lists=[SPRING], update_fates=fates)
    lists, pauses = lists_of(vendor)

    assert "Summer" == lists.update("1", SUMMER).name
    assert (updates, waits) == (vendor.updates, pauses)


@pytest.mark.parametrize(
    ("fates", "look_faults", "updates"),
    [
        ([Lost.AFTER], [VendorUnavailable("down")], 1),
        ([Lost.BEFORE], [None, UnreadableReply("odd")], 1),
        ([Lost.BEFORE, Lost.BEFORE], [], 2),
        ([Lost.BEFORE, Lost.AFTER], [None, None, VendorUnavailable("down")], 2),
    ],
)
def test_a_lost_update_that_cannot_be_seen_stays_unknown(
    fates: list[Exception | Lost | None], look_faults: list[Exception | None], updates: int
) -> None:
    """The lost answer's hint names what finds out; nothing is repeated without a look."""
    vendor = FakeListVendor(lists=[SPRING], update_fates=fates, look_faults=look_faults)
    with pytest.raises(OutcomeUnknown, match="no answer") as caught:
        lists_of(vendor)[0].update("1", SUMMER)

    assert ("look there", "update list", updates) == (
        caught.value.hint,
        caught.value.operation,
        vendor.updates,
    )


def test_a_refused_update_is_not_looked_for() -> None:
    """The vendor has said it all; refused when repeated, it is looked for once more, and then told."""
    refused: list[Exception | Lost | None] = [Conflict("taken")]
    for fates in (refused, [Lost.BEFORE, *refused]):
        vendor = FakeListVendor(lists=[SPRING], update_fates=[*fates])
        with pytest.raises(Conflict, match="taken"):
            lists_of(vendor)[0].update("1", SUMMER)
        assert len(fates) == vendor.updates
