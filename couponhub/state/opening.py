"""Opens the state that the settings name."""

from collections.abc import Callable

from couponhub.state.jobs import Followers, no_followers
from couponhub.state.port import State
from couponhub.state.settings import StoreSettings
from couponhub.state.shared import Shared
from couponhub.state.shared_settings import SharedSettings


def open_state(
    settings: StoreSettings,
    shared: SharedSettings | None = None,
    *,
    followers: Followers = no_followers,
    clock: Callable[[], float] | None = None,
) -> State:
    """Return the state at the address of the settings. Nothing is touched before its first use.

    Args:
        settings: The table `[store]` of the configuration; it has checked the address.
        shared: The table `[shared]`, which says what one of many machines may use of a quota while it counts by itself.
        followers: The jobs that are written down with the end of another one.
        clock: Seconds since the epoch, for demonstrations; None for that of this machine. A database that has a clock of its own asks that.
    """
    if settings.is_postgresql:
        from couponhub.state.postgresql.state import PostgresqlState  # noqa: PLC0415 - of several kinds one is loaded

        return PostgresqlState(settings, share=(shared or SharedSettings()).share, followers=followers)
    from couponhub.state.sqlite import SqliteState  # noqa: PLC0415 - the same

    if clock is None:
        return SqliteState(settings, followers=followers)
    return SqliteState(settings, followers=followers, clock=clock)


def open_shared(settings: SharedSettings, state: State) -> Shared | None:
    """Return the place that machines share; None where none is named. Nothing is touched before its first use.

    Args:
        settings: The table `[shared]` of the configuration; it has checked the address.
        state: Whose key seals what lies there.

    Raises:
        ConfigError: The client is not installed.
    """
    if settings.url is None:
        return None
    from couponhub.state.redis import RedisShared  # noqa: PLC0415 - who shares nothing loads none of it

    erased = state.invalidation if state.settings.is_postgresql else None
    return RedisShared(settings, key=state.reports.key, erased=erased)
