"""The uses of a coupon, as v1.1 and v2 list them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from couponhub.models import Redemption
from couponhub_capillary.mapping.context import MappingContext
from couponhub_capillary.wire.times import NO_MOMENT, Moment

_NO_REDEMPTIONS = "the redemptions of a coupon could not be read"
_NO_REDEMPTION = "a redemption could not be read"


@attrs.frozen(kw_only=True)
class Spelling:
    """The spelling of a redemption in one API.

    Attributes:
        transaction: Its key of the till's number.
        store: Its key of the store.
        moment: Reads when it was.
    """

    transaction: str
    store: str
    moment: Callable[[Mapping[str, Any], MappingContext], Moment | None]


@attrs.frozen(kw_only=True)
class Uses:
    """The redemptions of one coupon.

    Attributes:
        listed: None when the row does not tell them.
        is_guess: Whether the zone of any of their times is a guess.
    """

    listed: tuple[Redemption, ...] | None
    is_guess: bool = False


NONE_LISTED = Uses(listed=())
UNTOLD = Uses(listed=None)


def uses_from(rows: Callable[[], Sequence[object]], spelling: Spelling, reading: MappingContext) -> Uses:
    """Read the rows; `rows` raises ValueError where they cannot be understood."""
    try:
        found = rows()
    except ValueError:
        reading.odd.note(_NO_REDEMPTIONS)
        return UNTOLD
    is_guess = False
    redemptions = []
    for row in found:
        if not isinstance(row, dict):
            # It is one nevertheless: left out, the coupon could pass for unused.
            reading.odd.note(_NO_REDEMPTION)
            redemptions.append(Redemption())
            continue
        at, zone_is_guess = spelling.moment(row, reading) or NO_MOMENT
        if at is None:
            reading.note_time(row.get("date"), "redemptions")
        is_guess = is_guess or zone_is_guess
        redemptions.append(
            Redemption(
                id=reading.number(row.get("id"), "redemptions"),
                at=at,
                transaction=reading.number(row.get(spelling.transaction), "redemptions"),
                store=reading.store(row.get(spelling.store), "redemptions"),
            )
        )
    return Uses(listed=tuple(redemptions), is_guess=is_guess)
