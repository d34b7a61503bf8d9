"""In which code sets given codes stand."""

from collections.abc import Collection, Iterator
from pathlib import Path

_BLOCK = 4 * 1024 * 1024


def codes_in(
    path: Path, codes: Collection[str], *, ignores_case: bool, ignores_blanks: bool = False
) -> frozenset[str]:
    """Those of the codes that stand in a code set, which is read once, in bounded memory.

    Args:
        path: The file, one code a line.
        codes: As somebody spells them.
        ignores_case: Whether "ab" and "AB" are the same code.
        ignores_blanks: Whether "ab" and "ab " are.

    Raises:
        OSError: It cannot be read.
    """
    wanted: dict[str, set[str]] = {}
    for code in codes:
        key = code.upper() if ignores_case else code
        wanted.setdefault(key.strip() if ignores_blanks else key, set()).add(code)
    found: set[str] = set()
    for text in _blocks(path):
        lines = set((text.upper() if ignores_case else text).split("\n"))
        if ignores_blanks:
            lines = set(map(str.strip, lines))
        for line in wanted.keys() & lines:
            found |= wanted[line]
    return frozenset(found)


def _blocks(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK) + file.readline():
            yield block.decode()
