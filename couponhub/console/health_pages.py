"""The page of connections and health: what each can do, what is left, and whether it answers; nobody is asked to show it."""

from collections.abc import Iterator, Mapping
from typing import Self

import attrs

from couponhub.clock import utc_now
from couponhub.console.connection_checks import CheckOutcome, ConnectionChecks
from couponhub.console.pages import Page, PageRequest, Shown, View
from couponhub.console.quota_gauge import QuotaGauge
from couponhub.console.reading_notes import ReadingNotes
from couponhub.console.recent_calls import ConnectionCalls, RecentCalls
from couponhub.errors import CouponhubError
from couponhub.hub import CouponHub
from couponhub.protocols import CAPABILITIES
from couponhub.resilience.outcome import ResilienceStatus
from couponhub.server.discretion import discreet
from couponhub.server.parts import NEEDED, Parts
from couponhub.state import Scope


@attrs.frozen(kw_only=True)
class ConnectionCard:
    """One connection.

    Attributes:
        vendor: None when it could not be opened; so with all that only an opened one tells.
        able: The names of what it can do.
        calls: How its last calls went, on all servers; None where that is not known.
        status: How lookups stand that ask it, in this process; None before any did.
        error: Why it cannot be opened, or its limits cannot be read, for people.
    """

    name: str
    adapter: str
    vendor: str | None = None
    able: frozenset[str] = frozenset()
    limits: tuple[QuotaGauge, ...] = ()
    calls: ConnectionCalls | None = None
    status: ResilienceStatus | None = None
    error: CouponhubError | None = None
    checked: CheckOutcome | None = None
    is_being_checked: bool = False

    def lacks(self, capability: str) -> bool:
        """Tell whether its vendor is known not to have an ability."""
        return self.vendor is not None and capability not in self.able

    @classmethod
    def of(
        cls, hub: CouponHub, name: str, checks: ConnectionChecks, notes: ReadingNotes, calls: RecentCalls
    ) -> Self:
        """Return what is shown of a connection; its vendor is not asked."""
        card = cls(
            name=name,
            adapter=hub.config.connections[name].plugin.name,
            checked=checks.last(name),
            is_being_checked=checks.is_under_way(name),
            calls=calls.of(name),
        )
        try:
            connection = hub[name]
        except CouponhubError as error:
            return attrs.evolve(card, error=discreet(error))
        able = connection.capabilities
        left: Mapping[str, int] = {}
        fault: CouponhubError | None = None
        try:
            left = connection.quota_left()
        except CouponhubError as error:
            fault = discreet(error)
        client = hub.resilience.get(name)
        before, now = notes.quotas(name), utc_now()
        return attrs.evolve(
            card,
            vendor=connection.vendor,
            able=able.supported,
            limits=tuple(
                QuotaGauge.of(limit, most, left.get(limit), before.get(limit), now)
                for limit, most in able.limits.items()
            ),
            status=None if client is None else client.status(),
            error=fault,
        )


class HealthPages:
    """Shows how connections stand, and checks them.

    Args:
        hub: Whose connections.
        parts: What the service rests on.
        notes: Knows what was left of limits before.
    """

    def __init__(self, hub: CouponHub, parts: Parts, notes: ReadingNotes) -> None:
        self._hub = hub
        self._notes = notes
        self._calls = RecentCalls(hub)
        self._parts = parts
        self._checks = ConnectionChecks(hub)

    def pages(self) -> Iterator[Page]:
        """The pages."""
        yield Page(
            name="connections",
            method="GET",
            path="/connections",
            run=self._shown,
            scope=Scope.LISTS_READ,
            entry="menu.connections",
        )
        yield Page(
            name="check",
            method="POST",
            path="/connections/{connection}/check",
            run=self._check,
            scope=Scope.LISTS_READ,
        )

    def _shown(self, call: PageRequest) -> Shown:
        cards = [
            ConnectionCard.of(self._hub, name, self._checks, self._notes, self._calls) for name in self._hub
        ]
        lacking = [name for name in CAPABILITIES if any(one.lacks(name) for one in cards)]
        return View(
            template="connections.html",
            values={
                "cards": cards,
                "notes": {name: number for number, name in enumerate(lacking, start=1)},
                "capabilities": tuple(CAPABILITIES),
                "parts": self._parts.standings(),
                "needed": NEEDED,
                "tells_place": call.may(Scope.ADMIN),
            },
        )

    def _check(self, call: PageRequest) -> Shown:
        self._checks.check(call.path["connection"])
        return self._shown(call)
