"""Documents as bytes; what clients remember is written once, not for each who asks."""

import json
from typing import Any

import msgspec

from couponhub.lookup import WeakIdentityMap
from couponhub.models import LookupAnswer
from couponhub.serialization import error_object, to_document
from couponhub.server.discretion import discreet
from couponhub.server.masking import without_codes, without_names


def json_bytes(document: Any) -> bytes:
    """A document as JSON in UTF-8; half a surrogate pair, which vendors can send, as its escape."""
    try:
        return msgspec.json.encode(document)
    except (OverflowError, TypeError, ValueError):
        return json.dumps(document, separators=(",", ":")).encode()


class LookupWriter:
    """Writes answers. Thread-safe.

    Args:
        reveals: Whether codes are shown whole, and the customer's names.
        raw: Whether the vendors' own objects are added.
    """

    def __init__(self, *, reveals: bool, raw: bool = False) -> None:
        self._reveals = reveals
        self._raw = raw
        # A hub tells what its clients remember as the same object each time.
        self._written: WeakIdentityMap[LookupAnswer, bytes] = WeakIdentityMap()

    def write(self, answer: LookupAnswer) -> bytes:
        """The lookup object."""
        written = self._written.get(answer)
        if written is None:
            document = to_document(answer, raw=self._raw)
            for one, shown in zip(answer.answers, document["answers"], strict=True):
                shown["error"] = one.error and error_object(discreet(one.error))
            if not self._reveals:
                document = without_codes(without_names(document), [one.code for one in answer.coupons])
            written = json_bytes(document)
            self._written.put(answer, written)
        return written
