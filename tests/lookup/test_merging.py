"""The unified answer out of its parts: nothing is lost, nothing doubled, and it says truly whether it is whole."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from couponhub.errors import RateLimited, Unsupported, VendorUnavailable
from couponhub.models import Coupon, CustomerCoupons, Strategy, Verdict
from couponhub.resilience import Outcome
from couponhub.serialization import to_document
from tests.lookup.fake_clients import NEW_YEAR, NOTHING, FakeClient, Said, ask, holding

CODES = st.sampled_from(["A-1", "a-1", "B-2", "C-3"])
COUPONS = st.builds(
    Coupon,
    connection=st.just("whoever"),
    code=CODES,
    id=st.sampled_from([None, "1", "2"]),
    issued_at=st.sampled_from([None, NEW_YEAR, NEW_YEAR + timedelta(seconds=1)]),
)
ANSWERS = st.builds(
    CustomerCoupons,
    coupons=st.lists(COUPONS, max_size=4).map(tuple),
    customer_known=st.booleans(),
    complete=st.booleans(),
    covered=st.booleans(),
)
ERRORS = st.sampled_from([VendorUnavailable("no"), Unsupported("no"), RateLimited("no"), KeyError("ours")])
SAID: st.SearchStrategy[Said] = st.one_of(ANSWERS, ERRORS, st.builds(Outcome, found=ANSWERS, error=ERRORS))


def found_in(said: Said) -> tuple[Coupon, ...]:
    """The coupons that a connection told of."""
    match said:
        case Outcome(found=CustomerCoupons() as found) | (CustomerCoupons() as found):
            return found.coupons
        case _:
            return ()


def is_whole(said: Said) -> bool:
    """Whether nothing that a connection could say is missing."""
    return isinstance(said, CustomerCoupons) and said.complete and said.covered


@given(said=st.lists(SAID, min_size=1, max_size=4))
def test_merging_loses_and_doubles_nothing(said: list[Said]) -> None:
    """Every coupon told of stands there as often as it was told, connection by connection, newest first in each."""
    answer = ask(*(FakeClient(f"c{place}", one) for place, one in enumerate(said)))

    assert [f"c{place}" for place in range(len(said))] == [one.connection for one in answer.answers]
    for one, told in zip(answer.answers, said, strict=True):
        assert Counter(map(id, found_in(told))) == Counter(map(id, one.coupons))
        dated = [coupon.issued_at for coupon in one.coupons if coupon.issued_at]
        assert sorted(dated, reverse=True) == dated
    assert answer.coupons == tuple(coupon for one in answer.answers for coupon in one.coupons)
    assert len(to_document(answer)["coupons"]) == sum(len(found_in(told)) for told in said)


@given(said=st.lists(SAID, min_size=1, max_size=4), strategy=st.sampled_from(Strategy))
def test_complete_means_that_every_answer_is_whole(said: list[Said], strategy: Strategy) -> None:
    """An answer is complete exactly when each connection asked gave a whole one; "none" is never said otherwise."""
    answer = ask(*(FakeClient(f"c{place}", one) for place, one in enumerate(said)), strategy=strategy)

    asked = said[: len(answer.answers)]
    assert all(is_whole(told) for told in asked) == answer.complete
    for one, told in zip(answer.answers, asked, strict=True):
        assert is_whole(told) == one.whole
        assert (is_whole(told) and not found_in(told)) == (one.verdict is Verdict.NONE)
        assert bool(found_in(told)) == (one.verdict is Verdict.FOUND)


@given(said=st.lists(SAID, min_size=1, max_size=4))
def test_first_found_is_the_beginning_of_merged(said: list[Said]) -> None:
    """One after the other, the answers are those of all at once, up to the first that found."""
    fakes = [FakeClient(f"c{place}", one) for place, one in enumerate(said)]
    merged = ask(*fakes)
    first = ask(*fakes, strategy=Strategy.FIRST_FOUND)

    found = [place for place, one in enumerate(merged.answers) if one.verdict is Verdict.FOUND]
    end = found[0] + 1 if found else len(said)
    assert end == len(first.answers)
    for one, other in zip(first.answers, merged.answers, strict=False):
        assert (one.connection, one.verdict, one.reason, one.coupons) == (
            other.connection,
            other.verdict,
            other.reason,
            other.coupons,
        )


def test_vendors_order_does_not_show() -> None:
    """The same coupons in another order are the same answer."""
    held = holding(*"ABCDEF").coupons
    same_moment = tuple(attrs.evolve(coupon, issued_at=NEW_YEAR) for coupon in held)
    shuffled = random.Random(7).sample(same_moment, len(same_moment))  # noqa: S311 - any order will do

    answer = ask(FakeClient("loyalty", CustomerCoupons(coupons=tuple(shuffled))))
    assert list("ABCDEF") == [coupon.code for coupon in answer.coupons]


def test_a_shared_code_stands_at_each_and_is_marked() -> None:
    """Once per connection that found it, with the others named; spelling decides, and twice at one is not shared."""
    answer = ask(
        FakeClient("loyalty", holding("X", "Y", "Y")),
        FakeClient("engage", holding("X", "y", at="engage")),
        FakeClient("empty", NOTHING),
        FakeClient("club", holding("X", at="club")),
    )

    assert {"X": ("loyalty", "engage", "club")} == answer.shared_codes
    shown: list[tuple[Any, ...]] = [
        (coupon["connection"], coupon["code"], coupon["also_at"]) for coupon in to_document(answer)["coupons"]
    ]
    assert [
        ("loyalty", "X", ["engage", "club"]),
        ("loyalty", "Y", []),
        ("loyalty", "Y", []),
        ("engage", "X", ["loyalty", "club"]),
        ("engage", "y", []),
        ("club", "X", ["loyalty", "engage"]),
    ] == shown
