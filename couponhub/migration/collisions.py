"""Codes that would meet others: at the target list, in other lists, and at the source that they come from."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from couponhub.codes import shared
from couponhub.migration.batches import Batches
from couponhub.migration.ends import DestinationList, OriginList
from couponhub.models import CodeFileRules, Collision
from couponhub.state import Ledger, TextCodeSet

_Named = set[tuple[str, str | None]]
"""Lists, each by its connection and its id."""


def collisions_of(
    batches: Batches,
    origin: OriginList,
    destination: DestinationList,
    folder: Path,
    *,
    names: Iterable[str],
    ledger: Callable[[str], Ledger],
    rules: Callable[[str], CodeFileRules],
) -> tuple[Collision, ...]:
    """Find the codes that would meet others.

    Args:
        batches: What goes.
        origin: Where it comes from.
        destination: Where it goes.
        folder: A new private folder.
        names: The connections whose lists are looked through, as far as our state knows what was sent to them.
        ledger: Finds what was sent at one.
        rules: How the vendor of one compares codes.

    Raises:
        LocalError: The state cannot be read.
    """
    folder.mkdir(mode=0o700)
    codes = tuple(one for file in batches.files for one in file.codes)
    moving = sum(file.rows for file in batches.files)
    target = destination.connection.name
    found: list[Collision] = []
    if batches.at_target:
        message = f"were sent to list {destination.list_id} of {target} before: left out"
        found.append(Collision(kind="at_target", count=batches.at_target, message=message))
    if batches.same_at_target:
        message = f"differ from another one by what {destination.connection.vendor} ignores: left out, it would be one code"
        found.append(Collision(kind="same_at_target", count=batches.same_at_target, message=message))
    if moving and not origin.is_over:
        message = (
            f"stay live in list {origin.shown.id} of {origin.connection.name}, too, until that is retired: both could"
            " hand them out"
        )
        found.append(Collision(kind="two_vendors", count=moving, message=message))
    own: _Named = {(origin.connection.name, origin.shown.id), (target, destination.list_id)}
    for name, list_id, count in _elsewhere(codes, own, folder, names=names, ledger=ledger, rules=rules):
        kind = "other_list" if name == target else "two_vendors"
        message = f"were sent to list {list_id} of {name}, too: they could be used twice"
        found.append(Collision(kind=kind, count=count, message=message))
    return tuple(found)


def _elsewhere(
    codes: tuple[TextCodeSet, ...],
    own: _Named,
    folder: Path,
    *,
    names: Iterable[str],
    ledger: Callable[[str], Ledger],
    rules: Callable[[str], CodeFileRules],
) -> Iterator[tuple[str, str, int]]:
    for name in names:
        uploads = ledger(name)
        for list_id in dict.fromkeys(upload.list_id for upload in uploads.all()):
            sent = () if (name, list_id) in own else uploads.history(list_id).sent
            count = 0
            for one in codes if sent else ():
                workspace = folder / str(len(list(folder.iterdir())))
                workspace.mkdir(mode=0o700)
                count += shared(one, sent, rules(name), workspace)
            if count:
                yield name, list_id, count
