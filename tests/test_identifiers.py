"""What people paste as a customer's identifier is read as the one that they mean, or refused."""

import pickle

import pytest

from couponhub.errors import UsageError
from couponhub.models import Customer, Identifier, read_identifier

MOBILE, EMAIL, NUMBER, ID = Identifier.MOBILE, Identifier.EMAIL, Identifier.EXTERNAL_ID, Identifier.ID


@pytest.mark.parametrize(
    ("kind", "text", "read"),
    [
        (MOBILE, "919876543210", "919876543210"),
        (MOBILE, "+91 98765-43210", "+919876543210"),
        (MOBILE, "(+91) 98765 43210", "+919876543210"),
        (MOBILE, "tel:+91-98765-43210", "+919876543210"),
        (MOBILE, '"9876543210"', "9876543210"),
        (MOBILE, "\u201c9876543210\u201d,", "9876543210"),
        (MOBILE, "<9876543210>;", "9876543210"),
        (MOBILE, "'9876543210'", "9876543210"),
        (MOBILE, "\ufeff9876543210\u00a0", "9876543210"),
        (MOBILE, "\u202a+91 98765 43210\u202c", "+919876543210"),
        (MOBILE, "98765\u200b43210", "9876543210"),
        (MOBILE, "98765.43210", "9876543210"),
        (MOBILE, "98.765.43210", "9876543210"),
        (MOBILE, "+1.800.555.0199", "+18005550199"),
        (MOBILE, "919876543210.", "919876543210"),
        (MOBILE, "\u0669\u0661\u0669\u0668\u0667\u0666\u0665\u0664\u0663\u0662\u0661\u0660", "919876543210"),
        (MOBILE, "\uff0b\uff19\uff11\uff19\uff18\uff17\uff16\uff15\uff14", "+91987654"),
        (EMAIL, "A.Buyer@Example.com", "A.Buyer@Example.com"),
        (EMAIL, "\u00a0a.buyer@example.com\u200b", "a.buyer@example.com"),
        (EMAIL, "A Buyer <a.buyer@example.com>", "a.buyer@example.com"),
        (EMAIL, '"Buyer, A" <a.buyer@example.com>,', "a.buyer@example.com"),
        (EMAIL, "<mailto:a.buyer@example.com>", "a.buyer@example.com"),
        (EMAIL, "MAILTO:a.buyer@example.com", "a.buyer@example.com"),
        (EMAIL, "a.bu\u200byer@example.com", "a.buyer@example.com"),
        (EMAIL, "\uff41\uff20example.com", "a@example.com"),
        (EMAIL, "a+shop@example.com;", "a+shop@example.com"),
        (EMAIL, '"odd one"@example.com', '"odd one"@example.com'),
        (EMAIL, "cafe\u0301@example.com", "caf\u00e9@example.com"),
        (NUMBER, " EXT-007\u00a0", "EXT-007"),
        (NUMBER, "\ufeffext 7", "ext 7"),
        (NUMBER, "EXT\u200b-007", "EXT-007"),
        (NUMBER, "1e5", "1e5"),
        (NUMBER, "\u0661\u0662", "\u0661\u0662"),
        (NUMBER, "mailto-1@x", "mailto-1@x"),
        (ID, " 98662653", "98662653"),
        (ID, "\u0669\u0668\u0666", "986"),
        (ID, "+98662653", "+98662653"),
        (ID, "007", "007"),
    ],
)
def test_what_is_pasted_is_read(kind: Identifier, text: str, read: str) -> None:
    """What clings to it comes off, and nothing else; what was read reads as itself."""
    assert read == read_identifier(kind, text)
    assert read == read_identifier(kind, read)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(
            (kind, text)
            for kind in Identifier
            for text in ("", " ", "\u00a0\ufeff", "98765\n43210", "9\x000")
        ),
        *(
            (kind, text)
            for kind in Identifier
            for text in ("919876543210.0", "919876543210,00", "9.19876e+11", "9,19876E11", "9e+11")
        ),
        *((kind, text) for kind in Identifier for text in ("nan", "NULL", "#REF!", '="98"', "'98765")),
        (MOBILE, "+91 98765 43210.0"),
        (MOBILE, "(919876543210).0"),
        (MOBILE, "919876543210\u2060.0"),
        (MOBILE, "919876543210.5"),
        (MOBILE, "919876543210.25"),
        (MOBILE, "9.19876543210"),
        (MOBILE, "919.876.543.210,00"),
        (MOBILE, "919\u00a0876\u00a0543\u00a0210.00"),
        (MOBILE, "\uff19\uff18\uff17\uff0e\uff10"),
        (MOBILE, "\u0669\u0668\u0667\u066b\u0660"),
        (MOBILE, "9876543210,9876543211"),
        (MOBILE, "9876543210/9876543211"),
        (MOBILE, "9876543210;ext=7"),
        (MOBILE, "tel:9876543210;phone-context=+91"),
        (MOBILE, "98765\u00b2"),
        (MOBILE, "A <9876543210>"),
        (EMAIL, "a@example.com, b@example.com"),
        (EMAIL, "a@example.com;b@example.com"),
        (EMAIL, "a@example.com b@example.com"),
        (EMAIL, "a@example.com/b@example.com"),
        (EMAIL, "A <a@example.com>, B <b@example.com>"),
        (EMAIL, "[a@example.com](mailto:a@example.com)"),
        (EMAIL, "mailto:a@example.com?subject=hello"),
        (EMAIL, "e-mail: a@example.com"),
        (EMAIL, "a\u2011b@example.com"),
        (EMAIL, "\u0646\u200c\u0646@example.com"),
        (EMAIL, "a.buyer"),
        (NUMBER, '"EXT-007"'),
        (NUMBER, "'EXT-007'"),
        (NUMBER, "<EXT-007>"),
        (NUMBER, "EXT-007,"),
        (NUMBER, "EXT\u00a0007"),
        (NUMBER, "\u0646\u200c\u0646"),
        (ID, "98662653,"),
        (ID, "\uff19\uff18\uff0e\uff10"),
    ],
)
def test_what_may_be_somebody_else_is_refused(kind: Identifier, text: str) -> None:
    """It is never read as another identifier, and the refusal does not quote it."""
    with pytest.raises(UsageError) as caught:
        read_identifier(kind, text)
    assert len(text.strip()) < 3 or text not in str(caught.value)
    assert not any(char.isdigit() for char in str(caught.value))


@pytest.mark.parametrize("text", ["919876543210.0", "+91 98765 43210.0", "nan", "9.19876e+11"])
def test_a_ruined_identifier_makes_no_customer(text: str) -> None:
    """Nobody has to ask first to learn of it, and the hint is the mend."""
    with pytest.raises(UsageError) as caught:
        Customer(mobile=text)
    assert caught.value.hint


def test_a_customer_keeps_what_was_given() -> None:
    """Beside it stands what is asked about; it pickles, and is another customer than that of the plain text."""
    pasted = Customer(email="A Buyer <a.buyer@example.com>")
    assert ("A Buyer <a.buyer@example.com>", "a.buyer@example.com") == (pasted.value, pasted.plain)
    assert Customer(email="a.buyer@example.com") == pasted.read() != pasted
    assert pasted == pickle.loads(pickle.dumps(pasted))  # noqa: S301 - our own
    plain = Customer(external_id="EXT-007")
    assert plain.read() is plain


def test_what_is_no_number_is_refused_when_it_is_asked_about() -> None:
    """One slip among many customers is answered in its place, and ends nothing."""
    slip = Customer(mobile="no number")
    with pytest.raises(UsageError, match="no number"):
        _ = slip.plain
