"""Clients of several machines that share a Redis: one call for all, the first level's rules of age, and a dead vendor told on."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from itertools import count
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couponhub.clock import SYSTEM_CLOCK, Deadline
from couponhub.errors import VendorUnavailable
from couponhub.models import Coupon, CouponQuery, CouponStatus, Customer, CustomerCoupons, Redemption, Source
from couponhub.models.coupons import Discount, Store
from couponhub.resilience import Outcome, ResilienceSettings, ResilientClient
from couponhub.resilience.second_level import _question, _read, _written
from couponhub.secret import Secret
from couponhub.state import SharedSettings
from couponhub.state.hashing import HashKey
from couponhub.state.redis import RedisShared
from couponhub.state.redis.link import Link
from couponhub.state.redis.scripts import TimeOfDay
from tests.kit.clock import FakeClock
from tests.kit.eventually import eventually
from tests.kit.examples import examples
from tests.kit.servers import RedisServer, running_redis
from tests.resilience.harness import (
    ALL,
    BEGAN,
    CUSTOMER,
    FOUND,
    NONE,
    OTHER,
    ClientHarness,
    Heard,
    Vendor,
    down,
)

KEY = HashKey(b"k" * 32)


def shared_at(server: RedisServer, clock: FakeClock | None = None, key: HashKey = KEY) -> RedisShared:
    """What machines share in a server, as one of them opens it."""
    where = SharedSettings(url=Secret(server.url))
    link = Link(where) if clock is None else Link(where, clock=clock.monotonic, time_of_day=TimeOfDay.MOVED)
    return RedisShared(where, key=lambda: key, link=link)


class Machines:
    """Several that ask one vendor, with one clock that is set by hand."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.clock = FakeClock(began=BEGAN)
        self.vendor = Vendor()

    def one(self, *, key: HashKey = KEY, **figures: float) -> ClientHarness:
        """A further machine."""
        chosen = ResilienceSettings(**{"probe_every": 3600.0, **figures})  # type: ignore[arg-type] # whole numbers are told by their names
        client = ResilientClient(
            "shop",
            self.vendor.ask,
            check=lambda _: None,
            settings=chosen,
            clock=self.clock.clock,
            shared=shared_at(self.server, self.clock, key).lookups(b"shop"),
        )
        return ClientHarness(self.clock, self.vendor, client)

    def pass_time(self, seconds: float) -> None:
        """Let time pass everywhere."""
        self.clock.passed += seconds
        self.server.client().set("couponhub:clock-moved-by", round(self.clock.passed * 1000))


@pytest.fixture
def machines(redis_server: RedisServer) -> Machines:
    """Machines with an empty Redis."""
    return Machines(redis_server)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    with running_redis() as one:
        yield one


def kept(machines: Machines, number: int = 1) -> None:
    """Wait until so many answers lie in Redis: they are put there after all were told."""
    eventually(lambda: number == len(machines.server.client().keys("couponhub:a:*")))


def test_an_answer_of_one_machine_is_told_by_another(machines: Machines) -> None:
    """The vendor is asked once; the answer says that it was remembered, and of which moment it speaks."""
    one, other = machines.one(), machines.one()
    assert FOUND == one.known().found
    kept(machines)
    machines.pass_time(20)
    found = other.known().found
    assert found is not None
    assert (Source.CACHE, Source.CACHE) == (found.source, found.coupons[0].source)
    assert found.as_of is not None
    assert abs(found.as_of - BEGAN) < timedelta(seconds=1)
    assert ["A"] == [coupon.code for coupon in found.coupons]
    assert 1 == len(machines.vendor.calls)
    assert 1 == other.client.status().shared_hits


def test_age_counts_from_when_the_vendor_was_asked(machines: Machines) -> None:
    """Whichever machine asked: at 29 seconds it is fresh, at 31 it is asked anew, also where it came from another machine."""
    one, other = machines.one(), machines.one()
    one.known()
    kept(machines)
    machines.pass_time(29)
    assert Source.CACHE is other.known().found.source  # type: ignore[union-attr] # there is one
    machines.pass_time(2)
    assert Source.LIVE is other.known().found.source  # type: ignore[union-attr] # the same
    assert 2 == len(machines.vendor.calls)


def test_absence_is_remembered_for_its_own_short_time(machines: Machines) -> None:
    """Five seconds, also by other machines."""
    machines.vendor.says = NONE
    one, other = machines.one(), machines.one()
    one.known()
    kept(machines)
    machines.pass_time(4)
    other.known()
    assert 1 == len(machines.vendor.calls)
    machines.pass_time(2)
    machines.one().known()
    assert 2 == len(machines.vendor.calls)


