"""The ledger of uploads: what was sent where, written down before each step, so that a crash loses no code."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

import attrs

from couponhub.models import Identifier, ListId, Part, PartId, UploadId
from couponhub.state.codesets import CodeSet
from couponhub.state.records import PartRecord, UploadRecord

IsForgotten = Callable[[Identifier, str], bool]
"""Tells by kind and text of an identifier whether that customer is to be forgotten."""


@attrs.frozen(kw_only=True)
class ListHistory:
    """The codes that one list was given, as the ledger tells and the code sets bear out.

    Attributes:
        uploads: All uploads to the list, oldest first.
        kept: The code sets that lie there for the list, by upload and number of part.
        has_place: False when there is no place for the list's code sets, as there is for ever once codes were sent
            to it.
    """

    uploads: tuple[UploadRecord, ...]
    kept: Mapping[tuple[UploadId, int], CodeSet]
    has_place: bool

    @property
    def sent(self) -> tuple[CodeSet, ...]:
        """The code sets of which the list may hold codes, as far as they are still kept; `unknown` ones too."""
        return (*self._sets(part for part in self._parts() if part[1].maybe_sent), *self.unknown)

    @property
    def taken(self) -> tuple[CodeSet, ...]:
        """The code sets of which the vendor's counts prove that the list was given every code."""
        return tuple(self._sets(part for part in self._parts() if part[1].taken))

    @property
    def unknown(self) -> tuple[CodeSet, ...]:
        """The code sets without an upload in the ledger, which then has lost its memory: the list may hold them."""
        known = {(upload.id, part.number) for upload, part in self._parts()}
        return tuple(codes for key, codes in self.kept.items() if key not in known)

    @property
    def has_lost_codes(self) -> bool:
        """True when codes were sent to the list, and nothing is left of where they were kept; age does not do that."""
        return not self.has_place and any(part.codes_kept for _, part in self._parts())

    def code_set(self, upload: UploadRecord, part: PartRecord) -> CodeSet | None:
        """Return the codes of a part; None when they are no longer kept, or never were."""
        return self.kept.get((upload.id, part.number))

    def codes_known(self, upload: UploadRecord) -> bool:
        """Return True while the codes that the vendor may hold of an upload are still kept."""
        return all((upload.id, part.number) in self.kept for part in upload.parts if part.maybe_sent)

    def same_batch(self, fingerprint: str) -> tuple[UploadRecord, ...]:
        """Return the uploads of the same batch, oldest first."""
        return tuple(upload for upload in self.uploads if upload.fingerprint == fingerprint)

    def _parts(self) -> Iterator[tuple[UploadRecord, PartRecord]]:
        return ((upload, part) for upload in self.uploads for part in upload.parts)

    def _sets(self, parts: Iterator[tuple[UploadRecord, PartRecord]]) -> Iterator[CodeSet]:
        keys = ((upload.id, part.number) for upload, part in parts)
        return (self.kept[key] for key in keys if key in self.kept)


