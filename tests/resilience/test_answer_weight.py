"""What an answer weighs in memory is what it holds there, however odd it is."""

import gc
import json
import sys
import tracemalloc
import weakref
from collections.abc import Callable
from functools import partial

import attrs
import msgspec
import pytest

from couponhub.errors import UnreadableReply
from couponhub.models import Coupon, CouponQuery, Customer, CustomerCoupons, ListId, Store
from couponhub.resilience import ResilienceSettings, bytes_held
from couponhub.resilience.cache import AnswerCache
from tests.kit.clock import FakeClock
from tests.resilience.harness import ALL, BEGAN, ClientHarness, harness_of


def coupon(number: int, raw: str) -> Coupon:
    """Make a coupon as adapters do: its texts are those of the vendor's row."""
    row = msgspec.json.decode(raw.encode())
    texts = {name: row[name] for name in ("description", "purpose") if isinstance(row.get(name), str)}
    return Coupon(connection="shop", code=f"CODE-{number}", id=str(number), raw=row, as_of=BEGAN, **texts)


def usual(number: int) -> str:
    """Write a row of the common kind."""
    return json.dumps(
        {
            "id": f"{number}",
            "series_id": "12360",
            "series_name": "Spin_The_Wheel",
            "redemption_count": number,
            "created_date": "2026-07-01T16:13:14.000Z",
            "valid_till": "2027-12-31 23:59:59",
            "code": f"6WRNA5UM{number:06}",
            "transaction_number": None,
            "issued_at": {"code": "store_001", "name": f"Store {number}"},
            "custom_properties": {"custom_property": []},
            "redemptions": {},
        }
    )


