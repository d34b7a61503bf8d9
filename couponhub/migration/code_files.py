"""The files of a migration's codes: CSV with a header, private, and the same as sets."""

import csv
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from couponhub.codes import SetDigest
from couponhub.codes.dedupe import private
from couponhub.codes.writing import csv_rows
from couponhub.state import TextCodeSet

_BLOCK = 1 << 20


def create(path: Path) -> IO[bytes]:
    """Open a new private file."""
    return open(path, "xb", opener=private)


def code_file(path: Path, codes: Iterable[TextCodeSet]) -> Path:
    """Write sets of codes to a new file, with the header `code`, and return it."""
    with create(path) as file:
        file.write(b"code\n")
        for text in (text for one in codes for text in one.texts()):
            is_plain = b'"' not in text and b"," not in text
            file.write(text if is_plain else csv_rows([(code,) for code in text.decode().split("\n")[:-1]]))
    return path


def as_set(path: Path, text: Path | None = None) -> TextCodeSet:
    """Return the codes of such a file as a set, in a new file: beside it unless another place is named."""
    text = path.with_suffix(".txt") if text is None else text
    with path.open("rb") as file, create(text) as target:
        file.readline()
        quoted = False
        while block := file.read(_BLOCK):
            if b'"' in block:
                quoted = True
                break
            target.write(block)
    if quoted:
        text.unlink()
        with create(text) as target:
            for rows in csv_batches(path):
                target.write("".join(f"{row[0]}\n" for row in rows).encode())
    return TextCodeSet(text)


def lines_of(codes: TextCodeSet) -> int:
    """Return how many codes stand in a set, each time that it does."""
    return sum(text.count(b"\n") for text in codes.texts()) if codes.size else 0


def csv_batches(path: Path, size: int = 20_000) -> Iterator[Sequence[list[str]]]:
    """Read the rows below the header, some thousand at a time."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows, None)
        batch: list[list[str]] = []
        for row in rows:
            batch.append(row)
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch


def joined(path: Path, header: bytes, parts: Iterable[Path], vendor_header: bytes) -> Path:
    """Write the rows of vendor files to one new file with another header, and return it."""
    with create(path) as file:
        file.write(header)
        for part in parts:
            with part.open("rb") as rows:
                rows.seek(len(vendor_header))
                shutil.copyfileobj(rows, file, _BLOCK)
    return path


def digest_of(lines: Iterable[bytes]) -> str:
    """Return the fingerprint of different lines, each with its LF, in any order; as `couponhub.codes.fingerprint`."""
    total = SetDigest()
    for text in lines:
        total.add(text)
    return total.text
