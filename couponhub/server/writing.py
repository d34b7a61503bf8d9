"""Documents as bytes; what lanes remember is written once, not for each who asks."""

import json
from typing import Any

import msgspec

from couponhub.documents import Document, coupon_document, lookup_document
from couponhub.lookup import KeptBeside
from couponhub.models import Coupon, LookupAnswer
from couponhub.server.masking import without_code


def json_bytes(document: Any) -> bytes:
    """A document as JSON in UTF-8; half a surrogate pair, which vendors can send, as its escape."""
    try:
        return msgspec.json.encode(document)
    except (OverflowError, TypeError, ValueError):
        return json.dumps(document, separators=(",", ":")).encode()


class LookupWriter:
    """Writes answers. Thread-safe.

    Args:
        reveals: Whether codes are shown whole.
    """

    def __init__(self, *, reveals: bool) -> None:
        self._reveals = reveals
        # A hub tells what its lanes remember as the same object each time.
        self._written: KeptBeside[LookupAnswer, bytes] = KeptBeside()

    def write(self, answer: LookupAnswer) -> bytes:
        """The lookup object."""
        written = self._written.get(answer)
        if written is None:
            written = json_bytes(lookup_document(answer, shown=self._shown))
            self._written.put(answer, written)
        return written

    def _shown(self, coupon: Coupon, others: list[str]) -> Document:
        document = coupon_document(coupon)
        shown = document if self._reveals else without_code(document)
        shown["also_at"] = others
        return shown
