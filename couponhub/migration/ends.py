"""The two ends of a migration: the list that codes come from, and the one that they go to, looked at before anything is read."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from couponhub.errors import Conflict, Unsupported, UsageError
from couponhub.migration.request import PlanRequest
from couponhub.models import (
    CodeFileRules,
    CouponList,
    Customer,
    Identifier,
    IssuedAs,
    ListId,
    ListStatus,
    MigrationEnd,
    NewCouponList,
    Tagging,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from couponhub.connection import Connection

_OF_LISTS = ("name", "expires", "label", "created_by")
"""The keys of `--set` for what a list has at every vendor; the rest are the vendor's own fields."""
_PREFERENCE = (Identifier.EXTERNAL_ID, Identifier.MOBILE, Identifier.EMAIL, Identifier.ID)
_HALF_A_DAY = timedelta(hours=12)


@attrs.frozen(kw_only=True)
class OriginList:
    """The list that codes come from.

    Attributes:
        rules: How its vendor compares codes.
    """

    connection: "Connection"
    shown: CouponList
    rules: CodeFileRules

    @property
    def is_over(self) -> bool:
        """True when the list has ended, and all codes of it with it."""
        return self.shown.status in {ListStatus.EXPIRED, ListStatus.ARCHIVED}

    @property
    def end(self) -> MigrationEnd:
        """The list as a plan has it."""
        return _end(self.connection, self.shown)


@attrs.frozen(kw_only=True)
class DestinationList:
    """The list that codes go to.

    Attributes:
        shown: None for one that is to be created.
        new: The list to be created; None for one that is there.
        tags: The identifiers by which codes of the source can be bound to customers there.
        issued_as: What becomes of codes that customers hold.
    """

    connection: "Connection"
    shown: CouponList | None
    new: NewCouponList | None
    rules: CodeFileRules
    tags: frozenset[Identifier]
    issued_as: IssuedAs

    @property
    def list_id(self) -> ListId | None:
        """The vendor's id; None for a list that is to be created."""
        return None if self.shown is None else self.shown.id

    @property
    def end(self) -> MigrationEnd:
        """The list as a plan has it."""
        if self.shown is not None:
            return _end(self.connection, self.shown)
        return MigrationEnd(
            connection=self.connection.name,
            vendor=self.connection.vendor,
            list_id=None,
            name=None if self.new is None else self.new.name,
        )

    def fit(self, customers: "Iterable[Customer]") -> Customer:
        """Choose among the names of one person, the first as it was given, the one that the target may know."""
        given, *others = customers
        usable = [one for one in others if one.identifier in self.tags]
        if given.identifier in self.tags or not usable:
            return given
        return min(usable, key=lambda one: _PREFERENCE.index(one.identifier))


def origin_of(connection: "Connection", list_id: str) -> OriginList:
    """Read the list that codes come from.

    Raises:
        NotFound: The vendor has no such list.
        VendorError: It does not tell.
    """
    coupons = connection.coupons
    rules = CodeFileRules(
        code_header="code", ignores_case=coupons.ignores_case, ignores_blanks=coupons.ignores_blanks
    )
    return OriginList(connection=connection, shown=connection.lists.get(list_id), rules=rules)


def destination_of(
    connection: "Connection",
    origin: OriginList,
    request: PlanRequest,
    *,
    is_same_account: bool,
    now: datetime,
) -> DestinationList:
    """Look at the list that codes go to, or at what is wanted of a new one, and refuse what could only fail.

    Raises:
        Unsupported: The vendor takes no codes, creates no lists, or binds no codes to customers.
        UsageError: Fields of a new list are missing or wrong, its end lies in the past, or it is the list that codes come from.
        NotFound: The vendor has no such list.
        Conflict: The list has expired, is archived, or takes no codes now.
        ConfigError: The vendor could not fetch the files that are staged here.
    """
    rules = connection.uploads.file_rules
    connection.uploads.check_route()
    offered = connection.customers.tag_identifiers
    # A vendor's own customer number means nothing anywhere else.
    tags = offered if is_same_account else offered - {Identifier.ID}
    issued_as = request.issued_as or (IssuedAs.TAGGED if tags else IssuedAs.SKIP)
    if issued_as is IssuedAs.TAGGED and not tags:
        raise Unsupported(
            f"{connection.vendor} binds no codes to customers, so that those that customers hold cannot move with them",
            hint="--issued-as skip leaves them at the source; --issued-as free lets anybody have them",
            connection=connection.name,
        )
    shown = new = None
    if request.to_list is None:
        new = _new_list(origin.shown, request.changes)
        _refuse_past(new.expires, now)
        connection.lists.check_new(new)
    else:
        if is_same_account and request.to_list == origin.shown.id:
            raise UsageError(f"list {request.to_list} is both the source and the target")
        if request.changes:
            raise UsageError("--set is for a list that is created", hint="see `couponhub lists update`")
        shown = connection.lists.get(request.to_list)
        _refuse_ended(connection, shown, now)
        kinds = sorted(tags) if issued_as is IssuedAs.TAGGED else []
        connection.lists.check_takes_codes(shown.id, Tagging(identifier=kinds[0]) if kinds else None)
    return DestinationList(
        connection=connection, shown=shown, new=new, rules=rules, tags=tags, issued_as=issued_as
    )


def last_day_of(shown: CouponList) -> date | None:
    """The last day of a list, wherever its vendor's days end; None where it does not tell."""
    # Days end between 12 hours before and 12 hours after they do in UTC, but for a few islands.
    return None if shown.expires_at is None else (shown.expires_at - _HALF_A_DAY).date()


def _new_list(origin: CouponList, changes: Mapping[str, str]) -> NewCouponList:
    ends = last_day_of(origin)
    missing = []
    name = changes.get("name", origin.name or "").strip()
    if not name:
        missing.append("name")
    expires = _read_day(changes["expires"]) if "expires" in changes else ends
    if expires is None:
        missing.append("expires")
    if missing or expires is None:
        raise UsageError(
            f"the list cannot be created like that: the source does not tell {' and '.join(missing)}",
            hint="; ".join(f"--set {one}=..." for one in missing),
        )
    return NewCouponList(
        name=name,
        expires=expires,
        label=changes.get("label", origin.label),
        created_by=changes.get("created_by"),
        extra={key: value for key, value in changes.items() if key not in _OF_LISTS},
    )


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "expires is no day of the form YYYY-MM-DD", hint="--set expires=2037-01-31"
        ) from None


def _refuse_past(expires: date, now: datetime) -> None:
    # Somewhere it is still yesterday.
    if expires < (now - _HALF_A_DAY).astimezone(UTC).date():
        raise UsageError(
            f"the list would end on {expires}, which is past",
            hint="give another day: --set expires=YYYY-MM-DD",
        )


def _refuse_ended(connection: "Connection", shown: CouponList, now: datetime) -> None:
    is_past = shown.expires_at is not None and shown.expires_at < now
    if is_past or shown.status in {ListStatus.EXPIRED, ListStatus.ARCHIVED}:
        word = "archived" if shown.status is ListStatus.ARCHIVED else "expired"
        raise Conflict(
            f"list {shown.id} is {word}, and its codes with it",
            hint="activate or extend it, or choose another",
            connection=connection.name,
        )


def _end(connection: "Connection", shown: CouponList) -> MigrationEnd:
    return MigrationEnd(
        connection=connection.name,
        vendor=connection.vendor,
        list_id=shown.id,
        name=shown.name,
        status=shown.status.value,
        expires_at=shown.expires_at,
        total=shown.total,
        available=shown.available,
    )
