"""Counts the codes that emulated vendors are given: they may keep one of two, and then do not tell."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from werkzeug.wrappers import Request, Response

from couponhub_capillary.emulator.vendor import CapillaryEmulator
from couponhub_moengage.emulator.files import fetching, processing


@contextmanager
def codes_given(pattern: str) -> Iterator[Counter[str]]:
    """Count every code that the vendors take from whoever calls or serves them; a call that is refused gives nothing.

    Args:
        pattern: What the codes look like.
    """
    given: Counter[str] = Counter()
    read, handle = fetching.read_codes, CapillaryEmulator.handle

    def read_codes(content: bytes) -> list[str]:
        codes = read(content)
        given.update(codes)
        return codes

    def handled(vendor: CapillaryEmulator, request: Request) -> Response:
        body = request.get_data().decode(errors="replace") if request.method == "POST" else ""
        response = handle(vendor, request)
        if response.status_code < 300 and "/upload/" in request.path:
            given.update(re.findall(pattern, body))
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processing, "read_codes", read_codes)
        patch.setattr(CapillaryEmulator, "handle", handled)
        yield given
