"""The steps of a migration that nobody can take back, in words."""

from couponhub.migration.batches import FREE, Batches
from couponhub.migration.ends import DestinationList
from couponhub.migration.words import codes, some
from couponhub.models import IssuedAs


def irreversible_steps(destination: DestinationList, batches: Batches) -> tuple[str, ...]:
    """Return a sentence for each step that nobody can take back, in their order."""
    connection = destination.connection
    able = connection.capabilities
    told: list[str] = []
    if destination.new is not None:
        way = "it can be archived, not deleted" if "lists.archive" in able else "nobody can delete it there"
        told.append(f'Creates the list "{destination.new.name}" at {connection.name}: {way}.')
    free = sum(one.rows for one in batches.files if one.kind == FREE)
    untagged = sum(one.rows for one in batches.files if one.kind != FREE and one.identifier is None)
    tagged = sum(one.rows for one in batches.files if one.identifier is not None)
    if free:
        way = "a file can be deleted, but not what was handed out of it by then"
        if "uploads.delete" not in able:
            way = "nobody can take them back there"
        told.append(f"Uploads {some(free, 'free code')} to {connection.name}: {way}.")
    if tagged:
        told.append(
            f"Binds {codes(tagged)} to their customers at {connection.name}: they count as issued at once, and it may"
            " tell the customers."
        )
    if untagged and destination.issued_as is IssuedAs.FREE:
        told.append(
            f"Uploads {codes(untagged)} that customers hold to {connection.name}: somebody else may be"
            " given them."
        )
    return tuple(told)
