"""The wishes that a plan is made of."""

import os
from collections.abc import Iterable, Mapping

import attrs

from couponhub.errors import UsageError
from couponhub.models import IssuedAs, MigrationPlan
from couponhub.models.base import NOTHING
from couponhub.models.given import given_flag, given_id, given_pairs, given_word

Path = str | os.PathLike[str]


@attrs.frozen(kw_only=True)
class PlanRequest:
    """A wish to move the codes of a list.

    Attributes:
        source: The connection that codes come from.
        list_id: The vendor's id of its list.
        target: The connection that they go to.
        to_list: The vendor's id of the list there; None for one that is to be created.
        codes: Files by path, and `list:CONN/ID`.
        customers: A file of identifiers, or an export of who holds which code; None for neither.
        merges: A log of merged customers; None for none.
        issued_as: None for `tagged` where the target can, else `skip`.
        changes: Of a list that is created: `name`, `expires`, `label`, `created_by`, and the vendor's own fields.
        reason: Why crossed limits are accepted; None to refuse them.
    """

    source: str
    list_id: str
    target: str
    to_list: str | None
    codes: tuple[str, ...]
    customers: str | None = None
    merges: str | None = None
    issued_as: IssuedAs | None = None
    changes: Mapping[str, str] = NOTHING
    reason: str | None = None

    @classmethod
    def given(
        cls,
        source: str,
        list_id: str,
        target: str,
        codes: Path | Iterable[Path],
        *,
        to_list: str | None,
        create: bool,
        customers: Path | None,
        merges: Path | None,
        issued_as: IssuedAs | str | None,
        changes: Mapping[str, str] | None,
        reason: str | None,
    ) -> "PlanRequest":
        """Take what callers give.

        Raises:
            UsageError: Something is nothing of what it may be.
        """
        if given_flag(create, "create") == (to_list is not None):
            raise UsageError(
                "a migration goes to one list",
                hint="name it with --to-list ID, or have it made with --create",
            )
        return cls(
            source=given_id(source, "the source's connection"),
            list_id=given_id(list_id, "the source's list"),
            target=given_id(target, "the target's connection"),
            to_list=None if to_list is None else given_id(to_list, "the target's list"),
            codes=_paths(codes),
            customers=None if customers is None else _path(customers, "the file of customers"),
            merges=None if merges is None else _path(merges, "the log of merged customers"),
            issued_as=None if issued_as is None else given_word(IssuedAs, issued_as, "issued_as"),
            changes=NOTHING if changes is None else given_pairs(changes, "what is set of the new list"),
            reason=None if reason is None else given_id(reason, "the reason"),
        )

    @classmethod
    def of(cls, plan: MigrationPlan) -> "PlanRequest":
        """Return the wishes that a plan was made of, so that the world can be looked at again."""
        named = {role: tuple(one.name for one in plan.sources if one.role == role) for role in _ROLES}
        new = plan.create
        changes: dict[str, str] = {}
        if new is not None:
            known = {"label": new.label, "created_by": new.created_by}
            changes = {"name": new.name, "expires": new.expires.isoformat(), **new.extra}
            changes |= {key: value for key, value in known.items() if value is not None}
        return cls(
            source=plan.source.connection,
            list_id=plan.source.list_id or "",
            target=plan.target.connection,
            to_list=plan.target.list_id,
            codes=named["codes"],
            customers=next(iter(named["customers"]), None),
            merges=next(iter(named["merges"]), None),
            issued_as=plan.issued_as,
            changes=changes,
            reason=plan.reason,
        )


_ROLES = ("codes", "customers", "merges")


def _paths(given: object) -> tuple[str, ...]:
    if isinstance(given, (str, os.PathLike)):
        return (_path(given, "the source of codes"),)
    if isinstance(given, (bytes, Mapping)) or not isinstance(given, Iterable):
        raise UsageError("sources of codes are paths, or list:CONN/ID")
    paths = tuple(_path(one, "each source of codes") for one in given)
    if not paths:
        raise UsageError("no source of codes was named", hint="--codes FILE, or --codes list:CONN/ID")
    return paths


def _path(given: object, what: str) -> str:
    if not isinstance(given, (str, os.PathLike)):
        raise UsageError(f"{what} must be a path: it is read again when the plan is applied")
    name = os.fsdecode(given)
    if not name or name == "-":
        raise UsageError(
            f"{what} must be a file: it is read again when the plan is applied",
            hint="write it to a file first",
        )
    return name
