"""Opens the state that the settings name."""

from couponhub.state.port import State
from couponhub.state.settings import StoreSettings


def open_state(settings: StoreSettings) -> State:
    """Return the state at the address of the settings. Nothing is touched before its first use.

    Args:
        settings: The table `[store]` of the configuration; it has checked the address.
    """
    from couponhub.state.sqlite import SqliteState  # noqa: PLC0415 - of several kinds of state one is loaded

    return SqliteState(settings)
