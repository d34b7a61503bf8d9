"""Files of customers: one column `mobile`, `email`, `external_id` or `id`."""

import csv
from collections.abc import Iterator
from pathlib import Path

from couponhub.errors import LocalError, UsageError
from couponhub.models import Customer, Identifier

_KINDS = {kind.value: kind for kind in Identifier}


def read_customers(path: str) -> Iterator[Customer]:
    """Read a file of customers.

    Raises:
        LocalError: It cannot be read.
        UsageError: It is no such file.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            header = [cell.strip().lower() for cell in next(rows, [])]
            places = [at for at, word in enumerate(header) if word in _KINDS]
            if len(places) != 1 or "code" in header:
                raise UsageError(
                    f"{path}: its first row must name one column mobile, email, external_id or id"
                )
            (at,) = places
            for row in rows:
                yield Customer(**{_KINDS[header[at]]: row[at]})
    except OSError as error:
        raise LocalError(f"cannot read {path}: {error.strerror}") from error
