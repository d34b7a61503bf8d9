"""The parts of an explanation."""

from datetime import datetime

import attrs

from couponhub.explain.recording import Exchange
from couponhub.models import Answer, Coupon, Customer, FieldProvenance, ListId, UploadId
from couponhub.models.base import Documented, about
from couponhub.models.given import given_whole
from couponhub.models.reports import ReportedRow
from couponhub.serialization import Document, json_text


@attrs.frozen(kw_only=True)
class SentIn(Documented):
    """An upload of ours in which a code stands.

    Attributes:
        part: The part's unique name.
        stage: How far we came with the part, as the ledger has it.
        sent_at: When the part was last about to be sent; None when it never was.
    """

    code: str = attrs.field(repr=False)
    connection: str
    list_id: ListId
    upload: UploadId = attrs.field(metadata=about(key="id"))
    name: str
    part: str
    stage: str
    sent_at: datetime | None


@attrs.frozen(kw_only=True)
class ExplainedCoupon:
    """A coupon, and why it says what it says; no meanings where the adapter gives none."""

    coupon: Coupon
    meanings: tuple[FieldProvenance, ...] = ()


@attrs.frozen(kw_only=True)
class Explanation:
    """All that is known of one customer or one code, and how it came to be known.

    Attributes:
        asked_at: When the vendors were asked, live, for this explanation.
        customer: Who was asked about; None for a code.
        code: Which code was asked about; None for a customer.
        answers: What each connection answered. About a code, "unknown" also says that a vendor knows it not as
            handed to anybody, for that proves nothing.
        coupons: What was found, with its reasons.
        exchanges: Every attempt to call a vendor, in the order in which they ended.
        sent_in: The uploads of ours in which the codes stand.
        unsearched: Uploads of ours whose codes are no longer kept, or never were, so that nothing is known of them.
        reported: The rows of imported usage reports about the customer, or with the code.
        warnings: What could not be found out here, for people.
    """

    asked_at: datetime
    customer: Customer | None = None
    code: str | None = attrs.field(default=None, repr=False)
    answers: tuple[Answer, ...] = ()
    coupons: tuple[ExplainedCoupon, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    sent_in: tuple[SentIn, ...] = ()
    unsearched: tuple[UploadId, ...] = ()
    reported: tuple[ReportedRow, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """True when every asked connection gave a whole answer."""
        return all(answer.whole for answer in self.answers)

    def as_dict(self) -> Document:
        """Return the document that `couponhub explain -o json` prints, the coupons' raw objects included."""
        from couponhub.explain.documents import explanation_document  # noqa: PLC0415 - it imports this module

        return explanation_document(self)

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the text of `as_dict`, on one line unless `indent` is given.

        Args:
            indent: Blanks for each level, each key on a line of its own.

        Raises:
            UsageError: `indent` is no number of 0 or more.
        """
        width = None if indent is None else given_whole(indent, "indent", least=0)
        return json_text(self.as_dict(), indent=width)