def test_an_old_answer_is_shown_while_the_vendor_fails(machines: Machines) -> None:
    """As long as the machine that asked would show it, and never beyond; beside it stands why."""
    machines.one().known()
    kept(machines)
    machines.vendor.says = down()
    machines.pass_time(100)
    known = machines.one().known()
    assert known.found is not None
    assert isinstance(known.error, VendorUnavailable)
    machines.pass_time(231)
    known = machines.one().known()
    assert (None, True) == (known.found, isinstance(known.error, VendorUnavailable))


@pytest.mark.parametrize(
    "answer",
    [
        CustomerCoupons(coupons=FOUND.coupons, complete=False),
        CustomerCoupons(covered=False),
        CustomerCoupons(customer_known=False, every_form=False),
        CustomerCoupons(source=Source.REPORT),
    ],
)
def test_what_one_machine_would_not_remember_is_not_shared(
    machines: Machines, answer: CustomerCoupons
) -> None:
    """Half answers, and those of reports; and nobody waits for them either."""
    machines.vendor.says = answer
    one, other = machines.one(), machines.one()
    assert answer == one.known().found
    assert answer == other.known().found
    assert 2 == len(machines.vendor.calls)
    eventually(lambda: not machines.server.client().keys("couponhub:[af]:*"))


def test_other_questions_and_other_customers_are_apart(machines: Machines) -> None:
    """An answer is told to the same question about the same customer alone."""
    one, other = machines.one(), machines.one()
    one.known()
    kept(machines)
    other.known(OTHER)
    other.known(query=CouponQuery(status=frozenset({CouponStatus.ACTIVE})))
    other.known(Customer(external_id=CUSTOMER.value))
    assert 4 == len(machines.vendor.calls)
    kept(machines, 4)


def test_machines_with_other_keys_know_nothing_of_each_other(machines: Machines) -> None:
    """Neither names nor answers of one are those of the other."""
    machines.one().known()
    kept(machines)
    machines.one(key=HashKey(b"x" * 32)).known()
    assert 2 == len(machines.vendor.calls)


@pytest.mark.parametrize(
    "changed", [lambda value: value[:-1] + b"\0", lambda _: b"nonsense", lambda value: value[:30]]
)
def test_an_answer_that_was_changed_is_none(machines: Machines, changed: Callable[[bytes], bytes]) -> None:
    """Whoever writes into Redis can take answers away, and cannot make any; nobody waits for such a one."""
    machines.one().known()
    kept(machines)
    client = machines.server.client()
    (name,) = client.keys("couponhub:a:*")
    client.set(name, changed(cast("bytes", client.get(name))))
    assert Source.LIVE is machines.one().known().found.source  # type: ignore[union-attr] # there is one
    assert [] == machines.clock.sleeps


def test_nothing_from_before_an_erasure_is_told(machines: Machines) -> None:
    """One number makes all of it unreachable at once, and what was being asked for meanwhile is not kept."""
    one, other = machines.one(), machines.one()
    one.known()
    machines.vendor.reached()
    kept(machines)
    machines.vendor.holds = True
    heard = one.ask(OTHER)
    assert OTHER == machines.vendor.reached().customer, "it was asked before anybody was forgotten"
    shared_at(machines.server, machines.clock).invalidation.announce()
    machines.vendor.tell(FOUND)
    assert FOUND == heard.known().found
    machines.vendor.holds = False
    other.known()
    other.known(OTHER)
    assert 4 == len(machines.vendor.calls)


def test_a_redis_put_back_to_before_an_erasure_tells_nothing_old(machines: Machines) -> None:
    """Whoever has seen a later number raises it again."""
    one, other = machines.one(), machines.one()
    one.known()
    kept(machines)
    client = machines.server.client()
    (name,) = client.keys("couponhub:a:*")
    value = client.get(name)
    shared = shared_at(machines.server, machines.clock)
    shared.invalidation.announce()
    seen = shared.invalidation.latest()
    other.known()
    client.delete("couponhub:erasures")
    client.set(name, value)  # type: ignore[arg-type] # it is there
    assert seen != shared.invalidation.latest()
    machines.one().known()
    assert 3 == len(machines.vendor.calls)


