"""A hub that was used before its process forked: nobody is told another's answer, and everybody is told one."""

import threading
from collections.abc import Callable

import pytest

from couponhub.hub import CouponHub
from couponhub.models import CouponQuery, Customer
from tests.forking.conftest import HELD, HOLDER, OTHER, ForkingHarness
from tests.forking.keeping import Child
from tests.kit.examples import THOROUGH

STARTS = 20 if THOROUGH else 6
WORKERS = 4
PEOPLE: tuple[tuple[dict[str, str], list[str]], ...] = ((HOLDER, sorted(HELD)), (OTHER, []))


def used(hub: CouponHub, harness: ForkingHarness, start: int) -> None:
    """Use a hub as a program does before it forks its workers: for a check, a lookup or an upload."""
    match start % 3:
        case 0:
            hub["capillary"].check()
        case 1:
            assert sorted(HELD) == looked_up(hub, HOLDER)
        case _:
            hub["capillary"].uploads.send(harness.list_id, [f"SENT-{start}"])


def looked_up(hub: CouponHub, person: dict[str, str]) -> list[str] | str:
    """The codes that a lookup finds, or why it cannot say."""
    answer = hub.lookup(Customer(mobile=person["mobile"]), deadline=20)
    (one,) = answer.answers
    return sorted(coupon.code for coupon in answer.coupons) if one.whole else str(one.reason)


def asked(hub: CouponHub, number: int) -> Callable[[], object]:
    """What a worker does: it asks about one of two people, by lookup and by a connection that it was given."""
    person, _ = PEOPLE[number % 2]
    customers = hub["capillary"].customers

    def work() -> object:
        found = customers.coupons(Customer(email=person["email"]))
        return [
            looked_up(hub, person),
            sorted(coupon.code for coupon in found.coupons),
            looked_up(hub, person),
        ]

    return work


def test_forked_workers_are_told_what_they_asked(harness: ForkingHarness) -> None:
    """Start after start of four workers: each is told the coupons of whom it asked about, and so is the parent."""
    for start in range(STARTS):
        with harness.open_hub() as hub:
            used(hub, harness, start)
            workers = [Child(asked(hub, number)) for number in range(WORKERS)]
            for number, worker in enumerate(workers):
                assert [PEOPLE[number % 2][1]] * 3 == worker.told()
            assert sorted(HELD) == looked_up(hub, HOLDER)


def test_a_fork_in_the_middle_of_lookups_keeps_nobody_waiting(harness: ForkingHarness) -> None:
    """While threads look up, so that locks are held and answers are on their way, children answer all the same."""
    ended = threading.Event()
    told: list[object] = []

    with harness.open_hub() as hub:

        def look_up(number: int) -> None:
            person, codes = PEOPLE[number % 2]
            while not ended.is_set():
                if codes != (found := looked_up(hub, person)):
                    told.append(found)
                hub["capillary"].quota_left()
                list(hub["capillary"].uploads.iterate(harness.list_id))

        threads = [threading.Thread(target=look_up, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        try:
            for number in range(STARTS):
                assert [PEOPLE[number % 2][1]] * 3 == Child(asked(hub, number)).told()
        finally:
            ended.set()
            for thread in threads:
                thread.join()
    assert [] == told


def test_a_child_that_closes_takes_nothing_from_its_parent(harness: ForkingHarness) -> None:
    """It closes what it opened: the parent goes on over the connection that it had."""
    with harness.open_hub() as hub:
        customers, customer = hub["capillary"].customers, Customer(mobile=HOLDER["mobile"])
        customers.coupons(customer)
        before = harness.proxy.connections

        def close() -> object:
            hub.close()
            return "closed"

        assert "closed" == Child(close).told()
        assert before == harness.proxy.connections
        assert len(HELD) == len(customers.coupons(customer).coupons)
        assert before == harness.proxy.connections, "the parent had to connect anew"


def test_forked_workers_notice_that_somebody_was_forgotten(harness: ForkingHarness) -> None:
    """A child begins to look for erasures of its own, as its parent's thread is not there."""
    with harness.open_hub() as hub:
        looked_up(hub, HOLDER)

        def threads() -> object:
            looked_up(hub, HOLDER)
            return sorted(
                {thread.name for thread in threading.enumerate()} & {"erasures", "lookup-capillary"}
            )

        assert ["erasures", "lookup-capillary"] == Child(threads).told()


def test_a_batch_is_not_gone_on_with_in_another_process(harness: ForkingHarness) -> None:
    """Its threads are not there: a child that asks for the next answer is told so, and does not wait for ever."""
    people = [Customer(mobile=HOLDER["mobile"])] * 6
    with harness.open_hub() as hub:
        answers = hub.lookup_many(people, CouponQuery(), at_once=2)
        first = next(answers)

        def go_on() -> object:
            with pytest.raises(Exception, match="begun in another process"):
                next(answers)
            return "refused"

        assert "refused" == Child(go_on).told()
        assert [len(HELD)] * 6 == [len(answer.coupons) for answer in (first, *answers)]
