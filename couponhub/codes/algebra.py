"""Sets of codes, of any size: less others, in common with others, compared, and told by a fingerprint.

Codes are equal by their bytes, or as a vendor compares them. What comes out is in the order and the spelling of the
first set, each code once.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

import attrs

from couponhub.codes.dedupe import private
from couponhub.codes.joins.settings import SetsSettings
from couponhub.codes.sorting import SetCounts, SortedCodes, counts_of, for_cluster, sorted_here, sorted_out
from couponhub.codes.writing import csv_rows
from couponhub.errors import LocalError
from couponhub.models import CodeFileRules
from couponhub.state import CodeSet

_HEADER = "code"
EXACT = CodeFileRules(code_header=_HEADER)
"""Codes are equal by their bytes."""
_KEY_OF = b"couponhub set fingerprint 1\n"
_MODULUS = 1 << 256


@attrs.frozen(kw_only=True)
class SetComparison:
    """Two sets beside each other, in different codes.

    Attributes:
        first: Counts of the first set; `shared` codes stand in both, `apart` ones in it alone.
        second: The same of the second.
    """

    first: SetCounts
    second: SetCounts

    @property
    def are_equal(self) -> bool:
        """True when both hold the same codes."""
        return not (self.first.apart or self.second.apart)


def subtract(
    codes: Iterable[CodeSet],
    others: Iterable[CodeSet],
    target: Path,
    workspace: Path,
    *,
    rules: CodeFileRules = EXACT,
    engine: SetsSettings | None = None,
) -> SetCounts:
    """Write the codes that stand in none of the others to a code file.

    Args:
        codes: The sets to take codes from, as one.
        others: The sets to leave out.
        target: A new private file: CSV with the header `code`. Nothing half done is left.
        workspace: An existing private folder for files on the way.
        rules: The vendor's comparison; without it codes are equal by their bytes.
        engine: The cluster that does it where there are many codes, with the same outcome; None for this process.

    Raises:
        LocalError: A set cannot be read, the file is there or cannot be written, the disk is full, or the cluster failed.
        ConfigError: A setting of the cluster is missing, or what it takes is not installed.
    """
    with sorted_out(codes, others, workspace, rules, engine) as (many, counts):
        _write(many, target, are_shared=False)
        return counts


def intersect(
    codes: Iterable[CodeSet],
    others: Iterable[CodeSet],
    target: Path,
    workspace: Path,
    *,
    rules: CodeFileRules = EXACT,
    engine: SetsSettings | None = None,
) -> SetCounts:
    """Write the codes that also stand in one of the others, as the first set spells them, to a code file.

    Args:
        codes: As of `subtract`.
        others: The sets to look in.
        target: As of `subtract`.
        workspace: The same.
        rules: The same.
        engine: The same.

    Raises:
        LocalError, ConfigError: As of `subtract`.
    """
    with sorted_out(codes, others, workspace, rules, engine) as (many, counts):
        _write(many, target, are_shared=True)
        return counts


def compare(
    first: Iterable[CodeSet],
    second: Iterable[CodeSet],
    workspace: Path,
    *,
    target: Path | None = None,
    rules: CodeFileRules = EXACT,
    engine: SetsSettings | None = None,
) -> SetComparison:
    """Compare two sets.

    Args:
        first: One, of several parts perhaps.
        second: The other.
        workspace: As of `subtract`.
        target: A new private folder for what stands in both (`both.csv`), and in one alone (`first.csv`, `second.csv`);
            None to count only. It is removed when anything fails.
        rules: As of `subtract`.
        engine: The same.

    Raises:
        LocalError, ConfigError: As of `subtract`.
    """
    first, second = tuple(first), tuple(second)
    with ExitStack() as undone:
        if target is not None:
            undone.enter_context(_new_folder(target))
        if engine is not None and for_cluster((*first, *second), engine):
            return _compared_on_cluster(first, second, workspace, target, rules=rules, engine=engine)
        with sorted_here(first, second, workspace, rules) as (many, counts):
            if target is not None:
                _write(many, target / "both.csv", are_shared=True)
                _write(many, target / "first.csv", are_shared=False)
        with sorted_here(second, first, workspace, rules) as (many, others):
            if target is not None:
                _write(many, target / "second.csv", are_shared=False)
        return SetComparison(first=counts, second=others)


def fingerprint(
    codes: Iterable[CodeSet], key: bytes, workspace: Path, *, rules: CodeFileRules = EXACT
) -> str:
    """Return what two who share a key compare to find out whether they hold the same codes.

    It depends on neither order nor duplicates, and without the key says nothing of any code. Anybody can make it: K is
    SHA-256 of `couponhub set fingerprint 1`, LF, and the key. The SHA-256 of K followed by a code in UTF-8 is a whole
    number, its first byte the highest; those of all different codes are added, modulo 2**256. The fingerprint is
    `1:COUNT:SUM`, the number of different codes and the sum in 64 hexadecimal digits.

    Args:
        codes: The sets, taken as one.
        key: The secret of those who compare.
        workspace: As of `subtract`.
        rules: As of `subtract`; codes then are hashed as they are compared, in upper case for one who ignores case.

    Raises:
        LocalError: As of `subtract`.
    """
    total = SetDigest(key)
    with sorted_here(codes, (), workspace, rules) as (many, _):
        many.each_key(total.add)
    return total.text


class SetDigest:
    """The sum of the hashes of different lines, in any order: see `fingerprint`.

    Args:
        key: As of `fingerprint`.
    """

    def __init__(self, key: bytes = b"") -> None:
        self._begun = hashlib.sha256(hashlib.sha256(_KEY_OF + key).digest())
        self._count = 0
        self._total = 0

    def add(self, text: bytes) -> None:
        """Add lines, each with its LF, none of which was added before."""
        numbers = 0
        lines = text.split(b"\n")[:-1]
        for line in lines:
            digest = self._begun.copy()
            digest.update(line)
            numbers += int.from_bytes(digest.digest(), "big")
        self._count += len(lines)
        self._total = (self._total + numbers) % _MODULUS

    @property
    def text(self) -> str:
        """The fingerprint of what was added."""
        return f"1:{self._count}:{self._total:064x}"


def _compared_on_cluster(
    first: Sequence[CodeSet],
    second: Sequence[CodeSet],
    workspace: Path,
    target: Path | None,
    *,
    rules: CodeFileRules,
    engine: SetsSettings,
) -> SetComparison:
    from couponhub.codes.joins.clustered import sorted_on_cluster  # noqa: PLC0415 - an extra

    with sorted_on_cluster(first, second, workspace, rules, engine, both_ways=True) as (one, other):
        if target is not None:
            _write(one, target / "both.csv", are_shared=True)
            _write(one, target / "first.csv", are_shared=False)
            _write(other, target / "second.csv", are_shared=False)
        return SetComparison(first=counts_of(one), second=counts_of(other))


def _write(many: SortedCodes, target: Path, *, are_shared: bool) -> None:
    def write(file: IO[bytes], text: bytes) -> None:
        if b'"' in text or b"," in text:
            text = csv_rows([(code,) for code in text.decode().split("\n")[:-1]])
        file.write(text)

    try:
        file = open(target, "xb", opener=private)  # noqa: SIM115 - the with below closes it; opening has errors of its own
    except OSError as error:
        raise LocalError(f"{target} cannot be written: {error.strerror}") from error
    try:
        with file:
            file.write(csv_rows([(_HEADER,)]))
            many.each_code(lambda text: write(file, text), are_shared=are_shared)
    except BaseException:
        target.unlink()
        raise


@contextmanager
def _new_folder(target: Path) -> Iterator[None]:
    try:
        target.mkdir(mode=0o700)
    except OSError as error:
        raise LocalError(f"{target} cannot be made: {error.strerror}") from error
    try:
        yield
    except BaseException:
        for path in target.iterdir():
            path.unlink()
        with suppress(OSError):
            target.rmdir()
        raise
