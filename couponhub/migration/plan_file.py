"""The file of a plan: written once, and read back only as it was written."""

import hashlib
import json
import os
from pathlib import Path

import attrs

from couponhub.errors import LocalError, UsageError
from couponhub.models import MigrationPlan
from couponhub.serialization import Document, from_document, json_text, to_document

VERSION = 1
_MOST_BYTES = 16 << 20
"""A plan has a line for each batch, source and collision; what is longer is something else."""


def sealed(plan: MigrationPlan) -> MigrationPlan:
    """Return the plan with its digest."""
    return attrs.evolve(plan, digest=digest_of_document(to_document(plan)))


def digest_of_document(document: Document) -> str:
    """Return the SHA-256 of a plan's document without its digest, in hex.

    The document is written as JSON in UTF-8, keys sorted, without blanks.
    """
    rest = {key: value for key, value in document.items() if key != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def write_plan(plan: MigrationPlan, path: str | os.PathLike[str]) -> None:
    """Write a plan to a new file.

    Raises:
        LocalError: The file is there, or cannot be written; nothing half done is left.
    """
    write_new(Path(path), f"{json_text(to_document(plan), indent=2)}\n")


def require_new(path: Path) -> None:
    """Refuse a file that is there before work on it begins.

    Raises:
        LocalError: It is, or its folder is not.
    """
    if path.exists() or path.is_symlink():
        raise LocalError(f"{path} cannot be written: File exists", hint="name a new file")
    if not path.parent.is_dir():
        raise LocalError(f"{path} cannot be written: there is no folder {path.parent}")


def write_new(path: Path, text: str, *, private: bool = False) -> None:
    """Write a text to a new file, whole or not at all.

    Args:
        path: Of the file.
        text: All of it.
        private: Whether it is for its owner alone.

    Raises:
        LocalError: As of `write_plan`.
    """
    try:
        path.touch(mode=0o600 if private else 0o666, exist_ok=False)
    except OSError as error:
        raise LocalError(f"{path} cannot be written: {error.strerror}") from error
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise LocalError(f"{path} cannot be written: {error.strerror}") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def read_plan(path: str | os.PathLike[str]) -> MigrationPlan:
    """Read a plan.

    Raises:
        LocalError: The file cannot be read.
        UsageError: It is no plan, is one of another version, or was edited by hand.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise LocalError(f"cannot read {path}: {error.strerror}") from error
    except ValueError:
        raise UsageError("the path of a plan holds what no path can hold") from None
    return plan_of(content, str(path))


def plan_of(content: bytes, name: str) -> MigrationPlan:
    """Return the plan in the content of a file.

    Args:
        content: The bytes.
        name: What people know the file by.

    Raises:
        UsageError: As of `read_plan`.
    """
    try:
        document = json.loads(content) if len(content) <= _MOST_BYTES else None
    except (ValueError, RecursionError):
        document = None
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(document, dict) or type(version) is not int or "digest" not in document:
        raise UsageError(f"{name} is no plan of a migration", hint="`couponhub migrate plan` makes one")
    if version != VERSION:
        which = "a newer" if version > VERSION else "an older"
        raise UsageError(
            f"{name} is a plan of {which} couponhub: version {version}, where this one has {VERSION}",
            hint="plan anew" if version < VERSION else "upgrade couponhub, or plan anew",
        )
    if document["digest"] != digest_of_document(document):
        raise UsageError(
            f"{name} was edited by hand: its digest does not match what stands in it",
            hint="plan anew with other options; what was not reviewed is not run",
        )
    try:
        return from_document(document, MigrationPlan)
    except ValueError as error:
        raise UsageError(f"{name} is no plan of a migration: {error}") from None
