"""The wish of a caller that codes be sent, as it comes in a form with a file or in JSON with an address."""

import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import attrs

from couponhub.errors import UsageError
from couponhub.json_schema import Schema
from couponhub.models import FileUrl, Identifier, Tagging
from couponhub.server.bounds import LONGEST_TEXT
from couponhub.server.file_forms import FileForm
from couponhub.settings import setting

_TRUE, _FALSE = frozenset({"true", "yes", "1", "on"}), frozenset({"false", "no", "0", ""})
_BLOCK = 1024 * 1024


@attrs.frozen(kw_only=True)
class UploadRequestBody:
    """The wish that a vendor fetch a file of codes from an address."""

    about: ClassVar[str] = "A file of codes that lies where the vendor can fetch it."

    url: str = setting(
        about="Where the vendor fetches the file.", schema={"maxLength": LONGEST_TEXT}, repr=False
    )
    url_user: str | None = setting(None, about="For an address that wants Basic credentials.")
    url_password: str | None = setting(None, about="The same.", repr=False)
    name: str | None = setting(None, about="What to call the upload; `codes` by default.")
    callback: str | None = setting(None, about="Where the vendor is to report the end.", repr=False)
    again: bool = setting(default=False, about="Whether to send also what was sent to the list before.")


@attrs.frozen(kw_only=True)
class UploadWish:
    """The wish that codes be sent, wherever they lie.

    Attributes:
        source: A file of this machine, for as long as the request; or an address.
        name: What to call the upload.
        is_paused: True when it shall be looked at before anything is sent.
    """

    source: Path | FileUrl = attrs.field(repr=False)
    name: str
    column: str | int | None = None
    tagging: Tagging | None = None
    callback: str | None = attrs.field(default=None, repr=False)
    again: bool = False
    is_paused: bool = False

    @classmethod
    def of_form(cls, form: FileForm) -> "UploadWish":
        """Read a form.

        Raises:
            UsageError: A field is not known, or says what it cannot.
        """
        if form.file is None:
            raise UsageError("there is no file in the form", hint="send it as the field `file`")
        fields = {name: value for name, value in form.fields.items() if value}
        unknown = sorted(fields.keys() - _FIELDS)
        if unknown:
            raise UsageError(
                f"the form has a field that is not known: {unknown[0] if unknown[0].isidentifier() else 'with an odd name'}",
                hint=f"fields are file, {', '.join(sorted(_FIELDS))}",
            )
        tagging = None
        if "tag" in fields:
            tagging = Tagging(identifier=fields["tag"], column=_column(fields.get("tag_column")))
        elif "tag_column" in fields:
            raise UsageError("tag_column names the column of customers, and `tag` does not say what they are")
        return cls(
            source=form.file,
            name=fields.get("name") or form.name or "codes",
            column=_column(fields.get("column")),
            tagging=tagging,
            callback=fields.get("callback"),
            again=_flag(fields, "again"),
            is_paused=_flag(fields, "paused"),
        )

    @classmethod
    def of_body(cls, body: UploadRequestBody) -> "UploadWish":
        """Read a body of JSON.

        Raises:
            UsageError: There can be no such file.
        """
        source = FileUrl(url=body.url, username=body.url_user, password=body.url_password)
        return cls(source=source, name=body.name or "codes", callback=body.callback, again=body.again)

    def told_from_others(self, key: bytes) -> str:
        """Return what tells this wish from others, and nobody without the key what it holds."""
        digest = hmac.new(key, digestmod=hashlib.sha256)
        for text in (self.name, self.column, self.tagging, self.callback, self.again, self.is_paused):
            digest.update(f"{text!r}\n".encode())
        if isinstance(self.source, FileUrl):
            digest.update(self.source.url.encode())
        else:
            with self.source.open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
        return digest.hexdigest()[:32]


_ABOUT: Mapping[str, Schema] = MappingProxyType(
    {
        "name": {"type": "string", "description": "What to call the upload; the file's name by default."},
        "column": {
            "type": "string",
            "description": "The column of codes, by its name or by its position from 0; it is looked for by default.",
        },
        "tag": {
            "type": "string",
            "enum": [kind.value for kind in Identifier],
            "description": "Binds each code to the customer beside it: the kind of identifier that the file holds.",
        },
        "tag_column": {"type": "string", "description": "The column of customers, given like `column`."},
        "callback": {"type": "string", "description": "Where the vendor is to report the end."},
        "again": {
            "type": "string",
            "enum": ["true", "false"],
            "description": "Whether to send also what was sent to the list before.",
        },
        "paused": {
            "type": "string",
            "enum": ["true", "false"],
            "description": "Whether to send nothing before the job of the upload's id is resumed.",
        },
    }
)
_FIELDS = frozenset(_ABOUT)


def form_schema() -> Schema:
    """Return the schema of a form with a file."""
    file = {"type": "string", "contentMediaType": "text/csv", "description": "The file of codes."}
    return {
        "type": "object",
        "description": "A file of codes with what to do with it.",
        "properties": {"file": file, **_ABOUT},
        "required": ["file"],
        "additionalProperties": False,
    }


def _column(text: str | None) -> str | int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else text


def _flag(fields: Mapping[str, str], name: str) -> bool:
    word = fields.get(name, "").casefold()
    if word not in _TRUE | _FALSE:
        raise UsageError(f"{name}: expected true or false")
    return word in _TRUE
