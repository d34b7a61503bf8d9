"""The columns of a table of holdings, told by its header: our own, a vendor's, or anybody's with plain names."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from itertools import chain

import attrs

from couponhub.codes.words import CODE_WORDS, plain
from couponhub.errors import LocalError, UsageError
from couponhub.models import (
    CouponStatus,
    ExportForm,
    HoldingColumn,
    HoldingStatus,
    Identifier,
    ReportColumn,
    ReportForm,
)
from couponhub.models.base import NOTHING
from couponhub.usage.headers import read_header

TableForm = ExportForm | ReportForm
"""The form of a vendor's table: an export, or a usage report."""

OWN_EVENTS: Mapping[str, HoldingStatus] = {
    **{status.value: status for status in HoldingStatus},
    CouponStatus.ACTIVE.value: HoldingStatus.ISSUED,
}
"""The words of a column `status`: ours, and those of a coupon."""

IDENTIFIERS = {plain(kind): kind for kind in Identifier}
"""The headers that name customers in a table of nobody's in particular, as words are compared."""

_OWN = {
    HoldingColumn.LIST: ("list_id", "list"),
    HoldingColumn.EVENT: ("status",),
    HoldingColumn.ISSUED_AT: ("issued_at",),
    HoldingColumn.EXPIRES_AT: ("expires_at",),
}
_OF_REPORTS = {
    HoldingColumn.CODE: ReportColumn.CODE,
    HoldingColumn.CUSTOMER: ReportColumn.USER,
    HoldingColumn.ISSUED_AT: ReportColumn.SENT_AT,
}
_NONE = -1
"""The place of a column that a table is said not to have."""
_SAY = 'say which column is which: columns={"code": NAME, "customer": NAME, "event": NAME ...}'


@attrs.frozen(kw_only=True)
class TableLayout:
    """The columns of one table.

    Attributes:
        places: By kind, from 0.
        identifier: Which identifier of a customer the column CUSTOMER holds.
        events: Words of the column EVENT; () where there is none, and each row is of an issue.
        is_log: Several rows may be about one code.
        zone: Of times that name none.
        time_formats: Of times, before ISO 8601.
    """

    places: Mapping[HoldingColumn, int]
    identifier: Identifier
    events: Mapping[str, HoldingStatus] = NOTHING
    is_log: bool = False
    zone: tzinfo | None = None
    time_formats: tuple[str, ...] = ()


def layout_of(
    header: Sequence[str],
    *,
    forms: Sequence[TableForm],
    columns: Mapping[HoldingColumn, str],
    identifier: Identifier | None,
) -> TableLayout:
    """Tell the columns of a table.

    Columns that somebody names come first. Then the header is looked for among ours, the vendors', and plain names.

    Raises:
        UsageError: It is none of these, or leaves open which column holds the codes or the customers; the text names
            no header, which may be a code.
    """
    words = [plain(cell) for cell in header]
    named = {kind: _named(words, kind, name) for kind, name in columns.items()}
    if not named and _is_ours(words):
        return _plain_layout(words, {}, identifier)
    reports = [form for form in forms if isinstance(form, ReportForm) and not named]
    found = next(
        filter(
            None,
            chain(
                (_of_export(words, form, named) for form in forms if isinstance(form, ExportForm)),
                (_of_report(header, attrs.evolve(form, vague={})) for form in reports),
            ),
        ),
        None,
    )
    if found is None:
        try:
            return _plain_layout(words, named, identifier)
        except UsageError:
            # Headers that may mean something else are believed last: an `id` is the vendor's that the table says.
            found = next(filter(None, (_of_report(header, form) for form in reports)), None)
            if found is None:
                raise
    return found if identifier is None else attrs.evolve(found, identifier=identifier)


def names_of(forms: Sequence[TableForm], columns: Mapping[HoldingColumn, str]) -> set[str]:
    """Return every header that a table may have."""
    known = {
        *IDENTIFIERS,
        *CODE_WORDS,
        *columns.values(),
        *(name for names in _OWN.values() for name in names),
    }
    for form in forms:
        known |= {name for names in form.columns.values() for name in names}
    return known