ROWS: dict[str, Callable[[int], str]] = {
    "as they are": usual,
    "one long text": lambda number: json.dumps({"description": f"{number}" + "d" * 100_000}),
    "a long text of many bytes a letter": lambda number: json.dumps(
        {"purpose": f"{number}" + "\U0001f381" * 9000}
    ),
    "empty objects": lambda _: json.dumps({"x": [{}] * 3000}),
    "empty arrays": lambda _: json.dumps({"x": [[]] * 3000}),
    "short texts": lambda number: json.dumps({"x": [f"{number}{i:04}" for i in range(3000)]}),
    "numbers": lambda number: json.dumps({"x": [number * 1e9 + i + 0.5 for i in range(3000)]}),
    "huge numbers": lambda number: json.dumps({"x": [10**17 + number + i for i in range(3000)]}),
    "many names": lambda number: json.dumps({f"{number}-{i}": i for i in range(3000)}),
    "long names": lambda number: json.dumps({f"{number}-{i}" * 30: None for i in range(300)}),
    "one name each": lambda number: json.dumps({"x": [{"a": number + i} for i in range(300, 1300)]}),
    "deep": lambda _: '{"x": ' + "[" * 500 + "]" * 500 + "}",
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_the_weight_is_what_is_held(row: Callable[[int], str]) -> None:
    """Never less than is allocated for it, and less than three times as much."""
    rows = [row(number) for number in range(10)]
    Coupon(connection="shop", code="A", raw=msgspec.json.decode(rows[0]))
    held = sys.maxsize
    for _ in range(3):  # what other threads of this process allocate meanwhile only adds
        gc.collect()
        tracemalloc.start()
        try:
            answer = CustomerCoupons(coupons=tuple(coupon(number, raw) for number, raw in enumerate(rows)))
            held = min(held, tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()

    assert (True, True) == (held <= bytes_held(answer), bytes_held(answer) < 3 * held), (
        bytes_held(answer) / held
    )


def test_all_that_an_answer_names_has_weight() -> None:
    """Other identifiers, names, warnings, properties and stores count, not the coupons alone."""
    text = "x" * 100_000
    bare = CustomerCoupons()
    for heavy in (
        CustomerCoupons(also_known_as=(Customer(external_id=text),)),
        CustomerCoupons(first_name=text),
        CustomerCoupons(warnings=(text,)),
        CustomerCoupons(coupons=(Coupon(connection="shop", code=text),)),
        CustomerCoupons(coupons=(Coupon(connection="shop", code="A", properties={"a": text}),)),
        CustomerCoupons(coupons=(Coupon(connection="shop", code="A", issued_at_store=Store(name=text)),)),
    ):
        assert bytes_held(heavy) - bytes_held(bare) >= 100_000


def test_what_holds_itself_is_counted_once() -> None:
    """An adapter of somebody's own may keep anything beside its coupons."""
    row: dict[str, object] = {}
    row["self"] = row

    assert bytes_held(row) < 1000


def test_no_more_is_counted_than_has_to_be_known() -> None:
    """An answer that will not be remembered for its size is not walked through to its end."""
    looked_at: list[int] = []

    class Row(dict[str, int]):
        def __iter__(self) -> "object":  # type: ignore[override]
            looked_at.append(1)
            return super().__iter__()

    assert bytes_held([Row(a=1) for _ in range(10_000)], most=100_000) > 100_000
    assert len(looked_at) < 500


def remembers(
    settings: ResilienceSettings, answers: list[tuple[CouponQuery, CustomerCoupons]]
) -> AnswerCache:
    """Remember these."""
    cache = AnswerCache(settings, FakeClock().clock)
    for number, (query, answer) in enumerate(answers):
        entry = cache.entry(answer, asked=0.0, asked_at=BEGAN)
        assert entry is not None
        cache.keep((str(number).encode(), query), entry)
    return cache


@pytest.mark.parametrize("size", [10, 1000, 100_000])
def test_memory_holds_no_more_than_it_may(size: int) -> None:
    """However long the texts of the answers are, once they have been shown too."""
    most = 2 * 1024 * 1024
    remembers(ResilienceSettings(cache_bytes=most), [(ALL, CustomerCoupons())])
    gc.collect()
    tracemalloc.start()
    try:
        cache = remembers(
            ResilienceSettings(cache_bytes=most),
            [
                (
                    CouponQuery(list_id=ListId(f"{number}" * 10)),
                    CustomerCoupons(
                        coupons=(Coupon(connection="shop", code=f"{number}", description=f"{number}" * size),)
                    ),
                )
                for number in range(4_000_000 // (size + 1000))
            ],
        )
        for kept in list(cache._kept.values()):
            kept.outcome()
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert held <= most
    assert held > most / 4 or size > 1000


def test_a_long_question_has_weight() -> None:
    """What a caller wrote into a question is kept beside its answer, and counts."""
    cache = remembers(
        ResilienceSettings(cache_bytes=100_000),
        [(CouponQuery(list_id=ListId("x" * 20_000)), CustomerCoupons())],
    )

    assert 0 == len(cache._kept)


def test_nothing_is_held_once_the_answer_was_told() -> None:
    """Neither the answer, by a thread that waits for more to do, nor the reply that an error was made of."""
    harness = harness_of(cache_ttl=0, negative_ttl=0, stale_if_error=0)
    reply = Reply()
    harness.vendor.says = partial(fails, reply)
    watched = weakref.ref(reply)
    known = harness.known()
    del reply
    harness.vendor.says = CustomerCoupons()
    assert isinstance(known.error, UnreadableReply)
    assert known.error.__traceback__ is not None

    answer = attrs.evolve(CustomerCoupons(), vendor_code="7")
    seen = weakref.ref(answer)
    harness.vendor.says = answer
    harness.known()
    harness.vendor.says = CustomerCoupons()
    del answer
    settled(harness)
    assert (None, None) == (watched(), seen())


class Reply:
    """Stands for megabytes."""


def fails(reply: Reply) -> CustomerCoupons:
    """Fail with the reply at hand."""
    try:
        return CustomerCoupons(vendor_code=str(int(type(reply).__name__)))
    except ValueError:
        raise UnreadableReply("no JSON came") from None


def settled(harness: ClientHarness) -> None:
    """Have the client's thread come back from telling, by asking it again."""
    for _ in range(2):
        harness.known()
