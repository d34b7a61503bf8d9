"""Customers with very many coupons: paged within groups, without another call, and forgotten soon."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from playwright.sync_api import expect

from couponhub import Customer
from couponhub.console.answer_view import AT_ONCE, AnswerView, view_of
from couponhub.console.kept_answers import KeptAnswers, PackedCards
from couponhub.models import Answer, Coupon, CouponStatus, ListId, LookupAnswer, Verdict
from couponhub.state import Scope
from tests.console.browser import Visitor
from tests.console.harness import KEY, ConsoleHarness
from tests.console.test_lookup_page import ask

WHO = Customer(mobile="919000000001")
_NOW = datetime(2026, 11, 30, tzinfo=UTC)
_MASKED = re.compile(r"<code>(\*\*\*\w+)</code>")


@attrs.define
class Signal:
    """A signal of erasures, as a test wants it."""

    value: bytes = b""

    def announce(self) -> None:
        """Change."""
        self.value += b"."

    def latest(self) -> bytes:
        """The value."""
        return self.value


@pytest.fixture(scope="module")
def huge() -> AnswerView:
    """The answer about a customer with 50,000 coupons."""
    coupons = tuple(
        Coupon(
            connection="capillary",
            id=str(number),
            code=f"SECRET-{number:06}",
            list_id=ListId("900004"),
            list_name="Spring",
            status=CouponStatus.ACTIVE if number % 5 else CouponStatus.REDEEMED,
            expires_at=_NOW + timedelta(days=number % 90),
        )
        for number in range(50_000)
    )
    answers = (Answer(connection="capillary", verdict=Verdict.FOUND, coupons=coupons),)
    return view_of(LookupAnswer(customer=WHO, answers=answers), key=KEY)


def test_keeps_fifty_thousand_in_little_and_no_code_of_them(huge: AnswerView) -> None:
    """Any page is there, in the order of the answer, and neither a code nor the customer is."""
    packed = PackedCards(huge.all_cards["usable"])

    assert 40_000 == len(packed)
    assert packed.bytes_held < 6_000_000
    assert list(huge.all_cards["usable"][AT_ONCE * 7 : AT_ONCE * 8]) == list(
        packed[AT_ONCE * 7 : AT_ONCE * 8]
    )
    assert huge.all_cards["usable"][-1] == packed[-1]
    assert "SECRET" not in repr(packed[0:AT_ONCE])
    (last,) = (group for group in huge.groups("usable", 10**6) if group.name == "usable")
    assert (800, 800, AT_ONCE) == (last.page, last.pages, len(last.cards))


def test_forgets_soon(huge: AnswerView) -> None:
    """Two minutes after the last page, ten after all, at once for an erasure, and nobody else is given it."""
    now, signal = [0.0], Signal()
    kept = KeptAnswers(KEY, signal, clock=lambda: now[0])
    kept.keep("desk", WHO, huge, kept.era())
    assert kept.get("another", WHO) is None
    assert kept.get("desk", Customer(mobile="919000000002")) is None
    for _ in range(6):
        now[0] += 100
        assert (kept.get("desk", WHO) is None) == (now[0] >= 600)
    kept.keep("desk", WHO, huge, kept.era())
    now[0] += 121
    assert kept.get("desk", WHO) is None

    era = kept.era()
    kept.keep("desk", WHO, huge, era)
    assert kept.get("desk", WHO) is not None
    signal.announce()
    assert kept.get("desk", WHO) is None
    kept.keep("desk", WHO, huge, era)  # asked for before that
    assert kept.get("desk", WHO) is None


def test_an_answer_of_one_page_is_not_kept(huge: AnswerView) -> None:
    """Nothing is kept that nobody needs; what was kept before goes."""
    kept = KeptAnswers(KEY, Signal())
    kept.keep("desk", WHO, huge, kept.era())
    short = attrs.evolve(huge, all_cards={"usable": huge.all_cards["usable"][:AT_ONCE]})
    kept.keep("desk", WHO, short, kept.era())

    assert kept.get("desk", WHO) is None


def test_what_takes_more_than_all_the_room_is_not_kept(
    huge: AnswerView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for anew, and whoever looked is shown the answer all the same."""
    monkeypatch.setattr("couponhub.console.kept_answers._MOST_BYTES", 10_000)
    kept = KeptAnswers(KEY, Signal())
    kept.keep("desk", WHO, huge, kept.era())

    assert kept.get("desk", WHO) is None


def test_pages_are_turned_while_the_vendor_is_away(console: ConsoleHarness, visitor: Visitor) -> None:
    """Every coupon is on one page, no page asks a vendor, each is small, and odd pages are the nearest one; by keyboard, too."""
    codes = [f"LONG-{number:04}" for number in range(2 * AT_ONCE + 7)]
    hub, control = console.hub, console.controls["capillary"]
    list_id = str(next(hub["capillary"].lists.iterate(status="active")).id)
    hub["capillary"].uploads.send(list_id, codes, wait=True, timeout=60)
    control.add_customer(mobile=WHO.mobile or "")
    control.issue(list_id, {"mobile": WHO.mobile or ""}, codes=codes)
    console.sign_in(Scope.LOOKUP)
    first = _page(console)
    control.fail("* *", "status", 503)
    before = len(control.requests())
    second, third, last = _page(console, "usable:2"), _page(console, "usable:3"), _page(console, "usable:999")

    shown = [code for text in (first, second, third) for code in _MASKED.findall(text)]
    assert sorted(f"***{code[-2:]}" for code in codes) == sorted(shown)
    assert _MASKED.findall(third) == _MASKED.findall(last)
    assert before == len(control.requests())
    assert max(map(len, (first, second, third))) < 60_000
    fragment = _page(console, "usable:2", {"HX-Request": "true"})
    assert _MASKED.findall(second) == _MASKED.findall(fragment)
    for odd in ("used:2", "nothing:2", "usable", "usable:-1", "usable:<b>", "usable:" + "9" * 40):
        assert "<b>" not in _page(console, odd)

    control.set_faults()
    visitor.sign_in(console.token(Scope.LOOKUP))
    ask(visitor.page, WHO.mobile or "")
    usable = visitor.page.locator("#in-usable")
    usable.get_by_role("button", name="Next page").press("Enter")
    expect(usable).to_contain_text("Page 2 of 3")
    expect(usable.get_by_role("button", name="Next page")).to_be_focused()
    assert _MASKED.findall(second) == re.findall(
        r"\*{3}\w+", " ".join(usable.locator(".code").all_inner_texts())
    )
    control.fail("* *", "status", 503)

    # Somebody else is told only what the vendor says then.
    console.post("/sign-out")
    console.sign_in(Scope.LOOKUP)
    assert "could not be asked" in _page(console, "usable:2")


def _page(console: ConsoleHarness, page: str = "", headers: Mapping[str, str] | None = None) -> str:
    answer = console.post("/", headers, customer=WHO.mobile, page=page)
    assert answer.status_code == 200
    assert not re.search(r"LONG-\d", answer.text)
    return answer.text
