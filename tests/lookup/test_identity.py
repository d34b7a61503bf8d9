"""By what a customer can be asked about: nothing is refused that a vendor may know, and nothing is quoted."""

import subprocess
import sys

import pytest

from couponhub.errors import UsageError
from couponhub.models import Customer, Identifier, Telephone, masked_form
from tests.lookup.fake_clients import NOBODY_KNOWS, NOTHING, FakeClient, ask, holding


@pytest.mark.parametrize(
    "mobile",
    [
        "919876543210",
        "9876543210",
        "09876543210",
        "00919876543210",
        "+919876543210",
        "+91 98765-43210",
        "+44 (0)7700 900123",
        "+910000000000",  # of no pattern in use, but a till may have typed it
        "+15551234",  # only possible inside the country
        "4000",  # Niue
        "12345",
        "9988776655",
        "99999999999999999",
    ],
)
def test_a_mobile_that_a_vendor_may_know_is_asked_about(mobile: str) -> None:
    """Short, national, unused, oddly written: the vendor decides whether it knows the number."""
    fake = FakeClient("loyalty", NOTHING)
    assert ask(fake, about=Customer(mobile=mobile)).complete
    assert [mobile] == [asked.mobile for asked in fake.asked]


@pytest.mark.parametrize(
    "mobile",
    [
        "a.buyer@example.com",
        "98765x43210",
        "++919876543210",
        "+-",
        "987",
        "919876543210919876",
        "+1",
        "+99912345678",
        "+9198765432101234",
        "+9198",
    ],
)
def test_a_mobile_that_cannot_be_one_is_refused(mobile: str) -> None:
    """It is a usage error that does not quote it, and nobody is asked."""
    fake = FakeClient("loyalty", NOTHING)
    with pytest.raises(UsageError) as caught:
        ask(fake, about=Customer(mobile=mobile))
    assert mobile not in str(caught.value)
    assert caught.value.hint
    assert [] == fake.asked


@pytest.mark.parametrize("email", ["A.Buyer@Example.com", "x@localhost", '"odd one"@example.com', "a@b@c"])
def test_an_address_keeps_its_case(email: str) -> None:
    """It goes to the vendor as it was given; whether it is in use only a mail could tell."""
    fake = FakeClient("loyalty", NOTHING)
    ask(fake, about=Customer(email=email))
    assert [email] == [asked.email for asked in fake.asked]


@pytest.mark.parametrize("email", ["a.buyer", "@example.com", "a.buyer@", "@"])
def test_an_address_without_two_parts_is_refused(email: str) -> None:
    """What has no @ between two parts is a slip of the caller."""
    with pytest.raises(UsageError) as caught:
        ask(FakeClient("loyalty", NOTHING), about=Customer(email=email))
    assert "e-mail" in caught.value.message
    assert "a.buyer" not in str(caught.value)


def test_a_vendors_own_number_needs_one_connection() -> None:
    """With two connections it would mean nobody, or somebody else, at one of them."""
    number = Customer(id="98662653")
    assert ask(FakeClient("loyalty", NOTHING), about=number).complete
    with pytest.raises(UsageError, match="exactly one connection"):
        ask(FakeClient("loyalty", NOTHING), FakeClient("engage", NOTHING), about=number)


def test_what_the_one_connection_refuses_is_raised() -> None:
    """The one connection asked cannot be asked that: the caller's mistake; beside others it is `unsupported`."""
    refusal = UsageError("a customer's id here is a whole number")
    with pytest.raises(UsageError, match="whole number"):
        ask(FakeClient("loyalty", refusal), about=Customer(id="x"))
    answer = ask(FakeClient("loyalty", refusal), FakeClient("engage", holding("A")))
    assert ["unsupported", None] == [one.reason for one in answer.answers]
    assert not answer.complete


def test_the_forms_asked_are_told_masked() -> None:
    """An adapter's forms are handed on; where it tells none, it was asked by what was given."""
    telling = FakeClient("loyalty", holding("A", asked_as=("***10 (12 digits)", "***10 (10 digits)")))
    silent = FakeClient("engage", NOBODY_KNOWS)
    dead = FakeClient("dead", OSError("no"))
    answer = ask(telling, silent, dead)
    assert ("***10 (12 digits)", "***10 (10 digits)") == answer.by_connection["loyalty"].asked_as
    assert ("***10 (12 digits)",) == answer.by_connection["engage"].asked_as
    assert () == answer.by_connection["dead"].asked_as


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("919876543210", "***10 (12 digits)"),
        ("9876543210", "***10 (10 digits)"),
        ("a.buyer@example.com", "***om (19 characters)"),
        ("EXT-7", "*** (5 characters)"),
    ],
)
def test_a_masked_form_tells_its_length(text: str, masked: str) -> None:
    """A support person sees which form it was; of a short one nothing is shown."""
    assert masked == masked_form(text)


def test_a_telephone_number_is_its_digits() -> None:
    """Decoration goes, zeros stay; the + is remembered."""
    assert Telephone(digits="0919876", is_international=False) == Telephone.read(" (0)91-98.76 ")
    assert Telephone(digits="919876", is_international=True) == Telephone.read("+91 98-76")
    assert "919876" not in repr(Telephone.read("+91 98-76"))


@pytest.mark.parametrize(
    ("customer", "needed"),
    [("email='a@example.com'", False), ("mobile='9876543210'", False), ("mobile='+919876543210'", True)],
)
def test_numbering_plans_are_loaded_when_needed(customer: str, *, needed: bool) -> None:
    """Only a number that names its country needs them."""
    program = (
        "import sys; from couponhub import Customer; from couponhub.lookup import FanOut, Question; "
        "from couponhub.models import CouponQuery; "
        f"FanOut(Question(clients=[], query=CouponQuery(), deadline=1), Customer({customer})).run(); "
        "print('phonenumbers' in sys.modules)"
    )
    ran = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert str(needed) == ran.stdout.strip()


def test_identifiers_are_told_apart_by_kind() -> None:
    """The same text is another customer as another kind."""
    kinds = [Customer(**{kind.value: "4000"}).identifier for kind in Identifier]
    assert list(Identifier) == kinds
