"""A vendor's log of merged customers: whose a code is by now that was issued to somebody who is no more."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import attrs

from couponhub.codes.words import plain
from couponhub.errors import UsageError
from couponhub.holdings.tables import Table, TableSource, table_of
from couponhub.holdings.times import read_time
from couponhub.intake.workbook import NotText
from couponhub.models import Customer, Identifier, MergeColumn, MergeForm
from couponhub.models.addresses import same_address
from couponhub.models.base import NOTHING, Documented
from couponhub.models.given import given_instant, given_one, given_pairs, given_word

_PLAIN_NAMES = MergeForm(
    title="a log of merged customers", columns={column: (column,) for column in MergeColumn}
)
_VICTIM = {
    Identifier.ID: MergeColumn.VICTIM_ID,
    Identifier.EXTERNAL_ID: MergeColumn.VICTIM_EXTERNAL_ID,
    Identifier.MOBILE: MergeColumn.VICTIM_MOBILE,
    Identifier.EMAIL: MergeColumn.VICTIM_EMAIL,
}
_SURVIVOR = {
    Identifier.EXTERNAL_ID: MergeColumn.SURVIVOR_EXTERNAL_ID,
    Identifier.ID: MergeColumn.SURVIVOR_ID,
    Identifier.MOBILE: MergeColumn.SURVIVOR_MOBILE,
    Identifier.EMAIL: MergeColumn.SURVIVOR_EMAIL,
}
_LASTING = (Identifier.EXTERNAL_ID, Identifier.ID)
"""Those that no other person is ever given."""
_DAY = timedelta(days=1)
_NO = frozenset({"", "false", "no", "n", "0"})


@attrs.frozen(kw_only=True)
class Released(Documented):
    """The end of the way of a code whose customer's identifier may be somebody else's by now: nobody may be named.

    Attributes:
        reason: Why, for people.
    """

    reason: str


@attrs.frozen(kw_only=True)
class _Merge:
    """One merge: `earliest` and `latest` are when it may have been; None where the log does not say."""

    survivor: Mapping[Identifier, str] = attrs.field(repr=False)
    earliest: datetime | None
    latest: datetime | None
    is_released: bool


@attrs.frozen
class Merges:
    """The merges of one log; `read_merges` gives them.

    Attributes:
        count: How many there are.
    """

    count: int
    _of: Mapping[tuple[Identifier, str], tuple[_Merge, ...]] = attrs.field(repr=False, factory=dict)

    def follow(self, customer: Customer, issued_at: datetime | None) -> Customer | Released:
        """Tell whose a code is that was issued to a customer: theirs, or that of whom they were merged into.

        An identifier that was released may be another person's since. A code that was issued to it before leads to the
        survivor, by a lasting identifier (external id, id); one that was issued after is of the person who has it now.
        Where the log does not tell the two apart, or names the survivor by nothing that lasts, nobody is named.

        Args:
            customer: Whom it was issued to.
            issued_at: When, aware; None where nobody knows.

        Raises:
            UsageError: The identifier cannot be one of its kind, or `issued_at` is no instant.
        """
        given_one(Customer, customer, "customer")
        issued_at = None if issued_at is None else given_instant(issued_at, "issued_at")
        followed: set[tuple[Identifier, str]] = set()
        while (key := _key(customer.identifier, customer.plain)) not in followed:
            followed.add(key)
            merge = self._first(key, issued_at)
            if merge is None or isinstance(merge, Released):
                return customer if merge is None else merge
            survivor = _named(merge, customer.identifier)
            if survivor is None:
                what = "by nothing that lasts" if merge.is_released else "by nothing"
                return Released(reason=f"the customer was merged, and the log names the survivor {what}")
            customer, issued_at = survivor, merge.latest
        return Released(reason="the log merges customers in a circle")

    def _first(self, key: tuple[Identifier, str], issued_at: datetime | None) -> _Merge | Released | None:
        """The merge that a code went through which was issued then; None for none of them."""
        for merge in self._of.get(key, ()):
            if not merge.is_released or key[0] is Identifier.ID:  # the vendor's own number is never another's
                return merge
            if issued_at is None or merge.earliest is None or merge.latest is None:
                return Released(
                    reason="the customer's identifier was released, and it is not known whether before or after the issue"
                )
            if issued_at < merge.earliest:
                return merge
            if issued_at <= merge.latest:
                return Released(
                    reason="the customer's identifier was released on the day or in the moment of the issue"
                )
        return None


def read_merges(
    source: TableSource, *, columns: Mapping[str, str] = NOTHING, form: MergeForm | None = None
) -> Merges:
    """Read a log of merged customers; it is held in memory.

    Args:
        source: A path, or an open file, which stays so.
        columns: Names of columns by kind, for logs that call them otherwise: `victim_id`, `survivor_id`, `merged_at`,
            `released` and so on (`MergeColumn`).
        form: Of the vendor's log: `Connection.merge_form`; plain names of the kinds by default.

    Raises:
        LocalError: It cannot be read.
        UsageError: It is no such log, or rows of it are faulty: ten of them are told by line.
    """
    form = _PLAIN_NAMES if form is None else given_one(MergeForm, form, "form")
    named = {
        given_word(MergeColumn, kind, "the kind of column"): name
        for kind, name in given_pairs(columns, "columns").items()
    }
    known = {*named.values(), *(name for names in form.columns.values() for name in names)}
    found: dict[tuple[Identifier, str], list[_Merge]] = {}
    count = 0
    with table_of(source, known=known) as table:
        places = _places(table, form, named)
        for line, row in table.rows:
            try:
                victims, merge = _read(row, places, form)
            except UsageError as error:
                table.faults.add(line, error.message)
                continue
            count += 1
            for key in victims:
                found.setdefault(key, []).append(merge)
        table.faults.refuse()
    return Merges(count, {key: tuple(sorted(merges, key=_age)) for key, merges in found.items()})


def _places(table: Table, form: MergeForm, named: Mapping[MergeColumn, str]) -> dict[MergeColumn, int]:
    words = table.words
    places = {}
    for kind, name in named.items():
        if words.count(plain(name)) != 1:
            raise UsageError(f"the log has no single column of the name that was said to be its {kind}")
        places[kind] = words.index(plain(name))
    for kind, names in form.columns.items():
        at = next((words.index(plain(name)) for name in (*names, kind) if plain(name) in words), None)
        if at is not None and at not in places.values():
            places.setdefault(kind, at)
    for needed, who in ((_VICTIM, "victim"), (_SURVIVOR, "survivor")):
        if not places.keys() & set(needed.values()):
            raise UsageError(
                f"the log has no column that names the {who} of a merge",
                hint=f'say which it is: columns={{"{who}_id": NAME ...}}',
            )
    return places


def _read(
    row: list[str], places: Mapping[MergeColumn, int], form: MergeForm
) -> tuple[list[tuple[Identifier, str]], _Merge]:
    def cell(column: MergeColumn) -> str:
        text = row[places[column]] if column in places else ""
        if isinstance(text, NotText):
            raise UsageError(f"the {column} is {text}, where text is needed")
        return text.strip()

    victims = [
        _key(kind, Customer(**{kind: text}).plain)
        for kind, column in _VICTIM.items()
        if (text := cell(column))
    ]
    survivor = {
        kind: Customer(**{kind: text}).plain for kind, column in _SURVIVOR.items() if (text := cell(column))
    }
    if not victims:
        raise UsageError("it names no victim")
    earliest = latest = None
    if told := cell(MergeColumn.MERGED_AT):
        try:
            earliest = read_time(told, form.time_formats, form.zone)
            latest = read_time(told, form.time_formats, form.zone, is_end=True)
        except ValueError:
            raise UsageError(f"the {MergeColumn.MERGED_AT} is no time of a form that is known") from None
    # Anything but a plain no counts: a code must never lead to whoever has a released identifier now.
    is_released = cell(MergeColumn.RELEASED).casefold() not in _NO
    return victims, _Merge(survivor=survivor, earliest=earliest, latest=latest, is_released=is_released)


def _key(kind: Identifier, text: str) -> tuple[Identifier, str]:
    match kind:
        case Identifier.MOBILE:
            return kind, text.removeprefix("+")
        case Identifier.EMAIL:
            return kind, same_address(text)
        case _:
            return kind, text


def _age(merge: _Merge) -> float:
    # Those of no known time first: they decide nothing but that nobody knows.
    return merge.earliest.timestamp() if merge.earliest else float("-inf")


def _named(merge: _Merge, kind: Identifier) -> Customer | None:
    lasting = [one for one in _LASTING if one in merge.survivor]
    if kind in lasting:
        lasting = [kind]
    if merge.is_released:
        return Customer(**{lasting[0]: merge.survivor[lasting[0]]}) if lasting else None
    usable = [kind] if kind in merge.survivor else [*lasting, *merge.survivor]
    return Customer(**{usable[0]: merge.survivor[usable[0]]}) if usable else None
