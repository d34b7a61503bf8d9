"""Style, scripts and pictures: each under an address that says its content, so that browsers may keep it for ever."""

import gzip
import hashlib
from importlib.resources import files

import attrs

from couponhub.server.operations import OperationResponse
from couponhub.server.problems import not_there

PREFIX = "/static/"
_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


@attrs.frozen
class _File:
    content: bytes = attrs.field(repr=False)
    packed: bytes = attrs.field(repr=False)
    media_type: str
    version: str


class StaticFiles:
    """The files of the folder `static`, read once.

    Args:
        prefix: The beginning of their addresses.
    """

    def __init__(self, prefix: str = PREFIX) -> None:
        self._prefix = prefix
        self._files: dict[str, _File] = {}
        for entry in files("couponhub.console").joinpath("static").iterdir():
            kind = _KINDS.get(f".{entry.name.rpartition('.')[2]}")
            if kind is not None:
                content = entry.read_bytes()
                version = hashlib.sha256(content).hexdigest()[:12]
                self._files[entry.name] = _File(content, gzip.compress(content, mtime=0), kind, version)

    def url(self, name: str) -> str:
        """Return the address of a file."""
        return f"{self._prefix}{self._files[name].version}/{name}"

    def answer(self, path: str, accepted: str) -> OperationResponse:
        """Return the file at an address, packed where the browser takes it so.

        Raises:
            Refusal: There is none.
        """
        version, _, name = path.removeprefix(self._prefix).partition("/")
        found = self._files.get(name)
        if found is None or found.version != version:
            raise not_there()
        is_packed = "gzip" in accepted
        headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
        if is_packed:
            headers["Content-Encoding"] = "gzip"
        return OperationResponse(
            content=found.packed if is_packed else found.content,
            media_type=found.media_type,
            headers=headers,
        )