def test_an_evicted_number_of_erasures_brings_nothing_old_back(machines: Machines) -> None:
    """Nor where nobody is left who has seen it: what was kept before anybody was forgotten stays dropped."""
    machines.one().known()
    kept(machines)
    client = machines.server.client()
    for _ in range(2):
        client.delete("couponhub:erasures")
        shared_at(machines.server, machines.clock).invalidation.announce()
        machines.one().known()
    client.delete("couponhub:erasures")
    machines.one().known()
    assert 4 == len(machines.vendor.calls)


def test_no_number_of_erasures_is_given_twice(machines: Machines) -> None:
    """A Redis put back to before the last erasure, and one of a process that is new: who had heeded the last heeds it too."""
    one = shared_at(machines.server, machines.clock).invalidation
    one.announce()
    before = machines.server.client().get("couponhub:erasures")
    one.announce()
    heeded = one.latest()
    machines.pass_time(1)
    machines.server.client().set("couponhub:erasures", before or b"")
    shared_at(machines.server, machines.clock).invalidation.announce()
    assert heeded != one.latest()


def test_an_erasure_while_redis_is_away_is_obeyed_by_way_of_the_store(server: RedisServer) -> None:
    """What was sealed before another word of a store that all machines share is told by nobody, and nothing fails."""

    class Word:
        """A store's signal."""

        word = b""

        def announce(self) -> None:
            """Change it."""
            self.word += b"x"

        def latest(self) -> bytes:
            """Return it."""
            return self.word

    word, where = Word(), SharedSettings(url=Secret(server.url))
    clock = FakeClock(began=BEGAN)
    link = Link(where, clock=clock.monotonic)
    one = RedisShared(where, key=lambda: KEY, erased=word, link=link)
    lookups = one.lookups(b"shop")
    seen = lookups.look(b"question", claim_for=1.0)
    assert seen is not None
    lookups.keep(seen, b"answer", fresh_for=30, kept_for=300)
    again = lookups.look(b"question", claim_for=1.0)
    assert again is not None
    assert b"answer" == again.content
    server.suspend()
    word.announce()
    one.invalidation.announce()
    server.go_on()
    after = RedisShared(where, key=lambda: KEY, erased=word).lookups(b"shop").look(b"question", claim_for=1.0)
    assert after is not None
    assert None is after.content


def waiting(server: RedisServer, vendor: Vendor, seconds: float = 2.0) -> ResilientClient:
    """A machine on the clock of this one, for those who wait."""
    return ResilientClient(
        "shop",
        vendor.ask,
        check=lambda _: None,
        settings=ResilienceSettings(call_timeout=seconds),
        shared=shared_at(server).lookups(b"shop"),
    )


def ask(client: ResilientClient, seconds: float = 2.0) -> Heard:
    """Ask it now."""
    heard = Heard()
    heard.waiter = client.ask(CUSTOMER, ALL, Deadline.after(seconds, SYSTEM_CLOCK), heard)
    return heard


def test_two_machines_that_ask_at_once_make_one_call(redis_server: RedisServer) -> None:
    """The second waits for what the first is asking."""
    vendor = Vendor()
    vendor.holds = True
    one, other = waiting(redis_server, vendor, 20.0), waiting(redis_server, vendor, 20.0)
    first = ask(one, 20.0)
    vendor.reached()
    second = ask(other, 20.0)
    eventually(lambda: other._calls and all(call.is_asked_elsewhere for call in other._calls.values()))
    vendor.tell(FOUND)
    assert FOUND == first.known().found
    assert Source.CACHE is second.known().found.source  # type: ignore[union-attr] # there is one
    assert 1 == len(vendor.calls)


def test_whoever_waits_for_a_machine_that_died_asks_itself(redis_server: RedisServer) -> None:
    """In half of the time that there is, so that the answer comes all the same."""
    vendor = Vendor()
    machine = waiting(redis_server, vendor)
    dead = shared_at(redis_server).lookups(b"shop")
    claimed = dead.look(_question(CUSTOMER, ALL), claim_for=60.0)
    assert claimed is not None
    assert claimed.is_ours
    assert FOUND == ask(machine, 0.4).known().found


def test_whoever_cannot_wait_leaves_and_is_told_why(redis_server: RedisServer) -> None:
    """A caller whose time is over is told that there was no answer yet, not that nobody asked."""
    vendor = Vendor()
    machine = waiting(redis_server, vendor, 20.0)
    dead = shared_at(redis_server).lookups(b"shop")
    dead.look(_question(CUSTOMER, ALL), claim_for=60.0)
    heard = ask(machine, 20.0)
    eventually(lambda: machine._calls and all(call.is_asked_elsewhere for call in machine._calls.values()))
    error = heard.leave().error
    assert isinstance(error, VendorUnavailable)
    assert "no answer within the deadline of 20 s" == error.message
    eventually(lambda: machine.status().in_flight == 0 and not machine._calls)
    assert [] == vendor.calls