class Ledger(Protocol):
    """The uploads of one connection. Thread-safe, and safe with other processes.

    A method that changes something has changed all of it, for good, when it returns: a power cut takes nothing back.
    When it raises, or the process is killed in it, all of it or nothing was changed, but for `begin`. What one process
    has written all others read from then on. Reading also works where nothing may be written.

    Every method raises LocalError, with one line, when this machine or the state fails.
    """

    def now(self) -> datetime:
        """Return the time on the clock of what is written here, in UTC: the same for all who share the state.

        Raises:
            LocalError: Nobody can tell.
        """
        ...

    def require_writable(self) -> None:
        """Raise LocalError now, rather than half way, where nothing can be written."""
        ...

    def list_lock(self, list_id: ListId, *, timeout: float | None) -> AbstractContextManager[None]:
        """Hold the right to send to a list for the block; it ends with its process, also after a kill.

        Args:
            list_id: Which list.
            timeout: Seconds to wait for whoever has it; None for as long as it takes.

        Raises:
            WaitTimeout: Somebody else still has it.
        """
        ...

    def require_lock(self, list_id: ListId) -> None:
        """Prove that the list's lock, where it was taken from this ledger, is held still; to be asked right before sending.

        A process that was stopped for long, or cut off from the state, loses it to whoever waits, where the kind of state
        is for several machines. What it wants to write in the block of the lock then is refused too.

        Raises:
            LocalError: It is lost, or nobody can tell: nothing must be sent.
        """
        ...

    def is_locked(self, upload: UploadRecord) -> bool:
        """Return True while somebody may be sending this upload: the newest one of a list whose lock is held.

        The newest is the one that was written down last, whatever a clock said.
        """
        ...

    def workspace(self) -> AbstractContextManager[Path]:
        """Give a private folder of this machine for files in the making, which ends with the block.

        What killed processes left of theirs is removed first; folders of living ones stay.
        """
        ...

    def begin(
        self,
        upload: UploadRecord,
        codes: Sequence[Path] = (),
        files: Sequence[Path] = (),
        rows: Path | None = None,
    ) -> UploadRecord:
        """Write down an upload with its parts, all of them only prepared, and keep their codes and files.

        Codes, files and records older than the days of retention are removed on the way, once two looks a week apart agree
        on their age.
        Killed half way, the upload may stand in the ledger without its codes. Nothing was sent of it then.

        Args:
            upload: The new upload.
            codes: For each part a file in a `workspace` with its codes, UTF-8, one a line, which is moved away; none
                for a file of which only the URL is known.
            files: For each part its file in the vendor's form, the same; in tagged ones the customer is the first column.
            rows: What became of each row of the source, in a `workspace`, which is moved away; None where nobody noted it.

        Returns:
            The upload as it is written.
        """
        ...

    def part_file(self, upload: UploadRecord, number: int) -> Path | None:
        """Return a part's file on this machine, to be read only; None when it is not kept any more.

        It is kept, for its owner alone, until the vendor has taken the part or deleted it, or `drop_files`, and no longer
        than the days of retention: what nobody goes on with must not stay for ever.
        """
        ...

    def kept_files(self, upload: UploadRecord) -> frozenset[int]:
        """Return the numbers of the parts whose files are kept; unlike `part_file` it brings none to this machine."""
        ...

    def row_record(self, upload: UploadRecord) -> Path | None:
        """Return what `begin` was given of an upload's rows, to be read only; None when it is not kept, or never was.

        It is kept as long as the code sets, for its owner alone.
        """
        ...

    def drop_files(self, upload: UploadRecord) -> None:
        """Remove what is left of the files of an upload's parts: nobody will send them any more."""
        ...

    def has_all(self, upload: UploadRecord) -> bool:
        """Return True when `begin` has kept the codes and the file of every part that is only prepared."""
        ...

    def mark_submitting(self, upload: UploadRecord, number: int) -> UploadRecord:
        """Announce that a part is about to be sent; from here on the vendor may have it.

        A part that somebody has meanwhile marked as submitted stays so, and must not be sent again: the answer then
        is the upload as it is written.
        """
        ...

    def mark_submitted(self, upload: UploadRecord, number: int, part: Part) -> UploadRecord:
        """Write down that the vendor has a part and shows it like this; also whenever it shows it anew.

        Nothing is written when that is what `upload` says already. A vendor's words and counts that cannot be kept,
        as half a surrogate pair or more than 63 bits, are kept as near as can be.
        """
        ...

    def mark_absent(self, upload: UploadRecord, number: int) -> UploadRecord:
        """Write down that the vendor is proven not to have a part; as of `mark_submitting`, what was seen outweighs it."""
        ...

    def mark_deleted(self, upload: UploadRecord, number: int) -> UploadRecord:
        """Write down that the vendor had a part and has deleted it: it holds none of its codes, which may go out again."""
        ...

    def renew(self, upload: UploadRecord, number: int, name: str) -> UploadRecord:
        """Prepare a part anew that the vendor has ended as failed, under another name; what it had of it is not followed.

        A part that is not written down as failed by now, or was deleted, stays as it is.
        """
        ...

    def find(self, upload_id: UploadId) -> UploadRecord | None:
        """Return the upload of that id at this connection; None when there is none."""
        ...

    def find_by_part(self, list_id: ListId, part_id: PartId) -> UploadRecord | None:
        """Return the oldest upload to a list with a part that the vendor knows by that id and has not deleted, or None."""
        ...

    def of_list(self, list_id: ListId) -> tuple[UploadRecord, ...]:
        """Return the uploads to a list, oldest first: in the order in which they were written, whatever a clock said."""
        ...

    def all(self) -> tuple[UploadRecord, ...]:
        """Return every upload of the connection, oldest first."""
        ...

    def history(self, list_id: ListId) -> ListHistory:
        """Return what a list was given. Whoever holds the list's lock is told of all that ever was.

        A code set that cannot be looked for is never taken for one that is not there.
        """
        ...
