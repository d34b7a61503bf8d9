"""What one connection names a customer by serves to ask another, and is never guessed at."""

import threading

import pytest

from couponhub.errors import Unsupported, VendorUnavailable
from couponhub.models import Customer, CustomerCoupons, Identifier, Reason, Source, Verdict
from couponhub.resilience import Outcome
from tests.lookup.fake_clients import (
    BUYER,
    BY_NUMBER,
    NOBODY_KNOWS,
    NOTHING,
    NUMBER,
    FakeClient,
    ask,
    holding,
    naming,
)

EMAIL = Customer(email="a.buyer@example.com")


def test_a_named_identifier_is_carried() -> None:
    """A connection that knows customers by another kind is asked by what an answer names, and says whose word it was."""
    loyalty = FakeClient("loyalty", naming(EMAIL, NUMBER, codes=("A",)))
    engage = FakeClient("engage", holding("B", at="engage"))
    answer = ask(engage, loyalty, engage=BY_NUMBER)
    assert ([BUYER], [NUMBER]) == (loyalty.asked, engage.asked)
    assert ["engage", "loyalty"] == [one.connection for one in answer.answers]
    assert ["B", "A"] == [coupon.code for coupon in answer.coupons]
    assert ("loyalty", None) == (
        answer.by_connection["engage"].identified_by,
        answer.by_connection["loyalty"].identified_by,
    )
    assert ("***07 (7 characters)",) == answer.by_connection["engage"].asked_as
    assert answer.complete


def test_the_deadline_is_for_all_of_it() -> None:
    """Who is asked second gets what is left."""
    loyalty, engage = FakeClient("loyalty", naming(NUMBER)), FakeClient("engage", NOTHING)
    ask(loyalty, engage, deadline=5.0, engage=BY_NUMBER)
    assert engage.deadlines[0] < loyalty.deadlines[0] <= 5.0


def test_nobody_waits_for_the_slowest() -> None:
    """The first word is used at once, while others are still being asked."""
    engage = FakeClient("engage", holding("B"))
    slow = FakeClient("slow", NOTHING, after=engage.is_asked)
    answer = ask(slow, FakeClient("loyalty", naming(NUMBER)), engage, engage=BY_NUMBER)
    assert answer.complete
    assert [NUMBER] == engage.asked


def test_a_given_identifier_needs_no_word() -> None:
    """Asked by the kind that it knows, a connection is asked at once, and once."""
    engage = FakeClient("engage", holding("B"))
    answer = ask(
        FakeClient("loyalty", naming(Customer(external_id="OTHER"))), engage, about=NUMBER, engage=BY_NUMBER
    )
    assert [NUMBER] == engage.asked
    assert answer.by_connection["engage"].identified_by is None
    assert answer.complete


@pytest.mark.parametrize(
    "said",
    [
        NOTHING,
        NOBODY_KNOWS,
        naming(EMAIL),
        naming(Customer(id="98662653")),
        VendorUnavailable("no"),
        CustomerCoupons(customer_known=False, also_known_as=(NUMBER,)),
        Outcome(found=naming(NUMBER), error=VendorUnavailable("what is remembered is out of date")),
        naming(Customer(mobile="no number at all")),
    ],
)
def test_without_a_word_it_stays_unknown(said: CustomerCoupons | Exception | Outcome) -> None:
    """Nothing named, something else named, or named by who does not know: `unsupported`, with the kind needed."""
    engage = FakeClient("engage", holding("B"))
    answer = ask(FakeClient("loyalty", said), engage, engage=BY_NUMBER)
    one = answer.by_connection["engage"]
    assert [] == engage.asked
    assert (Verdict.UNKNOWN, Reason.UNSUPPORTED) == (one.verdict, one.reason)
    assert isinstance(one.error, Unsupported)
    assert "external_id" in one.error.hint
    assert "engage" == one.error.connection
    assert not answer.complete


def test_alone_it_says_what_it_needs() -> None:
    """With nobody beside it that could name the customer, it answers at once."""
    engage = FakeClient("engage", holding("B"))
    (one,) = ask(engage, engage=frozenset({Identifier.EXTERNAL_ID, Identifier.EMAIL})).answers
    assert Reason.UNSUPPORTED is one.reason
    assert one.error is not None
    assert "email or external_id" in one.error.message


def test_a_vendors_own_number_is_carried_nowhere() -> None:
    """Not even to a connection that would know customers by numbers of its own."""
    engage = FakeClient("engage", holding("B"))
    ask(FakeClient("loyalty", naming(Customer(id="7"))), engage, engage=frozenset({Identifier.ID}))
    assert [] == engage.asked


