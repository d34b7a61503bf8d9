"""All that can be known of the codes that the source has given out, and how sure that is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import attrs

from couponhub.errors import UsageError
from couponhub.migration.ends import DestinationList, OriginList
from couponhub.migration.held_codes import FoundCodes, HeldCodes
from couponhub.migration.holders import CustomerSweep, HeldCode, reported_codes, reports_reach
from couponhub.migration.request import PlanRequest
from couponhub.migration.sets import file_digest
from couponhub.migration.words import codes, some
from couponhub.models import CouponList, Customer, HoldingStatus, MigrationEnd, PlanSource

_USED_UP = frozenset({"redeemed", "expired", "revoked"})
Follow = Callable[[HeldCode], tuple[HeldCode, bool]]
"""Leads a code to whom its customer was merged into; the flag says that nobody may be named."""


@attrs.frozen(kw_only=True)
class Knowledge:
    """The codes that were given out, as far as anybody knows.

    Attributes:
        found: The codes.
        sources: The files that this was read from.
        customers: Customers who were asked about; 0 where they come from a file.
        unknowable: Those of them of whom not all could be known.
        is_reported: Imported usage reports say which codes were given out.
        notes: What is to be known of it, for people.
    """

    found: FoundCodes
    sources: tuple[PlanSource, ...]
    customers: int
    unknowable: int
    is_reported: bool
    notes: tuple[str, ...]


def knowledge_of(
    request: PlanRequest, origin: OriginList, destination: DestinationList, folder: Path, *, now: datetime
) -> Knowledge:
    """Find out which codes of the source were given out: from a file, from its vendor, or from its usage reports.

    Raises:
        UsageError: A file is none of its kind, or has faulty rows, which are told by line.
        LocalError: One cannot be read.
        VendorError: The vendor does not answer at all.
    """
    folder.mkdir(mode=0o700)
    with HeldCodes(folder, origin.rules, now=now, is_over=origin.is_over) as held:
        return _knowledge(request, origin, destination, held)


def _knowledge(
    request: PlanRequest, origin: OriginList, destination: DestinationList, held: HeldCodes
) -> Knowledge:
    reader = _Reader(request=request, origin=origin, destination=destination, held=held)
    sources, sweep = reader.read()
    name, list_id = origin.connection.name, origin.shown.id
    notes = list(reader.notes)
    reported = reported_codes(origin.connection, list_id)
    if reported is not None:
        before = held.rows
        held.add_reported(reported)
        notes.append(_reach(held.rows - before, reports_reach(origin.connection, list_id)))
    elif request.customers is None:
        notes.append(
            f"nobody knows which codes {name} has handed out: all that are known count as free; --customers FILE tells"
        )
    elif sweep is None:
        notes.append(
            f"{request.customers} alone says which codes {name} has handed out: were it others, nobody here could tell"
        )
    notes += _odd(reader)
    return Knowledge(
        found=held.finish(),
        sources=sources,
        customers=sweep.asked if sweep else 0,
        unknowable=sweep.unknowable if sweep else 0,
        is_reported=reported is not None,
        notes=tuple(notes),
    )


def unknown_of(shown: CouponList, known: Knowledge, given_out: int) -> int:
    """Return how many codes the source's vendor counts as handed out without that anybody knows which.

    Args:
        shown: The list at the source.
        known: What is known of its codes.
        given_out: How many of them are known as given out.
    """
    handed_out = handed_out_of(shown)
    if handed_out is None:
        return 0
    # Where reports say which were given out, either side may be wrong.
    return abs(handed_out - given_out) if known.is_reported else max(0, handed_out - given_out)


def handed_out_of(shown: CouponList | MigrationEnd) -> int | None:
    """Return how many codes of a list its vendor counts as handed out; None where it does not count them."""
    if shown.total is None or shown.available is None:
        return None
    return max(0, shown.total - shown.available)


@attrs.define(kw_only=True)
class _Reader:
    request: PlanRequest
    origin: OriginList
    destination: DestinationList
    held: HeldCodes
    notes: list[str] = attrs.field(factory=list)
    released: int = 0
    doubtful: int = 0

    def read(self) -> tuple[tuple[PlanSource, ...], CustomerSweep | None]:
        from couponhub.holdings import is_export, read_holdings, read_merges  # noqa: PLC0415 - brings readers of tables in

        sources: list[PlanSource] = []
        follow: Follow = _as_it_is
        connection = self.origin.connection
        if self.request.merges is not None:
            with _told_of(self.request.merges):
                merges = read_merges(self.request.merges, form=connection.merge_form)
            sources.append(_source("merges", self.request.merges, merges.count))
            follow = _following(merges.follow)
        path = self.request.customers
        if path is None:
            return tuple(sources), None
        with _told_of(path):
            has_codes = is_export(path)
        if has_codes:
            rows = 0
            with _told_of(path):
                held = read_holdings(path, list_id=self.origin.shown.id, forms=connection.table_forms)
            for one in held:
                rows += 1
                self._add(
                    HeldCode(
                        code=one.code,
                        customer=one.customer,
                        status=one.status.value,
                        issued_at=one.issued_at,
                        expires_at=one.expires_at,
                    ),
                    follow,
                    is_doubtful=one.status is HoldingStatus.UNKNOWN,
                )
            return (*sources, _source("customers", path, rows)), None
        with _told_of(path):
            count = sum(
                1 for _ in self._customers(path)
            )  # so that faulty rows are told before anybody is asked
        sweep = CustomerSweep(connection, self.origin.shown.id, self._customers(path), self.destination.fit)
        for held_code in sweep:
            self._add(held_code, follow)
        if sweep.unknowable:
            self.notes.append(
                f"of {sweep.unknowable:,} of {some(sweep.asked, 'customer')} it could not be known what they hold:"
                " their codes may count as free"
            )
        return (*sources, _source("customers", path, count)), sweep

    def _customers(self, path: str) -> Iterator[Customer]:
        from couponhub.holdings import read_customers  # noqa: PLC0415 - as above

        return read_customers(path)

    def _add(self, held: HeldCode, follow: Follow, *, is_doubtful: bool = False) -> None:
        followed, is_released = follow(held)
        is_usable = held.status not in _USED_UP
        self.released += is_released and is_usable
        is_doubtful = is_doubtful and is_usable and held.customer is not None
        self.doubtful += is_doubtful
        self.held.add(followed, is_nobodys=is_released or is_doubtful)


@contextmanager
def _told_of(path: str) -> Iterator[None]:
    """Name the file in whatever is wrong with it."""
    try:
        yield
    except UsageError as error:
        raise error.reworded(message=f"{path}: {error.message}") from error.__cause__


def _as_it_is(held: HeldCode) -> tuple[HeldCode, bool]:
    return held, False


def _following(lead: Callable[[Customer, datetime | None], object]) -> Follow:
    def follow(held: HeldCode) -> tuple[HeldCode, bool]:
        if held.customer is None:
            return held, False
        found = lead(held.customer, held.issued_at)
        if isinstance(found, Customer):
            return attrs.evolve(held, customer=found), False
        return held, True

    return follow


def _source(role: str, name: str, rows: int) -> PlanSource:
    return PlanSource(role=role, name=name, rows=rows, sha256=file_digest(Path(name)))


def _reach(rows: int, until: datetime | None) -> str:
    told = f"imported usage reports name {codes(rows)} as handed out"
    if until is None:
        return f"{told}; they do not cover the list from its beginning, so that there may be more"
    return f"{told}, all until {until:%Y-%m-%d %H:%M} UTC; what was handed out since is not known"


def _odd(reader: _Reader) -> Iterator[str]:
    held = reader.held
    if held.contested:
        yield f"{codes(held.contested)} with two customers who are said to hold them: bound to neither"
    if reader.released:
        yield (
            f"{codes(reader.released)} bound to nobody: the identifiers of their customers were released when those were"
            " merged, and may be other people's now"
        )
    if reader.doubtful:
        yield (
            f"{codes(reader.doubtful)} bound to nobody: what happened to them is told in words that nobody here knows, and"
            " they may be used up"
        )
    if held.unwritable:
        yield f"{codes(held.unwritable)} with characters that no file of codes can hold: left out of everything"
    if held.revoked:
        yield f"{codes(held.revoked)} revoked, which count as expired: nobody can use them"
