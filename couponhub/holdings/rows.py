"""One row of who holds which code."""

from datetime import datetime

import attrs

from couponhub.models import Customer, HoldingStatus, ListId
from couponhub.models.base import Documented, instant_field


@attrs.frozen(kw_only=True)
class Holding(Documented):
    """A code, and who holds it, as a table says.

    Attributes:
        code: As it stands there.
        customer: Who holds it; None where the table names nobody, or nobody may be named.
        status: As the table says. A code whose `expires_at` has passed since may still stand there as issued.
        issued_at: In UTC; None where the table does not say. A day without a time stands for its beginning.
        expires_at: In UTC, the last second at which it is valid; None where the table does not say. A day without a time
            stands for its end.
        list_id: The list that the table names, else the one that it was said to be of; None where neither is.
        line: Where it stands in the table, for people; of several rows about one code the first.
    """

    code: str = attrs.field(repr=False)
    customer: Customer | None = attrs.field(default=None, repr=False)
    status: HoldingStatus = HoldingStatus.UNKNOWN
    issued_at: datetime | None = instant_field()
    expires_at: datetime | None = instant_field()
    list_id: ListId | None = None
    line: int = 0
