"""Code files of other machines, and of other processes: each is copied once into a private file, and read like any other from then on."""

import os
import stat
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard, TypeVar

import attrs

from couponhub.clock import SYSTEM_CLOCK, Deadline
from couponhub.errors import LocalError, UsageError, VendorUnavailable
from couponhub.intake.addresses import FileAddress, address_of, is_address

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

S = TypeVar("S")

MOST_BYTES = 8 << 30
"""Of one file; two hundred million codes, and more than any vendor takes."""
_BLOCK = 1 << 20
_LONGEST_SECONDS = 3600.0


@attrs.frozen
class FetchedFile:
    """The copy of a file, which is called in errors what its address is.

    Attributes:
        path: The copy.
        name: Its address, without what must not be shown.
    """

    path: Path = attrs.field(repr=False)
    name: str

    def __fspath__(self) -> str:
        return str(self.path)


@attrs.frozen(kw_only=True)
class RemoteContent:
    """A file of another machine as it comes.

    Attributes:
        blocks: Its bytes.
        size: How many it has; None where nobody says.
        changed_at: When it was last written; None where nobody says.
    """

    blocks: Iterator[bytes] = attrs.field(repr=False)
    size: int | None
    changed_at: datetime | None


def local_copy(
    source: S, folder: Path, *, deadline: Deadline | None = None, most_bytes: int = MOST_BYTES
) -> S | FetchedFile:
    """Return a copy of what an address or a pipe gives, so that it can be read more than once; any other source as it is.

    Args:
        source: A path of a pipe, as `<(...)` of a shell is one. A text that begins with https://, s3://, gs:// or az:// is an address, unless there is a file of that name.
        folder: An existing private folder for the copy, which is of mode 0600 and as old as what it is a copy of.
        deadline: By when it must be there; an hour at most.
        most_bytes: A larger file is refused as soon as that shows.

    Raises:
        UsageError: It names no file, is too large, or takes an extra that is not installed.
        NotFound, AuthRejected, PermissionDenied, RequestRejected, RateLimited: Whoever has it says so.
        VendorUnavailable: It could not be had whole.
        LocalError: The copy cannot be written.
    """
    if _is_pipe(source):
        return _piped(source, folder, most_bytes)
    if not isinstance(source, str) or not is_address(source):
        return source
    address = address_of(source)
    limit = _LONGEST_SECONDS if deadline is None else min(_LONGEST_SECONDS, deadline.remaining())
    within = Deadline.after(limit, SYSTEM_CLOCK if deadline is None else deadline.clock)
    with _opened(address, within) as content:
        if content.size is not None and content.size > most_bytes:
            raise _too_large(address.shown, most_bytes)
        copy = _written(address, content, folder, within, most_bytes)
        if content.changed_at is not None and content.changed_at < datetime.now(UTC):
            moment = content.changed_at.timestamp()
            os.utime(copy, (moment, moment))
    return FetchedFile(copy, address.shown)


def _is_pipe(source: object) -> TypeGuard[str | os.PathLike[str]]:
    if not isinstance(source, (str, os.PathLike)):
        return False
    try:
        return stat.S_ISFIFO(Path(source).stat().st_mode)
    except (OSError, TypeError, ValueError):  # reading it tells of that
        return False


def _piped(source: str | os.PathLike[str], folder: Path, most_bytes: int) -> FetchedFile:
    name, size = os.fsdecode(source), 0
    try:
        number, copy = tempfile.mkstemp(dir=folder, prefix="piped-")  # of mode 0600
        with os.fdopen(number, "wb") as file, Path(source).open("rb") as pipe:
            while block := pipe.read(_BLOCK):
                size += len(block)
                if size > most_bytes:
                    raise _too_large(name, most_bytes)
                file.write(block)
    except OSError as error:
        raise LocalError(f"the copy of {name} cannot be written: {error.strerror}") from None
    return FetchedFile(Path(copy), name)


def _opened(address: FileAddress, deadline: Deadline) -> "AbstractContextManager[RemoteContent]":
    if address.scheme in {"https", "http"}:
        from couponhub.intake.web_files import opened_web_file  # noqa: PLC0415 - brings in what speaks HTTP

        return opened_web_file(address, deadline)
    from couponhub.intake.objects import opened_object  # noqa: PLC0415 - an extra

    return opened_object(address)


def _written(
    address: FileAddress, content: RemoteContent, folder: Path, deadline: Deadline, most_bytes: int
) -> Path:
    size = 0
    try:
        number, name = tempfile.mkstemp(dir=folder, prefix="fetched-")  # of mode 0600
        with os.fdopen(number, "wb") as file:
            for block in content.blocks:
                size += len(block)
                if size > most_bytes:
                    raise _too_large(address.shown, most_bytes)
                if deadline.passed():
                    raise VendorUnavailable(
                        f"{address.shown} did not come in time: {size:,} bytes of it did", too_slow=True
                    )
                file.write(block)
    except OSError as error:
        raise LocalError(f"the copy of {address.shown} cannot be written: {error.strerror}") from None
    if content.size is not None and size != content.size:
        raise VendorUnavailable(
            f"{address.shown} came cut off: {size:,} of {content.size:,} bytes",
            hint="the same command fetches it anew",
        )
    return Path(name)


def _too_large(name: str, most_bytes: int) -> UsageError:
    return UsageError(
        f"{name} is more than {most_bytes:,} bytes", hint="no code file is that large; split it"
    )