def test_a_process_that_asks_once_and_ends_has_shared_its_answer(machines: Machines) -> None:
    """Closing waits a moment for that: a command line is gone as soon as its answer is shown."""
    for number in range(20):
        one = machines.one()
        one.known(Customer(external_id=f"{number}"))
        one.client.close()
        assert number + 1 == len(machines.server.client().keys("couponhub:a:*"))
    assert [] == machines.server.client().keys("couponhub:f:*")


def test_what_is_told_as_it_ends_is_shared(machines: Machines) -> None:
    """Somebody who closes as soon as they have been told waits for the answer to be shared, however slow that is."""
    client = machines.one().client
    closing = threading.Thread(target=client.close)

    def hear(_: Outcome) -> None:
        closing.start()
        eventually(lambda: client._second._closed)  # type: ignore[union-attr] # nothing else tells

    client.ask(CUSTOMER, ALL, Deadline.after(60.0), hear)
    eventually(lambda: closing.ident is not None)
    closing.join()
    assert 1 == len(machines.server.client().keys("couponhub:a:*"))


def test_nothing_is_shared_after_the_end(machines: Machines) -> None:
    """An answer that comes when all is closed is handed over, and no more."""
    one = machines.one()
    machines.vendor.holds = True
    heard = one.ask()
    machines.vendor.reached()
    one.client.close()
    machines.vendor.tell(FOUND)
    assert FOUND == heard.known().found
    eventually(lambda: one.client.status().in_flight == 0)
    assert [] == machines.server.client().keys("couponhub:a:*")


def fail(machine: ClientHarness) -> None:
    """Have it find the vendor dead."""
    machine.vendor.says = down()
    for number in range(5):
        machine.known(Customer(external_id=f"{number}"))


def test_what_one_machine_learned_of_a_dead_vendor_spares_the_others(machines: Machines) -> None:
    """The next question of another machine is answered without the vendor, in the words of the one that asked it."""
    one, other = machines.one(), machines.one()
    fail(one)
    eventually(lambda: machines.server.client().keys("couponhub:b:*"))
    error = other.known().error
    assert isinstance(error, VendorUnavailable)
    assert "not asked: it has failed 5 times in a row, last: it broke" == error.message
    assert 5 == len(machines.vendor.calls)
    assert "open" == other.client.status().breaker


def test_a_machine_that_just_had_an_answer_believes_its_own_eyes(machines: Machines) -> None:
    """A vendor that one machine alone cannot reach is not dead for the others."""
    one, other = machines.one(probe_every=4.0), machines.one(probe_every=4.0)
    machines.vendor.says = FOUND
    assert FOUND == other.known(OTHER).found
    fail(one)
    eventually(lambda: machines.server.client().keys("couponhub:b:*"))
    machines.vendor.says = FOUND
    assert None is other.known(Customer(external_id="another")).error


def test_a_vendor_that_is_back_is_back_for_all(machines: Machines) -> None:
    """One machine tries, and tells the others."""
    one, other = machines.one(), machines.one()
    fail(one)
    eventually(lambda: machines.server.client().keys("couponhub:b:*"))
    other.known()
    machines.vendor.says = FOUND
    assert one.client._takes_turn()
    assert not other.client._takes_turn(), "one probe for all"
    one.client._probed(None)
    assert "closed" == one.client.status().breaker
    assert FOUND == other.known().found
    assert ("closed", 1) == (other.client.status().breaker, len(machines.vendor.calls) - 5)


def test_an_opening_that_is_over_is_not_heard_of_again(machines: Machines) -> None:
    """Old news that come late open nothing."""
    one = machines.one()
    fail(one)
    news = one.client._breaker._news()
    one.client._probed(None)
    one.client._breaker.heard(news, machines.clock.monotonic())
    assert "closed" == one.client.status().breaker


