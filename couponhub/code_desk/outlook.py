"""The way that codes would take to one connection, within its limits; nobody is asked."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from couponhub.codes import PreparedCodes, prepare
from couponhub.codes.examining import NamedSource, counts_of, prepared_in_turn, reasons_of
from couponhub.codes.report import Outlook
from couponhub.jobs import DAY, MINUTE, after_windows
from couponhub.models import CouponList, ListStatus, Tagging
from couponhub.state import CodeSet

if TYPE_CHECKING:
    from couponhub.connection import Connection


def outlook_of(
    connection: "Connection",
    sources: tuple[NamedSource, ...],
    workspace: Path,
    *,
    now: datetime,
    column: str | int | None = None,
) -> Outlook:
    """Tell into how many files of a vendor some codes go, how many days of its quota they take, and whether they fit.

    Args:
        connection: Where they would go.
        sources: The codes, each file an upload of its own.
        workspace: An existing private folder.
        now: The moment at which it would begin.
        column: As of `prepare`.

    Raises:
        Unsupported: The vendor takes no codes.
        UsageError, LocalError: As of `prepare`, for what cannot be read.
    """
    prepared = prepared_in_turn(sources, connection.uploads.file_rules, workspace, column=column)
    return _outlook(connection, prepared, now)


def outlook_for_list(
    connection: "Connection",
    coupon_list: CouponList,
    takes_codes: bool,
    one: NamedSource,
    workspace: Path,
    *,
    sent: Iterable[CodeSet],
    now: datetime,
    column: str | int | None = None,
    tagging: Tagging | None = None,
    accepts_ruined: bool = False,
) -> Outlook:
    """Tell the same of an upload to one list, less what was sent to it before.

    Args:
        connection: Where it would go.
        coupon_list: As the vendor shows it now.
        takes_codes: It stands so that codes go into it.
        one: The codes.
        workspace: As of `outlook_of`.
        sent: What was sent to the list before.
        now: As of `outlook_of`.
        column: As of `prepare`, as the others.
        tagging: The same.
        accepts_ruined: The same.

    Raises:
        Unsupported, UsageError, LocalError: As of `outlook_of`.
    """
    prepared = prepare(
        one.source,
        connection.uploads.file_rules,
        workspace,
        column=column,
        tagging=tagging,
        accepts_ruined=accepts_ruined,
        sent=sent,
        rejects=workspace / "rejects",
        refuses=False,
    )
    outlook = _outlook(connection, (prepared,), now)
    most = connection.capabilities.limits.get("list_codes", 0)
    fits = not most or coupon_list.total is None or coupon_list.total + outlook.codes <= most
    return attrs.evolve(
        outlook,
        duplicates=prepared.duplicates,
        skipped=prepared.skipped,
        list_id=coupon_list.id,
        list_status=coupon_list.status.value,
        fits=fits and takes_codes and coupon_list.status not in {ListStatus.EXPIRED, ListStatus.ARCHIVED},
    )


def _outlook(connection: "Connection", prepared: Sequence[PreparedCodes], now: datetime) -> Outlook:
    counts = counts_of(prepared)
    parts = [part for one in prepared for part in one.parts]
    limits = connection.capabilities.limits
    most = limits.get("list_codes", 0)
    left = connection.quota_left()
    days = _windows(len(parts), "per_day", limits, left)
    return Outlook(
        connection=connection.name,
        codes=counts["distinct"],
        rejected=counts["rejected"] + counts["empty"],
        duplicates=counts["duplicates"],
        parts=len(parts),
        bytes=sum(part.size for part in parts),
        days=days + 1,
        fits=not most or counts["distinct"] <= most,
        ends_at=ends_after(len(parts), limits, left, now=now),
        reasons=reasons_of(prepared),
    )


def ends_after(
    calls: int, limits: Mapping[str, int], left: Mapping[str, int], *, now: datetime, kind: str = "upload"
) -> datetime:
    """Return the earliest moment at which the last of some calls can have been made, within a vendor's limits.

    Args:
        calls: How many; vendor files, unless another kind is named.
        limits: The connection's, by flat name.
        left: What is left of them now.
        now: When the first one is made.
        kind: The operation that is counted, where the vendor counts it apart from all calls.
    """
    return max(
        after_windows(now, _windows(calls, "per_day", limits, left, kind), DAY),
        after_windows(now, _windows(calls, "per_minute", limits, left, kind), MINUTE),
    )


def _windows(
    parts: int, window: str, limits: Mapping[str, int], left: Mapping[str, int], kind: str = "upload"
) -> int:
    """Return how many windows have to pass before the last part can be handed over."""
    # An adapter counts uploads apart, or among all of its calls.
    name = next((f"{one}_{window}" for one in (kind, "calls") if limits.get(f"{one}_{window}")), None)
    if name is None:
        return 0
    now = min(left.get(name, limits[name]), limits[name])
    return max(0, -(-(parts - now) // limits[name]))
