"""Differences between what connections know of one customer: each code of two connections in exactly one kind."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from couponhub.errors import UsageError
from couponhub.models import (
    Answer,
    Coupon,
    CouponQuery,
    CouponStatus,
    Difference,
    DifferenceKind,
    LookupAnswer,
)
from couponhub.state import comparable

_NOBODY: frozenset[str] = frozenset()
_ZONES = timedelta(hours=26)
"""Between the westernmost zone and the easternmost."""


def differences_of(
    answer: LookupAnswer,
    *,
    ignores_case: Collection[str] = _NOBODY,
    ignores_blanks: Collection[str] = _NOBODY,
) -> tuple[Difference, ...]:
    """Compare what each connection knows with what the first one that was asked knows, code by code.

    A code that stands several times at a connection counts once. Two codes are equal when either of the two vendors
    takes them for one.

    Args:
        answer: Of a lookup that asked for all coupons, or the differences would be of the question.
        ignores_case: The connections to whose vendors "ab" and "AB" are one code.
        ignores_blanks: Those to whose vendors "ab" and "ab " are.

    Returns:
        How many codes there are of each kind, for each connection but the first, in asking order; kinds without any
        are left out, so that it is () where there is nothing to compare.
    """
    if not answer.answers:
        return ()
    reference, *others = answer.answers
    found = []
    for other in others:
        pair = {reference.connection, other.connection}
        kinds = _compared(
            reference,
            other,
            ignores_case=not pair.isdisjoint(ignores_case),
            ignores_blanks=not pair.isdisjoint(ignores_blanks),
        )
        found += [
            Difference(
                reference=reference.connection, connection=other.connection, kind=kind, count=kinds[kind]
            )
            for kind in DifferenceKind
            if kinds[kind]
        ]
    return tuple(found)


def summed(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """Add up the differences of many customers: one for each reference, connection and kind, in the order of coming."""
    counts: Counter[tuple[str, str, DifferenceKind]] = Counter()
    for one in differences:
        counts[one.reference, one.connection, one.kind] += one.count
    return tuple(
        Difference(reference=reference, connection=connection, kind=kind, count=count)
        for (reference, connection, kind), count in counts.items()
    )


def check_comparable(query: CouponQuery, *, asked: int) -> None:
    """Refuse a question whose answers cannot be compared.

    Args:
        query: Which coupons are meant.
        asked: How many connections would be asked.

    Raises:
        UsageError: Fewer than two are asked, or not all coupons are meant.
    """
    if asked < 2:
        raise UsageError(
            "one connection cannot be compared with itself",
            hint="ask two or more: name them with --connection, or in `connections`, or configure another one",
        )
    if query.limit is not None or query.unordered != CouponQuery():
        raise UsageError(
            "what is compared are all coupons of a customer, and only some are asked for",
            hint="leave out status, list, store, since, until and limit, or take another strategy",
        )


def _compared(
    reference: Answer, other: Answer, *, ignores_case: bool, ignores_blanks: bool
) -> Counter[DifferenceKind]:
    ours = _by_code(reference.coupons, ignores_case=ignores_case, ignores_blanks=ignores_blanks)
    theirs = _by_code(other.coupons, ignores_case=ignores_case, ignores_blanks=ignores_blanks)
    kinds: Counter[DifferenceKind] = Counter()
    for code in ours.keys() | theirs.keys():
        if code not in theirs:
            kind = DifferenceKind.MISSING if other.whole else DifferenceKind.UNKNOWN
        elif code not in ours:
            kind = DifferenceKind.EXTRA if reference.whole else DifferenceKind.UNKNOWN
        else:
            kind = _kind_of(ours[code], theirs[code])
        kinds[kind] += 1
    return kinds


def _by_code(
    coupons: Sequence[Coupon], *, ignores_case: bool, ignores_blanks: bool
) -> Mapping[str, Sequence[Coupon]]:
    codes = comparable(
        [coupon.code for coupon in coupons], ignores_case=ignores_case, ignores_blanks=ignores_blanks
    )
    found: dict[str, list[Coupon]] = {}
    for code, coupon in zip(codes, coupons, strict=True):
        found.setdefault(code, []).append(coupon)
    return found


def _kind_of(ours: Sequence[Coupon], theirs: Sequence[Coupon]) -> DifferenceKind:
    """Compare the coupons of one code that stands at both."""
    standings = [{coupon.status for coupon in coupons} for coupons in (ours, theirs)]
    if CouponStatus.UNKNOWN in standings[0] | standings[1]:
        return DifferenceKind.STATUS_UNKNOWN
    if standings[0] != standings[1]:
        return DifferenceKind.STATUS
    ends = [{coupon.expires_at for coupon in coupons} for coupons in (ours, theirs)]
    if ends[0] == ends[1]:
        return DifferenceKind.SAME
    is_guess = any("expires_at" in coupon.approximate for coupon in (*ours, *theirs))
    return DifferenceKind.EXPIRY_UNKNOWN if is_guess and _may_be_equal(*ends) else DifferenceKind.EXPIRY


def _may_be_equal(ours: Collection[datetime | None], theirs: Collection[datetime | None]) -> bool:
    """Tell whether ends are apart by no more than a wrong zone can put them."""
    if len(ours) != len(theirs) or None in ours or None in theirs:
        return False
    pairs = zip(*(sorted(end for end in ends if end) for ends in (ours, theirs)), strict=True)
    return all(abs(one - other) <= _ZONES for one, other in pairs)
