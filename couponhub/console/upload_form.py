"""The form of a new upload: what was chosen in it so far, and what can be chosen."""

import re
import secrets
from collections.abc import Iterator, Mapping
from itertools import islice

import attrs

from couponhub.errors import CouponhubError
from couponhub.hub import CouponHub
from couponhub.models import CouponList
from couponhub.server.discretion import discreet

_MOST_LISTS = 500
"""More than that nobody chooses from; then the list's id is typed."""
_KEPT = ("connection", "list_id", "name", "column", "tag", "tag_column", "again")
_OPTION = re.compile(r": --[a-z-]+ NAME or INDEX")
_FAULTS = ", nothing was sent: "
_FAULT = re.compile(r"; (?=line \d|and \d)")


@attrs.frozen(kw_only=True)
class UploadForm:
    """The form, filled in as far as it is.

    Attributes:
        connections: The names of those that take codes.
        connection: The one that is chosen; "" for none yet.
        lists: Those that can be chosen from; None where the vendor could not be asked, has too many, or must not be shown.
        silence: Why the vendor could not be asked.
        tags: The kinds of identifier that codes can be bound to there.
        fields: What was typed, by the field's name; the file has to be chosen again.
        key: Names the wish, so that a form that is sent twice begins one upload.
    """

    connections: tuple[str, ...]
    connection: str
    lists: tuple[CouponList, ...] | None = None
    silence: CouponhubError | None = None
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    key: str = attrs.field(factory=lambda: secrets.token_hex(16))

    @property
    def knows_list(self) -> bool:
        """True when the list that is chosen is one of those that can be."""
        chosen = self.fields.get("list_id", "")
        return self.lists is not None and (not chosen or any(one.id == chosen for one in self.lists))


def form_of(hub: CouponHub, given: Mapping[str, str], *, shows_lists: bool) -> UploadForm:
    """Make the form.

    Args:
        hub: Whose connections and lists can be chosen.
        given: What was typed so far.
        shows_lists: Whether its reader may see lists.
    """
    names = tuple(_taking_codes(hub))
    chosen = given.get("connection", "") if given.get("connection") in names else ""
    if len(names) == 1:
        (chosen,) = names
    fields = {name: given.get(name, "") for name in _KEPT}
    if not chosen:
        return UploadForm(connections=names, connection="", fields=fields)
    lists, silence = None, None
    if shows_lists:
        try:
            found = tuple(islice(hub[chosen].lists.iterate(status="active"), _MOST_LISTS + 1))
            lists = found if len(found) <= _MOST_LISTS else None
        except CouponhubError as error:
            silence = discreet(error)
    tags = tuple(sorted(kind.value for kind in hub[chosen].customers.tag_identifiers))
    return UploadForm(
        connections=names, connection=chosen, lists=lists, silence=silence, tags=tags, fields=fields
    )


def lines_of(error: CouponhubError) -> tuple[str, ...]:
    """Return what an error says of a file, the faults of each line apart."""
    head, comma, faults = error.message.partition(_FAULTS)
    return (head, *_FAULT.split(faults)) if comma else (error.message,)


def advice_of(error: CouponhubError) -> str:
    """Return what a page advises: no option of the command line, whose place here a field of the form has, or nothing."""
    told = (_OPTION.sub("", piece) for piece in error.hint.split("; "))
    return "; ".join(piece for piece in told if " --" not in piece)


def _taking_codes(hub: CouponHub) -> Iterator[str]:
    for name in hub:
        try:
            hub[name].uploads.check_route()
        except CouponhubError:
            continue
        yield name
