"""The origin of what a coupon says: its fields beside what the vendor sent."""

import attrs

from couponhub.models.base import NOTHING_RAW, Documented, Raw, about


@attrs.frozen(kw_only=True)
class FieldProvenance(Documented):
    """The origin of one field of a coupon.

    Attributes:
        field: Its name in the JSON of a coupon.
        raw: The keys of the coupon's `raw` that decide it, those that came, with their values.
        because: How they decide it, in words, never with a value; "" where the value was taken over as it is.
    """

    field: str
    raw: Raw = attrs.field(default=NOTHING_RAW, repr=False)
    because: str = attrs.field(default="", metadata=about(null_for_blank=True))