def _is_ours(words: Sequence[str]) -> bool:
    needed = {plain(name) for name in ("code", "list_id", "status", "issued_at", "expires_at")}
    return needed <= set(words) and len(IDENTIFIERS.keys() & set(words)) == 1


def _named(words: Sequence[str], kind: HoldingColumn, name: str) -> int:
    if not name and kind not in {HoldingColumn.CODE, HoldingColumn.CUSTOMER}:
        return _NONE
    found = [at for at, word in enumerate(words) if word == plain(name)]
    if len(found) != 1:
        raise UsageError(
            f"{'several columns have' if found else 'no column has'} the name that the {kind} column was said to have",
            hint=_SAY,
        )
    return found[0]


def _of_export(
    words: Sequence[str], form: ExportForm, named: Mapping[HoldingColumn, int]
) -> TableLayout | None:
    found: dict[HoldingColumn, int] = {}
    for kind, names in form.columns.items():
        at = next((words.index(plain(name)) for name in names if plain(name) in words), None)
        if at is not None and kind not in named and at not in named.values():
            found[kind] = at
    places = _present({**found, **named})
    # A table of which it is said what each column holds shows nothing of the vendor's by that.
    if not found or not {HoldingColumn.CODE, HoldingColumn.CUSTOMER} <= places.keys():
        return None
    has_events = HoldingColumn.EVENT in places
    return TableLayout(
        places=places,
        identifier=IDENTIFIERS.get(words[places[HoldingColumn.CUSTOMER]], form.identifier),
        events={**OWN_EVENTS, **form.events} if has_events else NOTHING,
        is_log=has_events,
        zone=form.zone,
        time_formats=form.time_formats,
    )


def _present(places: Mapping[HoldingColumn, int]) -> dict[HoldingColumn, int]:
    return {kind: at for kind, at in places.items() if at != _NONE}


def _of_report(header: Sequence[str], form: ReportForm) -> TableLayout | None:
    def fault(what: str, hint: str = "") -> LocalError:
        return LocalError(what, hint=hint)

    try:
        found = read_header(header, form, fault).places
    except LocalError:
        return None
    return TableLayout(
        places={kind: found[column] for kind, column in _OF_REPORTS.items() if column in found},
        identifier=form.identifier,
        zone=form.zone,
        time_formats=(form.time_format,) if form.time_format else (),
    )


def _plain_layout(
    words: Sequence[str], named: Mapping[HoldingColumn, int], identifier: Identifier | None
) -> TableLayout:
    places = dict(named)
    if HoldingColumn.CODE not in places:
        places[HoldingColumn.CODE] = _only(words, CODE_WORDS, "codes")
    kinds = {at: IDENTIFIERS[word] for at, word in enumerate(words) if word in IDENTIFIERS}
    if HoldingColumn.CUSTOMER not in places:
        meant = [at for at, kind in kinds.items() if identifier in {None, kind}]
        if len(meant) != 1:
            what = "several columns name" if meant else "no column names"
            raise UsageError(f"{what} customers: one of mobile, email, external_id, id is needed", hint=_SAY)
        places[HoldingColumn.CUSTOMER] = meant[0]
    kind = identifier or kinds.get(places[HoldingColumn.CUSTOMER])
    if kind is None:
        raise UsageError(
            "the column of the customers does not say which identifier it holds",
            hint="say it: identifier=mobile, email, external_id or id",
        )
    for column, names in _OWN.items():
        at = next((words.index(plain(name)) for name in names if plain(name) in words), None)
        if at is not None:
            places.setdefault(column, at)
    places = _present(places)
    events = OWN_EVENTS if HoldingColumn.EVENT in places else NOTHING
    return TableLayout(places=places, identifier=kind, events=events, is_log=HoldingColumn.EVENT in named)


def _only(words: Sequence[str], known: frozenset[str], what: str) -> int:
    found = [at for at, word in enumerate(words) if word in known]
    exact = [at for at in found if words[at] == "code"]
    found = exact if len(exact) == 1 else found
    if len(found) != 1:
        raise UsageError(
            f"{'several columns could hold' if found else 'no column is named as'} {what}", hint=_SAY
        )
    return found[0]
