"""Field by field, what becomes of what the source knows: derived from the two lists, the codes and what vendors can do."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import attrs

from couponhub.migration.batches import ISSUED, Batches
from couponhub.migration.ends import DestinationList, OriginList, last_day_of
from couponhub.migration.words import codes, some
from couponhub.models import Alerts, FieldFate, IssuedAs, Lossiness, MigrationCounts
from couponhub.serialization import read_instant

_KEPT, _NEAR, _LOST = FieldFate.KEPT, FieldFate.APPROXIMATED, FieldFate.LOST
_DAY = 86_400


@attrs.frozen(kw_only=True)
class _Move:
    origin: OriginList
    destination: DestinationList
    counts: MigrationCounts
    batches: Batches
    ends: Mapping[str, int]


def lossiness_of(
    origin: OriginList,
    destination: DestinationList,
    counts: MigrationCounts,
    batches: Batches,
    ends: Mapping[str, int],
) -> tuple[Lossiness, ...]:
    """Tell of each field whether it is kept, approximated or lost.

    Args:
        origin: Where codes come from.
        destination: Where they go.
        counts: Of the codes.
        batches: What goes.
        ends: How many issued codes end at a moment of their own, as in JSON; "" for none that is known.
    """
    move = _Move(origin=origin, destination=destination, counts=counts, batches=batches, ends=ends)
    told = (_code, _customer, _issue, _expiry, _redemptions, _name, _label, _alerts, _discount)
    return tuple(
        Lossiness(field=field, fate=fate, note=note) for tell in told for field, fate, note in tell(move)
    )


_Told = Iterator[tuple[str, FieldFate, str]]


def _code(move: _Move) -> _Told:
    rejected = sum(move.batches.rejected.values())
    if rejected:
        yield "code", _NEAR, f"kept byte for byte, but for {rejected:,} that the target does not take"
    elif move.destination.rules.ignores_case and not move.origin.rules.ignores_case:
        yield "code", _NEAR, "sent byte for byte; the target does not tell capitals from small letters"
    else:
        yield "code", _KEPT, "sent byte for byte"


def _customer(move: _Move) -> _Told:
    issued, left = move.counts.issued, move.batches.left
    tagged = sum(one.rows for one in move.batches.files if one.identifier is not None)
    if not issued:
        yield "customer", _KEPT, "nobody is known to hold a code that can still be used"
    elif move.destination.issued_as is IssuedAs.FREE:
        yield "customer", _LOST, f"{codes(issued)} that customers hold become free: anybody may be given one"
    elif move.destination.issued_as is IssuedAs.SKIP:
        yield "customer", _LOST, f"{codes(issued)} left at the source with those who hold them"
    elif left:
        why = "whose customer is not known by an identifier that the target takes"
        yield (
            "customer",
            _NEAR,
            f"{codes(tagged)} bound to their customers; {left:,} left at the source, {why}",
        )
    else:
        yield "customer", _KEPT, f"{codes(tagged)} bound to their customers"


def _issue(move: _Move) -> _Told:
    if any(one.kind == ISSUED and one.identifier is not None for one in move.batches.files):
        yield "issued_at", _NEAR, "the target counts a code as issued when it is uploaded"
    elif move.counts.issued:
        yield "issued_at", _LOST, "who got which code when is known at the source alone"
    else:
        yield "issued_at", _KEPT, "nothing was issued that moves"


def _expiry(move: _Move) -> _Told:
    yield "list.expires_at", *_list_expiry(move)
    end = _target_end(move)
    own = {read_instant(text): count for text, count in move.ends.items() if text}
    if not own:
        yield "coupon.expires_at", _KEPT, "no code is known to end at another moment than its list"
        return
    if end is None:
        yield "coupon.expires_at", _LOST, "the target list tells no end"
        return
    exact = _is_exact(move)
    days = {moment: _days_between(end, moment, exact=exact) for moment in own}
    later = sum(count for moment, count in own.items() if days[moment] > 0)
    sooner = sum(count for moment, count in own.items() if days[moment] < 0)
    if not later + sooner:
        yield "coupon.expires_at", _KEPT, "each ends when the target list does"
        return
    told = [
        *([f"{later:,} live longer than before, up to {max(days.values()):,} days"] * bool(later)),
        *([f"{sooner:,} end sooner, up to {-min(days.values()):,} days"] * bool(sooner)),
    ]
    yield "coupon.expires_at", _NEAR, f"one end for the whole list: {'; '.join(told)}"


def _list_expiry(move: _Move) -> tuple[FieldFate, str]:
    before, after = move.origin.shown.expires_at, _target_end(move)
    if before is None:
        return _KEPT, "the source list tells no end"
    if after is None:
        return _LOST, "the target list tells no end"
    days = _days_between(after, before, exact=_is_exact(move))
    if not days:
        return _KEPT, "the same day" if after != before else "the same moment"
    word = "later" if days > 0 else "sooner"
    return _NEAR, f"{abs(days):,} {'day' if abs(days) == 1 else 'days'} {word}"


def _redemptions(move: _Move) -> _Told:
    redeemed = move.counts.redeemed
    note = "no vendor can be told of them"
    yield (
        "redemptions",
        _LOST,
        f"{note}: {some(redeemed, 'redeemed code')} left at the source" if redeemed else note,
    )
    yield "redemption_count", _LOST, "a code that may be used again begins anew"


def _name(move: _Move) -> _Told:
    yield _same("list.name", move.origin.shown.name, move.destination.end.name)


def _label(move: _Move) -> _Told:
    new, shown = move.destination.new, move.destination.shown
    yield _same("list.label", move.origin.shown.label, new.label if new else shown.label if shown else None)


def _alerts(move: _Move) -> _Told:
    before = move.origin.shown.alerts
    after = move.destination.shown.alerts if move.destination.shown else None
    if before in {None, Alerts()}:
        yield "list.alerts", _KEPT, "the source mails none, or does not tell"
    elif after == before:
        yield "list.alerts", _KEPT, "the same at the target"
    else:
        name = move.destination.connection.name
        note = "a plan holds nobody's address"
        if move.destination.shown is not None:
            note = "the target's list has its own"
        yield (
            "list.alerts",
            _LOST,
            f"{note}: set them with `couponhub lists update {name}`, where the vendor has any",
        )


def _discount(move: _Move) -> _Told:
    new = move.destination.new
    if new is None:
        yield "discount", _NEAR, "what the target's list says of it holds"
    elif new.extra:
        yield "discount", _NEAR, f"made anew from {', '.join(sorted(new.extra))}"
    else:
        yield "discount", _LOST, "the target's list says nothing of it: whoever redeems must know"
    yield "properties", _LOST, "properties of single codes are known at the source alone"


def _same(field: str, before: str | None, after: str | None) -> tuple[str, FieldFate, str]:
    if before is None:
        return field, _KEPT, "the source has none"
    if after is None:
        return field, _LOST, "the target has none"
    return (field, _KEPT, "the same") if after == before else (field, _NEAR, "another at the target")


def _target_end(move: _Move) -> datetime | None:
    """The end of the target list; of one that is to be created, its last day as if it ended as the source does."""
    new, shown = move.destination.new, move.destination.shown
    if shown is not None:
        return shown.expires_at
    before, last = move.origin.shown.expires_at, last_day_of(move.origin.shown)
    if new is None:
        return None
    if before is None or last is None:
        return read_instant(f"{new.expires.isoformat()}T23:59:59Z")
    try:
        return before + (new.expires - last)
    except OverflowError:  # "for ever" is often spelled as the last second that there is
        return datetime.max.replace(tzinfo=UTC)


def _is_exact(move: _Move) -> bool:
    return move.destination.shown is not None


def _days_between(end: datetime, before: datetime, *, exact: bool) -> int:
    """Days from one end to another, towards the larger number; of a list that is not made yet whole days alone."""
    seconds = (end - before).total_seconds()
    if not exact:
        return round(seconds / _DAY)
    days = abs(seconds) / _DAY
    whole = int(days) + (days > int(days))
    return whole if seconds > 0 else -whole
