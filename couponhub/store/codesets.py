"""Code sets: the codes of each part as a plain private file beside the database, one per line."""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import attrs

from couponhub.errors import LocalError
from couponhub.models import ListId, UploadId
from couponhub.store.living import Swept, living, remove_folder, sweep_all

_DAY = 86_400.0
_LOCK = ".lock"


@attrs.frozen
class CodeSets:
    """The folder of code sets: `<connection>/<list>/<upload>.<part>.txt`, all of it private.

    Names that begin with a dot are not connections: `.work` is where files are prepared, `.locks` says who
    is sending.
    """

    folder: Path

    def path(self, connection: str, list_id: ListId, upload_id: UploadId, number: int) -> Path:
        """Where the code set of a part lies; the file may be gone, by age."""
        return self.of_list(connection, list_id) / f"{upload_id}.{number}.txt"

    def of_list(self, connection: str, list_id: ListId) -> Path:
        """The folder of a list's code sets."""
        return self.folder / _file_name(connection) / _file_name(list_id)

    def lock_path(self, connection: str, list_id: ListId) -> Path:
        """The file that is locked by whoever is sending to the list."""
        folder = _private_folder(self.folder / ".locks" / _file_name(connection))
        return folder / f"{_file_name(list_id)}.lock"

    def keep(self, codes: Path, path: Path) -> None:
        """Move a file of codes to its place for good."""
        _private_folder(path.parent)
        with codes.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(codes, path)  # noqa: PTH105 - says better than Path.replace which is which

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """Give a private folder on the same file system, which ends with the block.

        What killed processes left of theirs is removed first.
        """
        self.sweep()
        with ExitStack() as job:
            try:
                home = _private_folder(self.folder / ".work")
                lock = job.enter_context(
                    living(lambda: home / f"{secrets.token_hex(8)}{_LOCK}", remove_folder)
                )
                folder = lock.with_suffix("")
                folder.mkdir(mode=0o700)
            except OSError as error:
                raise LocalError(f"no files can be written in {self.folder}: {error.strerror}") from error
            yield folder

    def sweep(self) -> Swept:
        """Remove the folders of killed processes; those of living ones stay."""
        return sweep_all(self.folder.glob(f".work/*{_LOCK}"), remove_folder)

    def purge(self, days: int) -> None:
        """Remove code sets older than that."""
        now = time.time()
        for path in self.folder.glob("[!.]*/*/*.txt"):
            if _age(path, now) > days * _DAY:
                path.unlink(missing_ok=True)


def _private_folder(path: Path) -> Path:
    # Not mkdir(parents=True), which gives the mode to the last folder only.
    for folder in reversed((path, *path.parents)):
        folder.mkdir(mode=0o700, exist_ok=True)
    return path


def _file_name(text: str) -> str:
    encoded = quote(text, safe="")
    return f"%2E{encoded[1:]}" if encoded.startswith(".") else encoded


def _age(path: Path, now: float) -> float:
    try:
        return now - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
