"""The sources of codes as people name them: files, here or elsewhere, and what our state knows was sent to a list."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

import attrs

from couponhub.codes import is_file, prepare
from couponhub.codes.examining import ANY_VENDOR, NamedSource
from couponhub.codes.faults import ACCEPT
from couponhub.errors import LocalError, NotFound, UsageError
from couponhub.intake.fetching import local_copy
from couponhub.intake.source import blocks_of, name_of
from couponhub.models import ListId
from couponhub.state import CodeSet, Ledger, TextCodeSet

_log = logging.getLogger(__name__)
_LIST = "list:"
_LEAVE_OUT = "`couponhub codes prepare` writes a file without such rows"
NamedCodes = str | os.PathLike[str] | BinaryIO | TextIO
"""A path, an address (https://, s3://, gs://, az://), an open file, or `list:CONN/ID`: what was sent to a list from here."""


@attrs.frozen(kw_only=True)
class Sources:
    """Turns what people name into codes.

    Attributes:
        ledger: Finds the ledger of a connection.
        workspace: A private folder, which lives as long as what comes of it.
    """

    ledger: Callable[[str], Ledger]
    workspace: Path

    def named(self, source: NamedCodes) -> NamedSource:
        """Return a source that can be read more than once: of an open file, and of what an address names, a copy is kept.

        Raises:
            NotFound: Nothing was sent to that list from here.
            UsageError, LocalError: It cannot be read.
        """
        if (name := list_of(source)) is not None:
            sets = self._sent(*name)
            return NamedSource(name=f"{_LIST}{'/'.join(name)}", source=_Codes(sets))
        if not is_file(source):
            raise UsageError("codes are checked in files, by path or open")
        if isinstance(source, (str, os.PathLike)):
            return NamedSource(name=name_of(source), source=local_copy(source, self.workspace))
        copy = self._new("copy")
        with copy.open("xb") as file:
            for block in blocks_of(source):
                file.write(block)
        return NamedSource(name=name_of(source) or "file", source=copy)

    def code_sets(self, source: NamedCodes, *, column: str | int | None = None) -> tuple[CodeSet, ...]:
        """Return the codes of a source as sets.

        Raises:
            NotFound: Nothing was sent to that list from here.
            UsageError: The file cannot be read, or has faulty rows, which are told by line.
            LocalError: It cannot be read.
        """
        if (name := list_of(source)) is not None:
            return self._sent(*name)
        folder = self._new("set")
        folder.mkdir(mode=0o700)
        try:
            done = prepare(source, ANY_VENDOR, folder, column=column)
        except UsageError as error:
            message = error.message.replace(", nothing was sent", "")
            hint = error.hint.replace(ACCEPT, _LEAVE_OUT) if error.hint else "see `couponhub codes check`"
            raise error.reworded(message=message, hint=hint) from None
        return tuple(TextCodeSet(part.codes) for part in done.parts)

    def _new(self, kind: str) -> Path:
        return self.workspace / f"{kind}-{sum(1 for _ in self.workspace.iterdir())}"

    def _sent(self, connection: str, list_id: str) -> tuple[CodeSet, ...]:
        history = self.ledger(connection).history(ListId(list_id))
        if not history.uploads and not history.kept:
            raise NotFound(
                f"nothing was sent to list {list_id} of {connection} from here",
                hint=f"see `couponhub uploads ls {connection}`",
            )
        if history.has_lost_codes:
            raise LocalError(
                f"the codes that were sent to list {list_id} of {connection} are lost: their folder is gone",
                hint="see `couponhub doctor`",
            )
        gone = sum(not history.codes_known(upload) for upload in history.uploads)
        if gone:
            _log.warning(
                "the codes of %d uploads to list %s of %s are no longer kept: they are not among those of list:%s/%s",
                *(gone, list_id, connection, connection, list_id),
            )
        return history.sent


def list_of(source: object) -> tuple[str, str] | None:
    """Return the connection and the list that `list:CONN/ID` names; None for anything else.

    Raises:
        UsageError: It names only a part of that.
    """
    if not isinstance(source, str) or not source.startswith(_LIST):
        return None
    connection, _, list_id = source.removeprefix(_LIST).partition("/")
    if not connection or not list_id:
        raise UsageError(f"{source} names no list", hint="list:CONN/ID, such as list:loyalty/541854")
    return connection, list_id


@attrs.frozen
class _Codes:
    """The codes of some sets, one by one, as often as they are asked for."""

    sets: tuple[CodeSet, ...]

    def __iter__(self) -> Iterator[str]:
        return (code for code_set in self.sets for batch in code_set.batches() for code in batch)
