"""The outcome of an export of customers."""

from datetime import datetime

import attrs

from couponhub.models import JobId, JobStatus
from couponhub.models.base import Documented, instant_field


@attrs.frozen(kw_only=True)
class CustomerExport(Documented):
    """An export of customers' coupons, as it stands: it is a job of its id.

    Attributes:
        connection: At whose vendor the customers are.
        list_id: The one list whose coupons are meant; None for all.
        out: The file that it writes when every customer was asked about.
        unknown_out: The file beside it with the customers of whom not all is known; None while there is none.
        customers: How many the file names, each once.
        asked: How many of them were asked about.
        found: How many hold coupons.
        none: How many hold none, as the vendor said.
        unknown: Of how many not all is known; those who hold coupons as well are also among `found`.
        coupons: How many rows.
        waiting_for: What it waits for, for people; None when it could go on, or has ended.
        not_before: When it is to be gone on with; None for at once.
    """

    id: JobId
    connection: str
    list_id: str | None
    status: JobStatus
    out: str
    unknown_out: str | None
    customers: int
    asked: int
    found: int
    none: int
    unknown: int
    coupons: int
    waiting_for: str | None = None
    not_before: datetime | None = instant_field()
