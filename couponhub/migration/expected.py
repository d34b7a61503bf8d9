"""The expectations of a plan about single codes: whose they are to be, and which of them are asked about."""

import csv
import hashlib
import heapq
import random
from collections.abc import Iterator
from pathlib import Path

from couponhub.migration.children import batch_file
from couponhub.migration.code_files import csv_batches
from couponhub.migration.kept import KeptMigration
from couponhub.models import Customer, MigrationPlan

Named = tuple[str, str]
"""A customer: the word of the identifier, and the identifier."""


def customer_of(named: Named) -> Customer:
    """Return the customer of that name."""
    kind, value = named
    return Customer(**{kind: value})


def tagged_rows(plan: MigrationPlan, kept: KeptMigration) -> Iterator[tuple[Named, str]]:
    """Give each code that goes with a customer; of people who were forgotten since, nothing is known any more."""
    for batch in plan.batches:
        if batch.identifier is not None:
            kind = batch.identifier.value
            for rows in csv_batches(kept.path(batch_file(batch.number))):
                for customer, code in rows:
                    yield (kind, customer), code


def batch_codes(plan: MigrationPlan, kept: KeptMigration, number: int) -> Iterator[str]:
    """Give the codes of a batch, as far as they are kept."""
    (batch,) = (one for one in plan.batches if one.number == number)
    at = 0 if batch.identifier is None else 1
    for rows in csv_batches(kept.path(batch_file(number))):
        for row in rows:
            yield row[at]


def chosen_customers(
    plan: MigrationPlan, kept: KeptMigration, most: int, seed: int
) -> tuple[set[Named], bool]:
    """Choose whose codes are asked about: all customers, or a sample that depends on nothing but them and the seed.

    Returns:
        Them, and whether they are all.
    """
    begun = hashlib.blake2b(str(seed).encode(), digest_size=16)
    highest_first: list[tuple[int, Named]] = []
    chosen: set[Named] = set()
    are_all = True
    last: Named | None = None
    for named, _ in tagged_rows(plan, kept):
        if named == last or named in chosen:
            continue
        last = named
        digest = begun.copy()
        digest.update("\x1f".join(named).encode())
        place = (-int.from_bytes(digest.digest()), named)
        if len(chosen) < most:
            heapq.heappush(highest_first, place)
            chosen.add(named)
            continue
        are_all = False
        _, dropped = heapq.heappushpop(highest_first, place)
        if dropped != named:
            chosen.remove(dropped)
            chosen.add(named)
    return chosen, are_all


def chosen_free_codes(plan: MigrationPlan, kept: KeptMigration, most: int, seed: int) -> list[str]:
    """Choose which of the codes are asked about that go without a customer: all, or a sample by the seed."""
    numbers = [one.number for one in plan.batches if one.identifier is None]
    rows = sum(one.rows for one in plan.batches if one.identifier is None)
    if rows <= most:
        return [code for number in numbers for code in batch_codes(plan, kept, number)]
    paths = [kept.path(batch_file(number)) for number in numbers]
    found: dict[str, None] = {}
    dice = random.Random(seed)  # noqa: S311 - a sample that can be drawn again, and no secret
    sizes = [path.stat().st_size for path in paths]
    for _ in range(4 * most):
        if len(found) == most:
            break
        (path,) = dice.choices(paths, sizes)
        if (code := _code_near(path, dice.random())) is not None:
            found[code] = None
    return list(found)


def _code_near(path: Path, share: float) -> str | None:
    """Return the code of the row that follows a place in a file with the header `code`; None behind the last one."""
    with path.open("rb") as file:
        header = len(file.readline())
        file.seek(0, 2)
        body = file.tell() - header
        place = header + int(share * body)
        file.seek(max(place - 1, 0))
        file.readline()
        line = file.readline()
    if not line:
        with path.open("rb") as file:
            file.readline()
            line = file.readline()
    text = line.decode().removesuffix("\n")
    return next(csv.reader([text]))[0] if text else None
