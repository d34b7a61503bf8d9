"""The files of a migration in the state: its plan, what it sends, and the classes of its codes."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import attrs

from couponhub.codes.writing import csv_rows
from couponhub.errors import LocalError, NotFound
from couponhub.migration.code_files import create, csv_batches
from couponhub.models import Identifier, JobId, MigrationPlan
from couponhub.serialization import from_document, json_text, to_document
from couponhub.state import JobFiles

PLAN, ISSUED = "plan.json", "issued.csv"
ISSUED_KEPT = (*(kind.value for kind in Identifier), "code", "issued_at", "expires_at")
"""The columns of the kept issued codes; of those for customers one is filled, or none."""
_BLOCK = 1 << 20


@attrs.frozen(kw_only=True)
class KeptMigration:
    """The files of one migration. They are there from `apply` on.

    Attributes:
        files: Where they are kept.
        id: Of the migration, and of its job.
    """

    files: JobFiles
    id: JobId

    def keep(self, name: str, path: Path) -> None:
        """Keep a file of codes under a name; one that is taken keeps what it has."""
        with self._new(name) as file, path.open("rb") as source:
            shutil.copyfileobj(source, file, _BLOCK)

    def keep_tagged(self, name: str, path: Path, identifier: Identifier) -> None:
        """Keep a file of customers and codes, so that people are found in it who are to be forgotten."""
        with self._new(name) as file:
            file.write(csv_rows([(identifier.value, "code")]))
            for rows in csv_batches(path):
                file.write(csv_rows(rows))

    def keep_issued(self, path: Path) -> None:
        """Keep the issued codes with what is known of them, the same way."""
        kinds = [kind.value for kind in Identifier]
        with self._new(ISSUED) as file:
            file.write(csv_rows([ISSUED_KEPT]))
            for rows in csv_batches(path):
                file.write(
                    csv_rows(
                        [
                            (*(customer if kind == one else "" for one in kinds), code, issued_at, expires_at)
                            for kind, customer, code, issued_at, expires_at in rows
                        ]
                    )
                )

    def keep_bytes(self, name: str, content: bytes) -> None:
        """Keep what holds neither codes nor customers."""
        with self._new(name) as file:
            file.write(content)

    def bytes_of(self, name: str) -> bytes | None:
        """Return the content of a small kept file; None when there is none."""
        path = self.files.path(self.id, name)
        try:
            return None if path is None else path.read_bytes()
        except OSError as error:
            raise LocalError(f"{name} of {self.id} cannot be read: {error.strerror}") from error

    @contextmanager
    def _new(self, name: str) -> Iterator[IO[bytes]]:
        """Give a private file to write, which is kept under a name when the block has written it."""
        with self.files.workspace() as folder:
            path = folder / "kept"
            with create(path) as file:
                yield file
            self.files.put(self.id, name, path)

    def keep_plan(self, plan: MigrationPlan) -> None:
        """Keep the plan; last of all, for with it a migration is there."""
        with self._new(PLAN) as file:
            file.write(json_text(to_document(plan)).encode())

    def plan(self) -> MigrationPlan:
        """Return the plan that is applied.

        Raises:
            NotFound: There is no such migration.
            LocalError: It cannot be read.
        """
        path = self.files.path(self.id, PLAN)
        if path is None:
            raise NotFound(
                f"no migration {self.id} was applied here",
                hint="see `couponhub migrate ls`, or apply its plan",
            )
        try:
            return from_document(json.loads(path.read_text(encoding="utf-8")), MigrationPlan)
        except (OSError, ValueError) as error:
            raise LocalError(f"the kept plan of {self.id} cannot be read: {error}") from None

    def is_there(self) -> bool:
        """Return True once the plan is kept."""
        return self.files.path(self.id, PLAN) is not None

    def path(self, name: str) -> Path:
        """Return a kept file.

        Raises:
            LocalError: It is not kept any more.
        """
        found = self.files.path(self.id, name)
        if found is None:
            raise LocalError(f"{name} of {self.id} is not kept any more", hint="plan the migration anew")
        return found

    def drop_unfinished(self) -> None:
        """Remove what a killed `apply` left, which had not come to the plan."""
        with suppress(LocalError):
            if not self.is_there():
                self.files.drop(self.id)
