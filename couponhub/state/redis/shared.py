"""All that machines share in one Redis."""

from couponhub.state.quotas import QuotaStore
from couponhub.state.redis.link import Link
from couponhub.state.redis.quotas import RedisQuotas, WriteQuotas
from couponhub.state.shared_settings import SharedSettings


class RedisShared:
    """A `Shared` in Redis or Valkey.

    Args:
        settings: The table `[shared]`.
        link: The way there; one of its own by default.
    """

    def __init__(self, settings: SharedSettings, *, link: Link | None = None) -> None:
        self._link = link or Link(settings)
        self._quotas = RedisQuotas(self._link)
        self._write_quotas = WriteQuotas(self._quotas)

    @property
    def quotas(self) -> QuotaStore:
        """As `Shared.quotas`."""
        return self._quotas

    @property
    def write_quotas(self) -> QuotaStore:
        """As `Shared.write_quotas`."""
        return self._write_quotas

    @property
    def is_away(self) -> bool:
        """As `Shared.is_away`."""
        return self._link.is_away

    def check(self) -> str:
        """As `Shared.check`."""
        return self._link.check()

    def close(self) -> None:
        """As `Shared.close`."""
        self._link.close()
