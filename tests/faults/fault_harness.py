"""A vendor that many cells share: its truth, the fault in force, and time that passes when it is slept."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import attrs
import pytest

from couponhub.clock import Clock
from couponhub.connection import Connection
from couponhub.errors import NotFound
from couponhub.hub import CouponHub
from couponhub.models import ListId, Part
from couponhub.plugin import AdapterPlugin, ConnectionSettings
from couponhub.state import Quotas
from couponhub.state.sqlite.quotas import SqliteQuotas
from couponhub.testing import EmulatorContext, Harness, harness_for
from couponhub.testing.emulation.faults import read_rules
from couponhub.transport import RetryPolicy, TransportSettings
from couponhub_capillary import PLUGIN as CAPILLARY
from couponhub_moengage import PLUGIN as MOENGAGE
from tests.faults.mishaps import Mishap

BUYER = {
    "mobile": "919876500001",
    "email": "buyer.one@example.com",
    "external_id": "E-BUYER-1",
    "id": "98000001",
}
BROWSER = {
    "mobile": "919876500002",
    "email": "browser.two@example.com",
    "external_id": "E-BROWSER-2",
    "id": "98000002",
}
CODE = "ZQX"
"""What every code begins with, so that none hides in a text."""

UNSPEAKABLE = (CODE, *BUYER.values(), *BROWSER.values(), "demo-secret", "demo-key")
"""What no error may tell."""

PLUGINS: Mapping[str, AdapterPlugin] = {"moengage": MOENGAGE, "capillary": CAPILLARY}
SERIES = {
    "discountCode": "FAULTS",
    "discountType": "PERC",
    "discountValue": "10",
    "smsTemplate": "Hi {{first_name}}, your code is {{voucher}}",
}
LIST_EXTRA = {"moengage": {}, "capillary": SERIES}
SETTINGS: Mapping[str, Mapping[str, str]] = {"moengage": {"created_by": "faults"}, "capillary": {}}

MEGABYTE = 1024 * 1024
MOST_REPLY_BYTES = 4 * MEGABYTE
_MOST_LISTS = 25
_SECONDS_TO_SETTLE = 5.0


class PacedClock:
    """Time that sleeping sets ahead, instead of taking it; meanwhile the vendor does what is due.

    Attributes:
        pauses: Every sleep, in seconds, as it was asked for.
    """

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.worlds: list[EmulatorContext] = []
        self._ahead = 0.0

    def sleep(self, seconds: float) -> None:
        """Set time ahead."""
        self.pauses.append(seconds)
        self._ahead += seconds
        for world in self.worlds:
            settle(world)

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic() + self._ahead

    def seconds(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._ahead

    def now(self) -> datetime:
        """The time of day."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def rule(self, patch: pytest.MonkeyPatch) -> None:
        """Have the product live by this clock, and take replies of a size that tests can afford."""
        patch.setattr("couponhub.transport.transport.RetryPolicy", partial(RetryPolicy, base=0.0))
        clock = Clock(now=self.now, monotonic=self.monotonic, sleep=self.sleep)
        patch.setattr("couponhub.runtime.SYSTEM_CLOCK", clock)
        patch.setattr("couponhub.runtime.Quotas", self._quotas)
        patch.setattr("couponhub.staging.server._POLL_SECONDS", 0.002)
        bounded_replies(patch)

    def _quotas(self, store: SqliteQuotas) -> Quotas:
        store.now = self.seconds
        return Quotas(store, now=self.seconds)


def bounded_replies(patch: pytest.MonkeyPatch) -> None:
    """Have connections refuse replies of more bytes than tests can afford."""
    unbounded = ConnectionSettings.transport

    def transport(settings: ConnectionSettings) -> TransportSettings:
        return attrs.evolve(unbounded(settings), max_reply_bytes=MOST_REPLY_BYTES)

    patch.setattr(ConnectionSettings, "transport", transport)


def settle(world: EmulatorContext) -> None:
    """Let the vendor do all that is due now."""
    background = world.background
    end = time.monotonic() + _SECONDS_TO_SETTLE
    while time.monotonic() < end:
        with background._changed:
            due = background._due and background._due[0][0] <= time.monotonic()
            if not due and not background._busy:
                return
        time.sleep(0.0005)
    raise AssertionError("the vendor does not come to rest")


NO_LIST = ListId("")


@attrs.define(kw_only=True)
class Target:
    """What one operation is about.

    Attributes:
        name: Of the list, file or report that is written.
        codes: That are sent, asked for or deleted.
        file: Their file.
    """

    list_id: ListId = NO_LIST
    upload_id: str = ""
    name: str = ""
    codes: Sequence[str] = ()
    file: str = ""


