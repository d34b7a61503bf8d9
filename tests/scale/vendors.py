"""Both emulated vendors, how much they may be asked, and what they saw."""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import attrs
import pytest

from couponhub.testing import Control, EmulatorContext, EmulatorServer
from couponhub.testing.emulation.app import EmulatorApp
from couponhub.testing.emulation.vendor import VendorEmulator
from couponhub.testing.vendors import emulators
from tests.kit.forwarder import Forwarder, forwarding
from tests.kit.witness import codes_given

ROWS = 3
"""Codes in a part."""
SENT = "KNOWN-SENT-{:05}"
"""A code of an upload."""
LIMITS = {
    "capillary": {"file_rows": ROWS, "calls_per_minute": 600},
    "moengage": {
        "file_bytes": len("Coupon Code\n") + ROWS * len(SENT.format(0) + "\n"),
        "upload_per_minute": 60,
        "upload_per_day": 0,
        "fetch_files_per_day": 0,
        "fetch_file_per_day": 0,
    },
}
_UPLOADS = {"capillary": "POST */upload/*", "moengage": "POST */files"}


@attrs.define
class Vendors:
    """Emulated vendors, and what they saw.

    Attributes:
        url: Where they are reached: a way that can be cut.
        given: Every code that they were given, with how often.
        calls: How many calls each saw in each calendar minute, by its name and what it limits.
    """

    url: str
    emulated: Mapping[str, VendorEmulator]
    given: Counter[str]
    calls: dict[tuple[str, str], Counter[int]]

    def control(self, name: str) -> Control:
        """Steer one of them."""
        return Control(self.url, name)

    def let_uploads_take(self, seconds: float) -> None:
        """Have each submission of a part take so long."""
        self.control("capillary").set_faults(
            *(
                {"vendor": name, "match": match, "fault": "latency", "value": seconds}
                for name, match in _UPLOADS.items()
            )
        )

    def most(self, name: str, limit: str) -> int:
        """Return the most calls of a kind that there were in a minute."""
        return max(self.calls[name, limit].values(), default=0)


def served(stack: ExitStack) -> tuple[Vendors, Forwarder]:
    """Serve both vendors, and count their calls; with them the way to them, which can be cut."""
    patch = stack.enter_context(pytest.MonkeyPatch.context())
    context = EmulatorContext()
    emulated = {one.name: one for one in emulators((), context)}
    for one in emulated.values():
        one.set_processing_delay(0.1)
    calls: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    answer = EmulatorApp.__call__

    def counted(app: EmulatorApp, environ: Any, start_response: Any) -> Any:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        name = path.split("/")[1]
        minute = int(time.time()) // 60
        if name == "capillary" and "oauth" not in path:
            calls[name, "calls_per_minute"][minute] += 1
        if name == "moengage" and method == "POST" and path.endswith("/files"):
            calls[name, "upload_per_minute"][minute] += 1
        return answer(app, environ, start_response)

    patch.setattr(EmulatorApp, "__call__", counted)
    server = stack.enter_context(EmulatorServer([*emulated.values()], context, allowed_hosts=["127.0.0.1"]))
    given = stack.enter_context(codes_given(SENT.partition("{")[0] + "[0-9]+"))
    way = stack.enter_context(forwarding(int(server.url.rpartition(":")[2])))
    return Vendors(server.url, emulated, given, calls), way
