"""MoEngage's coupon API, emulated from its documentation alone: nothing here knows how the adapter reads it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

import attrs
from werkzeug.wrappers import Request, Response

from couponhub.testing.emulation.context import EmulatorContext
from couponhub.testing.emulation.vendor import (
    ControlError,
    EmulatedCustomer,
    ShowsTables,
    StateTable,
    VendorEmulator,
)
from couponhub_moengage.emulator import seed
from couponhub_moengage.emulator.control import Control
from couponhub_moengage.emulator.files.outcomes import Outcomes
from couponhub_moengage.emulator.files.processing import Processing
from couponhub_moengage.emulator.http.api import CouponApi
from couponhub_moengage.emulator.http.limits import RateLimits
from couponhub_moengage.emulator.options import Options
from couponhub_moengage.emulator.state import State
from couponhub_moengage.emulator.tables import Tables

__all__ = ["MoEngageEmulator"]


class MoEngageEmulator:
    """One MoEngage workspace, served under `/moengage/v1/`. Fulfils `VendorEmulator`; thread-safe."""

    def __init__(self, world: EmulatorContext) -> None:
        self.name = "moengage"
        self.base_path = "/v1"
        defaults = Options()
        self.credentials: Mapping[str, str] = MappingProxyType(
            {"workspace_id": defaults.workspace_id, "api_key": defaults.api_key}
        )
        self._clock = world.clock
        self._state = State(world)
        self._control = Control(self._state)
        self._tables = Tables(self._state)
        self._processing = Processing(Outcomes(self._state), world)
        self._limits = RateLimits()
        self._api = CouponApi(self._state, self._processing, self._limits, world.clock)

    def handle(self, request: Request) -> Response:
        """Answer one call; `request.path` begins with `/v1/`."""
        return self._api.handle(request)

    def options(self) -> Mapping[str, Any]:
        """Every option with its value now."""
        return attrs.asdict(self._state.options)

    def set_options(self, values: Mapping[str, Any]) -> None:
        """Change options, all or none.

        Raises:
            ControlError: An unknown name, or a value that cannot be.
        """
        self._state.set_options(values)
        if not self._state.options.files_never_end:
            self._processing.resume()

    def reset(self) -> None:
        """Forget lists, customers, options and counted requests; limits and delay stay switched as they are."""
        self._state.reset()
        self._processing.resume()  # the files are gone: nothing waits any more
        self._limits.clear()

    def seed_demo(self) -> None:
        """One customer, an active list that gave out codes, and an expired one."""
        seed.seed_demo(self._control, self._state.today(), self._clock.now())

    def seed(self, content: Mapping[str, Any]) -> Sequence[str]:
        """Fill it from a seed file's part; answer the ids of its lists."""
        return seed.seed(self._control, content, self._state.today(), self._clock.now())

    def add_customers(self, customers: Sequence[EmulatedCustomer]) -> None:
        """Make customers known, in place of those that share an identifier with one of them."""
        self._control.add_customers(customers)

    def codes(self, list_id: str) -> Sequence[Mapping[str, Any]]:
        """Every code of a list: "available", "issued" with its customer, or "removed"."""
        return self._control.codes(list_id)

    def issue(
        self, list_id: str, customer: EmulatedCustomer, *, count: int | None, codes: Sequence[str] | None
    ) -> Sequence[str]:
        """Hand codes to a customer, who becomes known, as a campaign would."""
        return self._control.issue(list_id, customer, count=count, codes=codes)

    def redeem(
        self,
        list_id: str,  # noqa: ARG002 - the protocol's
        code: str,  # noqa: ARG002 - the protocol's
        details: Mapping[str, Any],  # noqa: ARG002 - the protocol's
    ) -> NoReturn:
        """Refuse: redemption happens outside MoEngage, which never learns of it."""
        raise ControlError("MoEngage knows no redemption; it only knows who was given which code")

    def tables(self) -> Sequence[StateTable]:
        """Return lists, files, coupons and customers as tables."""
        return self._tables.all()

    def set_rate_limits(self, *, documented: bool) -> None:
        """Switch the documented rate limits on or off; they begin off."""
        self._limits.switch(on=documented)

    def set_processing_delay(self, seconds: float) -> None:
        """Set how long files and reports wait, in real seconds."""
        self._processing.set_delay(seconds)


if TYPE_CHECKING:
    _: type[VendorEmulator] = MoEngageEmulator
    _shows_tables: type[ShowsTables] = MoEngageEmulator