@attrs.define(kw_only=True)
class FaultHarness:
    """One vendor, and a hub on it that outlives many cells.

    Attributes:
        standing: What operations that only read are about, by kind; made when it is first asked for.
        answers: What was answered while all went well, by operation.
        worked: How many operations wrote to a list that others wrote to before.
    """

    harness: Harness
    paced: PacedClock
    hub: CouponHub
    open_hub: Callable[[], CouponHub]
    standing: dict[str, Target] = attrs.field(factory=dict)
    answers: dict[str, Any] = attrs.field(factory=dict)
    worked: int = 0
    _numbers: int = 0

    @property
    def vendor(self) -> str:
        """The vendor's name, which is the connection's."""
        return self.harness.plugin.name

    @property
    def connection(self) -> Connection:
        """The connection to it."""
        return self.hub[self.vendor]

    def fresh(self, word: str) -> str:
        """A word that was not used before."""
        self._numbers += 1
        return f"{word}-{self._numbers:05d}"

    def renew(self) -> None:
        """Begin anew: an empty vendor, an empty store, a hub that knows nothing."""
        self.hub.close()
        self.harness.server.app.reset()
        for file in self.harness.folder.glob("couponhub*.db*"):
            file.unlink()
        self.hub = self.open_hub()
        self.worked = 0
        self.standing.clear()
        self.answers.clear()

    def renew_if_full(self) -> None:
        """Begin anew when so many lists are there that reading them takes its time."""
        if len(self.lists()) > _MOST_LISTS:
            self.renew()

    def rest(self) -> None:
        """Let the vendor do all that is due."""
        settle(self.harness.server.world)

    def spoil(self, mishap: Mishap, nth: int | None, match: str = "* *") -> None:
        """Put a mishap in force: for the n-th call from now on that matches, or for all of them."""
        rule: dict[str, Any] = {"vendor": self.vendor, "match": match, **mishap.rule(time.time())}
        if nth is not None:
            rule |= {"every": nth, "times": 1}
        app = self.harness.server.app
        app.faults.replace(read_rules([rule], vendors=app.vendors))

    def mend(self) -> int:
        """Let all go well again; how many calls had been spoilt."""
        app = self.harness.server.app
        fired = sum(int(rule["fired"]) for rule in app.faults.to_json())
        app.faults.replace(())
        return fired

    def lists(self) -> list[tuple[str, str, str]]:
        """The truth: id, name and status of every list; Capillary tells no status."""
        call = self.connection.call
        if self.vendor == "moengage":
            answer: Any = call("GET", "/coupon-list")
            return [(one["_id"], one["name"], one["status"]) for one in answer["data"]]
        try:
            answer = call("GET", "/v2/coupon/series", query={"couponType": "ALL", "limit": "1000"})
        except NotFound:  # so it is told that there is none
            return []
        return [(str(one["id"]), one["description"], "") for one in answer["entity"]]

    def held(self, list_id: str) -> Counter[str]:
        """The truth: the codes that a list holds, each with how often."""
        return Counter(row["code"] for row in self._codes(list_id) if row["status"] != "removed")

    def available(self, list_id: str) -> int:
        """The truth: how many codes of a list can be handed out."""
        return sum(row["status"] == "available" for row in self._codes(list_id))

    def held_by(self, mobile: str) -> Counter[str]:
        """The truth: the codes that a customer holds, in whatever list."""
        return Counter(
            row["code"]
            for list_id, *_ in self.lists()
            for row in self._codes(list_id)
            if row["customer"] is not None and row["customer"]["mobile"] == mobile
        )

    def _codes(self, list_id: str) -> Sequence[Mapping[str, Any]]:
        # What the control API answers, without the way there.
        return self.harness.emulator.codes(list_id)

    def files(self, list_id: str, name: str) -> list[Part]:
        """The truth: the vendor's files of an upload of that name."""
        adapter: Any = self.connection._adapter
        return [part for part in adapter.iterate_parts(ListId(list_id)) if part.name.startswith(name)]


@contextmanager
def fault_harness_of(
    vendor: str, paced: PacedClock, *, file_limits: Mapping[str, int] | None = None, **settings: Any
) -> Iterator[FaultHarness]:
    """A harness for a vendor, whose rate limits are not counted unless `limits` say so; the clock must rule already."""
    with harness_for(
        PLUGINS[vendor], list_extra=LIST_EXTRA[vendor], settings=SETTINGS[vendor], processing_delay=0.0
    ) as harness:
        paced.worlds.append(harness.server.world)
        limits = harness.connection.capabilities.limits
        unpaced = {name: 0 for name in limits if "_per_" in name}
        chosen = {"settle": 0.0, "limits": {**unpaced, **(file_limits or {})}, **settings}
        open_hub = partial(harness.open_hub, **chosen)
        faulty = FaultHarness(harness=harness, paced=paced, hub=open_hub(), open_hub=open_hub)
        try:
            yield faulty
        finally:
            faulty.hub.close()
            paced.worlds.remove(harness.server.world)
