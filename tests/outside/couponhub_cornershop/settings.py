"""What a Corner shop connection needs to be told."""

from collections.abc import Mapping
from types import MappingProxyType

import attrs

from couponhub.plugin import ConnectionSettings
from couponhub.secret import Secret
from couponhub.settings import check_url, setting

# "Errors": more than 600 calls in a minute are answered with 429.
DOCUMENTED_LIMITS: Mapping[str, int] = MappingProxyType({"calls_per_minute": 600})


@attrs.frozen(kw_only=True)
class CornerShopSettings(ConnectionSettings):
    """The settings of a Corner shop connection.

    Raises:
        ValueError: A setting is wrong; the text names what is expected and never the value.
    """

    base_url: str = setting(about="the shop's address, up to /api/1", validator=check_url)
    key: Secret = setting(about="the key from the shop's back office")

    def __attrs_post_init__(self) -> None:
        if unknown := sorted(set(self.limits) - set(DOCUMENTED_LIMITS)):
            raise ValueError(
                f"limits: there is none named {', '.join(unknown)}; known are {', '.join(DOCUMENTED_LIMITS)}"
            )
        if any(figure < 0 for figure in self.limits.values()):
            raise ValueError("limits: expected whole numbers from 0, which turns one off")

    @property
    def effective_limits(self) -> Mapping[str, int]:
        """The documented limits with this connection's own figures in their place."""
        return MappingProxyType({**DOCUMENTED_LIMITS, **self.limits})