@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_without_redis_each_machine_is_on_its_own(
    server: RedisServer, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Answers come as ever; that it is away is told once, and once that it is back."""
    caplog.set_level(logging.WARNING)
    machines = Machines(server)
    one = machines.one()
    server.suspend() if how == "hangs" else server.kill()
    for number in range(5):
        assert FOUND == one.known(Customer(external_id=f"{number}")).found
    assert 1 == len(caplog.records), caplog.text
    server.go_on() if how == "hangs" else server.start()
    machines.clock.passed += 5
    assert FOUND == one.known(Customer(external_id="back")).found
    assert 2 == len(caplog.records)
    assert "is used again" in caplog.text
    kept(machines)


def test_a_redis_without_memory_is_away(server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """At its limit nothing can be counted there: it is not used until there is room again."""
    client = server.client()
    client.config_set("maxmemory", "100kb")  # an empty one takes more
    machines = Machines(server)
    one = machines.one()
    for number in range(3):
        machines.clock.passed += 5
        assert FOUND == one.known(Customer(external_id=f"{number}")).found
    eventually(lambda: caplog.records, "what is put there after all were told")
    assert 1 == len(caplog.records)
    assert "used memory" in caplog.text
    client.config_set("maxmemory", "0")
    numbers = count(3)

    def is_used_again() -> bool:
        machines.clock.passed += 5  # what the last one puts there may have found it full once more
        return FOUND == one.known(Customer(external_id=f"{next(numbers)}")).found and bool(
            client.keys("couponhub:a:*")
        )

    eventually(is_used_again)


def test_nothing_in_redis_can_be_read(machines: Machines) -> None:
    """No code, identifier, name or fault of a vendor stands in any key or value."""
    canaries = ["CANARY-CODE", "919876543210", "canary@example.com", "CanaryName", "canary-fault", "shop"]
    machines.vendor.says = CustomerCoupons(
        coupons=(Coupon(connection="shop", code="CANARY-CODE", raw={"code": "CANARY-CODE"}),),
        also_known_as=(Customer(email="canary@example.com"),),
        first_name="CanaryName",
    )
    one = machines.one()
    one.known()
    kept(machines)
    one.vendor.says = VendorUnavailable("canary-fault", status=503)
    for number in range(6):
        one.known(Customer(external_id=f"{number}"))
    client = machines.server.client()
    eventually(lambda: client.keys("couponhub:b:*"))
    everything = [text for key in client.scan_iter() for text in (key, client.dump(key) or b"")]
    assert len(everything) >= 4
    assert [] == [one for one in canaries if any(one.encode() in text for text in everything)]


texts = st.text(max_size=8)
instants = st.none() | st.datetimes(timezones=st.just(UTC))
stores = st.none() | st.builds(Store, code=st.none() | texts, name=st.none() | texts)
coupons = st.builds(
    Coupon,
    connection=st.just("shop"),
    id=st.none() | texts,
    code=texts,
    status=st.sampled_from(CouponStatus),
    issued_at=instants,
    expires_at=instants,
    redemption_count=st.none() | st.integers(0, 9),
    redemptions=st.none()
    | st.lists(st.builds(Redemption, id=texts, at=instants, store=stores), max_size=2).map(tuple),
    discount=st.none()
    | st.builds(Discount, type=texts, value=st.decimals(allow_nan=False, allow_infinity=False)),
    properties=st.dictionaries(texts, texts, max_size=2),
    approximate=st.lists(texts, max_size=2).map(tuple),
    as_of=instants,
)
answers = st.builds(
    CustomerCoupons,
    coupons=st.lists(coupons, max_size=3).map(tuple),
    customer_known=st.booleans(),
    warnings=st.lists(texts, max_size=2).map(tuple),
    vendor_code=st.none() | texts,
    as_of=instants,
    asked_as=st.lists(texts, max_size=2).map(tuple),
    also_known_as=st.just((CUSTOMER,)),
    first_name=st.none() | texts,
)


@given(answer=answers)
@settings(max_examples=examples(200))
def test_an_answer_is_read_as_it_was_written(answer: CustomerCoupons) -> None:
    """All that equality, and what lies beside it, knows of an answer."""
    written = _written(answer, 7)
    assert written is not None
    read, weight = _read(written)
    assert (answer, 7) == (read, weight)
    assert read is not None
    assert [one.properties for one in answer.coupons] == [one.properties for one in read.coupons]
    assert [one.raw for one in answer.coupons] == [one.raw for one in read.coupons]


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\x90", b"\x81\xa7coupons\x01"])
def test_what_is_no_answer_is_none(content: bytes) -> None:
    """Of a later release, perhaps."""
    assert (None, 0) == _read(content)


def test_what_cannot_be_written_is_not_shared(machines: Machines) -> None:
    """A vendor's own object that holds a number beyond all measure takes the answer from nobody."""
    odd = CustomerCoupons(coupons=(Coupon(connection="shop", code="A", raw={"n": 2**80}),))
    machines.vendor.says = odd
    one = machines.one()
    assert odd == one.known().found
    eventually(lambda: not machines.server.client().keys("couponhub:[af]:*"))
