"""Names that are ours: ids of uploads, and the unique names of parts."""

import base64
import hashlib
import os
import re
import secrets
import string
from pathlib import PurePath

from couponhub.codes import CodeSource
from couponhub.intake.addresses import address_of, is_address
from couponhub.models import FileUrl, UploadId

_LETTERS = string.ascii_lowercase + "234567"
_PREFIX = "up_"
_LONGEST_STEM = 100

# What vendors would have to escape, and might give back otherwise than they got it.
_RISKY = re.compile(r"[^A-Za-z0-9 ._()-]+")


def new_upload_id() -> UploadId:
    """An id that nobody else has, and that tells nothing."""
    return UploadId(_PREFIX + _random(20))


def upload_id_of(*words: str) -> UploadId:
    """An id that follows from words, none of which can be found out from it where one of them is a secret."""
    digest = hashlib.sha256("\n".join(words).encode()).digest()
    return UploadId(_PREFIX + base64.b32encode(digest)[:20].decode().lower())


def is_upload_id(text: str) -> bool:
    """Tell our ids from those of vendors."""
    return text.startswith(_PREFIX)


def default_name(source: CodeSource | FileUrl) -> str:
    """The file's name; "codes" where there is none, also for a FileUrl, since its path may be a right in itself."""
    if isinstance(source, str) and is_address(source):
        return address_of(source).name or "codes"
    path = getattr(source, "name", source)
    if isinstance(path, (str, os.PathLike)) and not str(path).startswith("<"):
        return PurePath(path).name or "codes"
    return "codes"


def part_name(upload_name: str) -> str:
    """A unique name for a part: the handle to find it by when the vendor's answer was lost."""
    stem = re.sub(r"\.(csv|txt)$", "", upload_name, flags=re.IGNORECASE)
    stem = _RISKY.sub("_", stem).strip(" .")[:_LONGEST_STEM] or "codes"
    return f"{stem}-{_random(10)}.csv"


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))
