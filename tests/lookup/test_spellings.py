"""A customer is found by whatever spelling, or it is said that nobody can tell; never `none`, never another's coupon."""

from collections.abc import Iterator

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couponhub.errors import UsageError
from couponhub.hub import CouponHub
from couponhub.models import Customer, Reason, Verdict
from couponhub.registry import Registry
from couponhub.testing import Harness, harness_for
from couponhub.testing.emulation.vendor import EmulatedCustomer

UNSEEN = st.sampled_from(["", " ", "\u00a0", "\u200b", "\u202a", "\ufeff", "\u2009"])
NUMBERS = st.from_regex(r"[6-9][0-9]{9}", fullmatch=True)
KEPT = st.sampled_from(["91{}", "{}", "0{}", "0091{}", "+91{}"])
WRITTEN = st.sampled_from(["91{}", "{}", "0{}", "0091{}", "+91{}", "+91 (0){}", "(+91){}", "tel:+91{}"])
WRAPPED = st.sampled_from(["{}", '"{}"', "<{}>", "{},", "{};", "\u201c{}\u201d", "'{}'"])
RUINED = st.sampled_from(["{}.0", "{}.00", "{},0", " {}.0 ", "'{}", '="{}"', "{}.5", "{}e+11"])
SCRIPTS = st.sampled_from(["0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19"])
SEPARATORS = st.sampled_from(["", " ", "-", "\u2011", "\u00a0", "\u200b"])
MANY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@attrs.frozen
class SpellingHarness:
    """Capillary with a list of many codes, and a hub with and one without a country code."""

    harness: Harness
    told: CouponHub
    untold: CouponHub

    def people(self, *customers: EmulatedCustomer) -> list[str]:
        """Let there be nobody but these, each with a coupon; their codes."""
        self.harness.emulator.reset()
        self.harness.emulator.set_rate_limits(documented=False)
        codes = [f"CODE-{number}" for number in range(len(customers))]
        list_id = self.harness.list_with("given out", codes)
        self.harness.emulator.add_customers(customers)
        return [
            self.harness.emulator.issue(list_id, customer, count=None, codes=[code])[0]
            for customer, code in zip(customers, codes, strict=True)
        ]


@pytest.fixture(scope="module")
def spelling() -> Iterator[SpellingHarness]:
    """For all examples: each empties it."""
    with (
        harness_for(Registry().load("capillary")) as harness,
        harness.unpaced_hub(default_country_code="91") as told,
        harness.unpaced_hub(default_country_code=None) as untold,
    ):
        yield SpellingHarness(harness, told, untold)


@MANY
@given(
    number=NUMBERS,
    kept=KEPT,
    form=WRITTEN,
    script=SCRIPTS,
    separator=SEPARATORS,
    wrapped=WRAPPED,
    around=st.tuples(UNSEEN, UNSEEN),
    ruined=RUINED,
)
def test_a_mobile_finds_its_owner_alone(
    spelling: SpellingHarness,
    *,
    number: str,
    kept: str,
    form: str,
    script: str,
    separator: str,
    wrapped: str,
    around: tuple[str, str],
    ruined: str,
) -> None:
    """Kept in any form, asked for in any other: found with a country code, and without one never `none`."""
    neighbours = {f"91{number}0", f"{number}0", f"1{number}", f"44{number}", f"91{number[:-1]}", number[1:]}
    owner, *_ = spelling.people(
        EmulatedCustomer(mobile=kept.format(number)), *(EmulatedCustomer(mobile=one) for one in neighbours)
    )
    plain = form.format(separator.join((number[:5], number[5:])))
    digits = "".join(script[int(char)] if char.isdigit() else char for char in plain)
    text = around[0] + wrapped.format(digits) + around[1]
    (one,) = spelling.told.lookup(Customer(mobile=text)).answers
    assert (Verdict.FOUND, [owner]) == (one.verdict, [coupon.code for coupon in one.coupons])
    (one,) = spelling.untold.lookup(Customer(mobile=text)).answers
    assert (one.verdict, one.reason, [coupon.code for coupon in one.coupons]) in (
        (Verdict.FOUND, None, [owner]),
        (Verdict.UNKNOWN, Reason.IDENTIFIER_AMBIGUOUS, []),
    )
    with pytest.raises(UsageError) as caught:
        spelling.told.lookup(Customer(mobile=ruined.format(form.format(number))))
    assert caught.value.hint


@MANY
@given(
    kept=st.sampled_from(
        ["a.buyer@example.com", "a+shop@example.com", "a@b\u00fccher.example", "o'neill@example.com"]
    ),
    form=st.sampled_from(
        ["{}", "A Buyer <{}>", "mailto:{}", '"Buyer, A" <{}>', "{},", '"{}"', "<mailto:{}>;"]
    ),
    case=st.sampled_from([str, str.upper, str.title]),
    is_kept_as_given=st.booleans(),
    in_ascii=st.booleans(),
    around=st.tuples(UNSEEN, UNSEEN),
)
def test_an_address_finds_its_owner_alone(
    spelling: SpellingHarness,
    *,
    kept: str,
    form: str,
    case: type[str],
    is_kept_as_given: bool,
    in_ascii: bool,
    around: tuple[str, str],
) -> None:
    """Kept in lower case, or as it is given."""
    given = case(kept)
    held = given if is_kept_as_given else kept
    neighbours = (f"x{kept}", kept[1:], kept.replace("+shop", "") if "+" in kept else f"{kept}.example")
    owner, *_ = spelling.people(
        EmulatedCustomer(email=held), *(EmulatedCustomer(email=one) for one in neighbours if one != held)
    )
    if in_ascii and not is_kept_as_given:
        given = given.replace(case("b\u00fccher"), "xn--bcher-kva")
    (one,) = spelling.told.lookup(Customer(email=around[0] + form.format(given) + around[1])).answers
    assert (Verdict.FOUND, [owner]) == (one.verdict, [coupon.code for coupon in one.coupons])


@MANY
@given(
    kind=st.sampled_from(["external_id", "id"]),
    number=st.from_regex(r"[1-9][0-9]{6,8}", fullmatch=True),
    around=st.tuples(UNSEEN, UNSEEN),
    ruined=RUINED.filter(lambda form: form != "{}.5"),
)
def test_a_number_finds_its_owner_alone(
    spelling: SpellingHarness, *, kind: str, number: str, around: tuple[str, str], ruined: str
) -> None:
    """The retailer's, and the vendor's own."""
    neighbours = (f"{number}0", number[1:].lstrip("0") or "1", number[:-1])
    owner, *_ = spelling.people(
        EmulatedCustomer(**{kind: number}), *(EmulatedCustomer(**{kind: one}) for one in neighbours)
    )
    (one,) = spelling.told.lookup(Customer(**{kind: around[0] + number + around[1]})).answers
    assert (Verdict.FOUND, [owner]) == (one.verdict, [coupon.code for coupon in one.coupons])
    with pytest.raises(UsageError) as caught:
        spelling.told.lookup(Customer(**{kind: ruined.format(number)}))
    assert caught.value.hint
