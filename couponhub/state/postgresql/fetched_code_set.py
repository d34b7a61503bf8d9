"""Code sets that lie elsewhere, and are brought to this machine when somebody reads them."""

from pathlib import Path

from couponhub.state.codesets import TextCodeSet
from couponhub.state.postgresql.file_shelf import FileShelf, KeptFile


class FetchedCodeSet(TextCodeSet):
    """A code set whose file this process has a copy of from the first look at `path` on, which may raise LocalError.

    Args:
        shelf: Where it is kept.
        kept: Its file.
    """

    __slots__ = ("_kept", "_shelf")

    _kept: KeptFile
    _shelf: FileShelf

    def __init__(self, shelf: FileShelf, kept: KeptFile) -> None:
        # Not the base's: it would set `path`, which is made when it is asked for.
        object.__setattr__(self, "_shelf", shelf)
        object.__setattr__(self, "_kept", kept)

    @property
    def path(self) -> Path:
        """The copy; where that is differs from process to process."""
        return self._shelf.local_path(self._kept)

    @property
    def index(self) -> Path:
        """A place beside the copy."""
        return self._shelf.local.index_of(self._kept.name)

    @property
    def size(self) -> int:
        """Bytes; the file is not brought here for that."""
        return self._kept.size

    def is_kept(self) -> bool:
        """As `CodeSet.is_kept`: a file that is lost was not removed for its age."""
        return bool(self._shelf.chosen("name = ?", self._kept.name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FetchedCodeSet) and self._kept.name == other._kept.name

    def __hash__(self) -> int:
        return hash(self._kept.name)

    def __repr__(self) -> str:
        return f"FetchedCodeSet({self._kept.owner}.{self._kept.label})"
