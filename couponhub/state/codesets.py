"""Code sets: the codes of one part of an upload, kept so that they are left out of later uploads to the same list."""

from collections.abc import Collection, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import attrs

from couponhub.errors import LocalError

_BLOCK = 1 << 20


class CodeSet(Hashable, Protocol):
    """The codes of one part, in the order in which they were sent. Two that are equal are the same set."""

    def batches(self) -> Iterator[Sequence[str]]:
        """Read all codes, in batches of some ten thousand and in bounded memory.

        Raises:
            LocalError: It cannot be read, or was removed for its age meanwhile.
        """
        ...

    def is_kept(self) -> bool:
        """Return False once it was removed for its age."""
        ...


@attrs.frozen
class TextCodeSet:
    """A code set in a file: UTF-8, a code a line. This is the only reader of such files.

    Attributes:
        path: The file, which never changes.
        index: A place where whoever reads it may keep an index of it; it may vanish at any time. None for no such place.
    """

    path: Path
    index: Path | None = attrs.field(default=None, eq=False)

    @property
    def size(self) -> int:
        """Bytes; 0 of what is not there."""
        return self.path.stat().st_size if self.path.exists() else 0

    def batches(self) -> Iterator[Sequence[str]]:
        """As `CodeSet.batches`."""
        for text in self.texts():
            yield text.decode().removesuffix("\n").split("\n")

    def texts(self) -> Iterator[bytes]:
        """Read all codes as lines of UTF-8, each with its LF, in blocks of about 1 MiB.

        Raises:
            LocalError: As of `batches`.
        """
        try:
            with self.path.open("rb") as file:
                while block := file.read(_BLOCK) + file.readline():
                    if not block.isascii():
                        block.decode()
                    yield block if block.endswith(b"\n") else block + b"\n"
        except OSError as error:
            raise LocalError(f"the codes in {self.path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError:
            raise LocalError(f"the codes in {self.path} cannot be read: it is not UTF-8") from None

    def is_kept(self) -> bool:
        """As `CodeSet.is_kept`."""
        return self.path.exists()


def comparable(codes: Sequence[str], *, ignores_case: bool, ignores_blanks: bool = False) -> Sequence[str]:
    """Return the codes as a vendor compares them: equal where they are one code to it, in the same order.

    Args:
        codes: None of them has a line break in it.
        ignores_case: True when "ab" and "AB" are the same code.
        ignores_blanks: True when "ab" and "ab " are.
    """
    if ignores_case:
        codes = list(map(str.upper, codes))
    return list(map(str.strip, codes)) if ignores_blanks else codes


def codes_in(
    code_set: CodeSet, codes: Collection[str], *, ignores_case: bool, ignores_blanks: bool = False
) -> frozenset[str]:
    """Return those of the codes that stand in a code set, which is read once, in bounded memory.

    Args:
        code_set: Where they are looked for.
        codes: As somebody spells them.
        ignores_case: As of `comparable`.
        ignores_blanks: The same.

    Raises:
        LocalError: The code set cannot be read.
    """
    wanted: dict[str, set[str]] = {}
    spelled = list(codes)
    for key, code in zip(
        comparable(spelled, ignores_case=ignores_case, ignores_blanks=ignores_blanks), spelled, strict=True
    ):
        wanted.setdefault(key, set()).add(code)
    found: set[str] = set()
    for batch in code_set.batches():
        lines = comparable(batch, ignores_case=ignores_case, ignores_blanks=ignores_blanks)
        for key in wanted.keys() & lines:
            found |= wanted[key]
    return frozenset(found)
