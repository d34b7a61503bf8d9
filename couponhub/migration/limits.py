"""Limits that a plan may cross only for a reason."""

from collections.abc import Sequence

from couponhub.errors import LimitsCrossed
from couponhub.migration.words import codes, some
from couponhub.models import CouponList, CrossedLimit, MigrationCounts

_MOST_UNACCOUNTED = 0.3
"""The share of codes, or of customers, of which nobody knows enough: above it a plan is a guess."""


def crossed_limits(
    counts: MigrationCounts,
    *,
    beyond: int,
    customers: int,
    unknowable: int,
    target: CouponList | None,
    sent_before: int,
    held_left_out: int,
) -> tuple[CrossedLimit, ...]:
    """Return the limits that a plan crosses.

    Args:
        counts: Of the codes.
        beyond: Codes that the source's vendor counts and no source has.
        customers: Asked about.
        unknowable: Those of them of whom not all is known.
        target: The list that codes go to; None for one that is to be created.
        sent_before: Codes that were sent to it from here before.
        held_left_out: Codes that customers hold, and that the target has, or cannot tell from another one.
    """
    crossed: list[CrossedLimit] = []
    lost, total = counts.unknown + beyond, counts.all + beyond
    if total and lost / total > _MOST_UNACCOUNTED:
        told = [
            *([f"{counts.unknown:,} handed out to nobody knows whom"] * bool(counts.unknown)),
            *([f"{beyond:,} in no source"] * bool(beyond)),
        ]
        crossed.append(
            CrossedLimit(
                kind="unaccounted",
                message=f"{lost / total:.0%} of {codes(total)} unaccounted for: {' and '.join(told)}",
            )
        )
    if customers and unknowable / customers > _MOST_UNACCOUNTED:
        message = f"of {unknowable:,} of {some(customers, 'customer')} it could not be known what they hold"
        crossed.append(CrossedLimit(kind="unaccounted", message=message))
    if target is not None and (held := max(target.total or 0, sent_before)):
        message = f"list {target.id} of {target.connection} is not empty: it holds {codes(held)}"
        crossed.append(CrossedLimit(kind="target_not_empty", message=message))
    if held_left_out:
        message = (
            f"{codes(held_left_out)} that customers hold left out: the target has them, or takes them for others; whether"
            " their customers have them there is not known"
        )
        crossed.append(CrossedLimit(kind="held_left_out", message=message))
    return tuple(crossed)


def refuse_crossed(crossed: Sequence[CrossedLimit], reason: str | None) -> None:
    """Refuse a plan that crosses limits, unless somebody has said why.

    Raises:
        LimitsCrossed: It does, and nobody has.
    """
    if crossed and reason is None:
        raise LimitsCrossed(
            "\n".join(one.message for one in crossed), hint="--force REASON plans it all the same"
        )