@pytest.mark.parametrize("late", [False, True])
def test_different_words_are_not_used(*, late: bool) -> None:
    """Two connections that name different customers leave it open, also when the second word came too late."""
    engage = FakeClient("engage", holding("B"))
    club = FakeClient(
        "club", naming(Customer(external_id="EXT-008")), after=engage.is_asked if late else None
    )
    answer = ask(FakeClient("loyalty", naming(NUMBER, codes=("A",))), club, engage, engage=BY_NUMBER)
    one = answer.by_connection["engage"]
    assert (Verdict.UNKNOWN, Reason.UNSUPPORTED, ()) == (one.verdict, one.reason, one.coupons)
    assert [
        "club and loyalty named different values of the customer's external_id; none of them was used"
    ] == (list(one.warnings))
    assert one.identified_by is None
    assert ["A"] == [coupon.code for coupon in answer.coupons]
    assert not answer.complete


def test_one_connection_can_contradict_itself() -> None:
    """Two forms of a mobile may be two customers, and the answer then names both."""
    engage = FakeClient("engage", holding("B"))
    answer = ask(
        FakeClient("loyalty", naming(NUMBER, Customer(external_id="EXT-008"))), engage, engage=BY_NUMBER
    )
    assert [] == engage.asked
    assert answer.by_connection["engage"].warnings


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (NUMBER, Customer(external_id="EXT-007"), Identifier.EXTERNAL_ID),
        (EMAIL, Customer(email="A.Buyer@example.com"), Identifier.EMAIL),
        (Customer(mobile="+91 98765-43210"), BUYER, Identifier.MOBILE),
    ],
)
def test_the_same_word_twice_is_no_dispute(first: Customer, second: Customer, kind: Identifier) -> None:
    """Addresses differ not by case, numbers not by decoration."""
    given = NUMBER if kind is not Identifier.EXTERNAL_ID else BUYER
    engage = FakeClient("engage", holding("B"))
    answer = ask(
        FakeClient("loyalty", naming(first)),
        FakeClient("club", naming(second)),
        engage,
        about=given,
        engage=frozenset({kind}),
    )
    assert answer.complete
    assert [first] == engage.asked


def test_the_retailers_number_goes_first() -> None:
    """Of several kinds that would do, the one that does not change hands is used; a dispute over another is none of it."""
    engage = FakeClient("engage", holding("B"))
    kinds = frozenset({Identifier.EMAIL, Identifier.EXTERNAL_ID})
    answer = ask(
        FakeClient("loyalty", naming(EMAIL, NUMBER)),
        FakeClient("club", naming(Customer(email="other@example.com"), NUMBER)),
        engage,
        engage=kinds,
    )
    assert [NUMBER] == engage.asked
    assert answer.complete


def test_who_was_named_can_name_on() -> None:
    """A word leads to the next, each answer saying whose it was."""
    engage, till = FakeClient("engage", naming(EMAIL)), FakeClient("till", holding("C"))
    answer = ask(
        till,
        engage,
        FakeClient("loyalty", naming(NUMBER)),
        engage=BY_NUMBER,
        till=frozenset({Identifier.EMAIL}),
    )
    assert ([NUMBER], [EMAIL]) == (engage.asked, till.asked)
    assert ["engage", "loyalty", None] == [one.identified_by for one in answer.answers]


def test_a_remembered_answer_names_too() -> None:
    """What was answered a moment ago is as good as asked now."""
    engage = FakeClient("engage", holding("B"))
    remembered = CustomerCoupons(source=Source.CACHE, also_known_as=(NUMBER,))
    assert ask(FakeClient("loyalty", remembered), engage, engage=BY_NUMBER).complete


def test_the_error_of_who_was_named_says_so() -> None:
    """Its failure is its own, and still tells by whose word it was asked."""
    engage = FakeClient("engage", VendorUnavailable("no"))
    one = ask(FakeClient("loyalty", naming(NUMBER)), engage, engage=BY_NUMBER).by_connection["engage"]
    assert (Reason.UNREACHABLE, "loyalty") == (one.reason, one.identified_by)


def test_who_never_answers_is_late_though_named() -> None:
    """Named in time and silent: that is `timeout`, not `unsupported`."""
    engage = FakeClient("engage", None)
    one = ask(FakeClient("loyalty", naming(NUMBER)), engage, deadline=0.1, engage=BY_NUMBER).by_connection[
        "engage"
    ]
    assert Reason.TIMEOUT is one.reason


def test_who_would_name_it_never_answers() -> None:
    """At the deadline the silent one is late, and the other lacks a name."""
    never = threading.Event()
    loyalty = FakeClient("loyalty", naming(NUMBER), after=never)
    answer = ask(loyalty, FakeClient("engage", NOTHING), deadline=0.1, engage=BY_NUMBER)
    never.set()
    assert [Reason.TIMEOUT, Reason.UNSUPPORTED] == [one.reason for one in answer.answers]
