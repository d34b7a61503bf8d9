"""Arguments of callers of uploads; see `couponhub.models.given`."""

import inspect
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal, get_args

from couponhub.codes import CodeSource, is_file
from couponhub.errors import UsageError
from couponhub.models import FileUrl, ListId, Upload
from couponhub.models.base import given_list_id
from couponhub.models.given import given_id, given_many, given_one, given_seconds, given_whole
from couponhub.uploads.events import Progress

UploadSource = CodeSource | FileUrl
"""A path or an address, an open binary or text file, an iterable of codes, or the URL of a file that the vendor fetches itself."""

Acceptable = Literal["ruined"]
"""Words for what is refused unless somebody says that it is meant."""


def given_source(value: UploadSource, *, is_read_as: bool = False) -> UploadSource:
    """Something that may hold codes; nothing of it is read.

    Args:
        value: The source.
        is_read_as: Whether it is said how to read it.
    """
    if isinstance(value, FileUrl) and is_read_as:
        raise UsageError("a file at a URL is sent as it is: no column of it can be chosen, nothing accepted")
    if not isinstance(value, FileUrl) and not is_file(value):
        given_many(value, "the codes, unless they come as a path, an open file or a FileUrl,", of=given_id)
    return value


def given_column(value: str | int | None) -> str | int | None:
    """A column by name, or by position from 0; None to find it by its name."""
    if value is None or isinstance(value, str):
        return value if value is None else given_id(value, "the column")
    return given_whole(value, "the column", least=0)


def given_acceptables(value: Acceptable | Iterable[Acceptable]) -> frozenset[str]:
    """Return what is meant though it looks wrong, one or several words."""
    words = frozenset(given_many(value, "accept", of=given_id, single=str))
    if words - set(get_args(Acceptable)):
        raise UsageError(f"accept is one of {', '.join(get_args(Acceptable))}, and another word was given")
    return words


def given_upload(upload: Upload | str, list_id: str | None) -> tuple[ListId, str]:
    """The list and the id of an upload that is given as it is, or by these."""
    if not isinstance(upload, str):
        one = given_one(Upload, upload, "the upload", hint="or give its id and its list's")
        return one.list_id, one.id
    if list_id is None:
        raise UsageError("to wait for an upload by its id takes the list's id too")
    return given_list_id(list_id), given_upload_id(upload)


def given_target(value: object) -> Path:
    """The path of a file to be written."""
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise UsageError("where to write must be a path", hint="such as report.csv")
    return Path(os.fsdecode(value))


def given_upload_id(value: str) -> str:
    """An upload's id, ours or a vendor's."""
    return given_id(value, "the upload's id")


def given_timeout(value: float | None) -> float | None:
    """Seconds, none of them to be told at once how it stands; None for as long as it takes."""
    return None if value is None else given_seconds(value, "the timeout", may_be_zero=True)


def given_progress(value: object) -> Progress:
    """Return what takes events."""
    refusal = UsageError("progress must be a function that takes an event")
    if not callable(value) or isinstance(value, type):
        raise refusal
    with suppress(ValueError):  # of some that are written in C nobody can tell
        try:
            inspect.signature(value).bind(None)
        except TypeError:
            raise refusal from None
    progress: Progress = value
    return progress
