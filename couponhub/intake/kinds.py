"""Kinds of files by how they begin: those that are unpacked or decoded, and those that hold no rows, with the way to some."""

import codecs
import re

from couponhub.errors import UsageError
from couponhub.intake.expected import ExpectedFile

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OLE = b"\xd0\xcf\x11\xe0"
"""Of .xls workbooks, and of .xlsx ones with a password."""
PARQUET = b"PAR1"
ARROW_FILE, ARROW_STREAM = b"ARROW1", b"\xff\xff\xff\xff"

_EXPORT = ""
"""For what the way is to export what was expected."""
_UNPACK = "unpack it, or pack it anew with gzip, zstd or zip"
_IMAGE = ("an image", _EXPORT)
_KINDS = {
    b"%PDF": ("a PDF", _EXPORT),
    b"\x89PNG": _IMAGE,
    b"\xff\xd8\xff": _IMAGE,
    b"GIF8": _IMAGE,
    b"II*\0": _IMAGE,
    b"MM\0*": _IMAGE,
    b"SQLite format 3": ("a SQLite database", _EXPORT),
    b"{\\rtf": ("a text document (RTF)", _EXPORT),
    b"BZh": ("packed with bzip2", _UNPACK),
    b"\xfd7zXZ": ("packed with xz", _UNPACK),
    b"7z\xbc\xaf": ("packed with 7-Zip", _UNPACK),
    b"Rar!": ("a RAR archive", _UNPACK),
    b"\x7fELF": ("a program", _EXPORT),
    b"OBJ\x01": ("an Avro file", "export it as Parquet or CSV"),
    b"Obj\x01": ("an Avro file", "export it as Parquet or CSV"),
}
_MARKUP = (
    (
        re.compile(rb"<(?:!doctype html|html|head|body|script|!--)", re.IGNORECASE),
        "a web page",
        "it may be the page of an error or of a sign-in that was saved: open it in a browser, sign in, and save the file anew",
    ),
    (re.compile(rb"<\?xml|<[a-z]+[ >/]", re.IGNORECASE), "XML", _EXPORT),
    (re.compile(rb"\{\s*[\"}]|\[\s*[\[{\"]"), "JSON", _EXPORT),
)
_ENCODINGS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, with whose mark it begins
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def refuse_other_kinds(start: bytes, expected: ExpectedFile) -> None:
    """Name a file that holds no rows as text, by its first bytes, rather than read rows out of it.

    Raises:
        UsageError: It is one; the hint says how it becomes one that can be read.
    """
    found = next((kind for mark, kind in _KINDS.items() if start.startswith(mark)), None)
    if found is None:
        text = start[:200].removeprefix(codecs.BOM_UTF8).lstrip()
        found = next(((what, hint) for form, what, hint in _MARKUP if form.match(text)), None)
    if found is not None:
        what, hint = found
        raise UsageError(f"this is no {expected.name}: it is {what}", hint=hint or expected.export)


def encoding_of(start: bytes) -> str:
    """Return the encoding of a text, as Python calls it, by its mark or by its first bytes: UTF-8 where nothing else shows."""
    for mark, name in _ENCODINGS.items():
        if start.startswith(mark):
            return name
    pairs = start[:200]
    pairs = pairs[: len(pairs) // 2 * 2]
    # Without a mark; what every second byte says of Latin letters.
    if len(pairs) > 3 and not any(pairs[1::2]) and all(pairs[::2]):
        return "utf-16-le"
    if len(pairs) > 3 and not any(pairs[::2]) and all(pairs[1::2]):
        return "utf-16-be"
    return "utf-8"
