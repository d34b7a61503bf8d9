"""The files of uploads that vendors may fetch from here."""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import attrs

from couponhub.errors import LocalError
from couponhub.models import Fetch
from couponhub.staging import StagedFile, Staging
from couponhub.state import Ledger, UploadRecord


def serve_again(
    staging: Staging, ledger: Ledger, upload: UploadRecord, held: ExitStack, *, drives: bool = False
) -> Mapping[int, StagedFile | None]:
    """Serve the files of an upload that the vendor may still fetch, at the addresses that it was told.

    Files that somebody serves already are left to them.

    Args:
        staging: Where files are served.
        ledger: Which keeps them.
        upload: As last known.
        held: Ends the serving.
        drives: True for the one who holds the lease of the upload's job.

    Returns:
        Those files by the numbers of their parts; None for one that somebody serves already, or nobody can.
    """
    found: dict[int, StagedFile | None] = {}
    for part in upload.parts:
        file = ledger.part_file(upload, part.number) if part.may_be_fetched else None
        if file is not None and part.url is not None:
            found[part.number] = None
            with suppress(LocalError):
                found[part.number] = held.enter_context(staging.stage_again(file, part.url, drives=drives))
    return found


@attrs.define(kw_only=True)
class ServedFiles:
    """The files of one upload that are served while its job is driven here.

    Attributes:
        staging: None for a vendor that takes files: nothing is served then.
        held: Ends the serving.
    """

    staging: Staging | None
    held: ExitStack
    _staged: dict[int, StagedFile] = attrs.field(factory=dict, init=False)
    _again: Mapping[int, StagedFile | None] = attrs.field(factory=dict, init=False)

    def __bool__(self) -> bool:
        """Return True while the vendor may fetch anything from here."""
        return bool(self._staged) or bool(self._again)

    def __contains__(self, number: int) -> bool:
        """Return True for a part whose file has got its address here."""
        return number in self._staged

    def put(self, upload: UploadRecord, number: int, path: Path) -> UploadRecord:
        """Give the file of a part an address, which is written down with the part for whoever has to serve it later."""
        if self.staging is None or number in self._staged:
            return upload
        part = upload.parts[number - 1]
        staged = self._staged[number] = self.held.enter_context(self.staging.stage(path, part.name))
        return upload.with_part(attrs.evolve(part, url=staged.url))

    def url(self, number: int) -> str:
        """Return the address of a part's file, good from now on for as long as it is. A right in itself: never log it."""
        return self._staged[number].url

    def serve_again(self, upload: UploadRecord, ledger: Ledger) -> None:
        """Serve what another process has staged, once."""
        if self.staging is not None and not self._again:
            self._again = serve_again(self.staging, ledger, upload, self.held, drives=True)

    def fetches(self, number: int) -> tuple[Fetch, ...] | None:
        """Return when the file of a part was fetched from here; None when that cannot be known."""
        served = [one for one in (self._again.get(number), self._staged.get(number)) if one is not None]
        told = [one.fetches for one in served]
        return (
            tuple(fetch for one in told if one is not None for fetch in one)
            if None not in told and told
            else None
        )

    def told_fetches(self) -> str:
        """Say how much the vendor has fetched, now that the addresses end."""
        fetches = [file.fetches for file in self._staged.values()]
        if not fetches or None in fetches:
            return "its URL has ended"
        if not any(fetches):
            return "the vendor never fetched the file, and its URL has ended"
        return f"the vendor fetched {sum(map(bool, fetches))} of {len(fetches)} files, and its URL has ended"
