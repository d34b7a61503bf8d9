"""Adapters, found by entry point and imported when first used; a stranger's is found exactly like ours."""

from collections.abc import Iterable
from importlib.metadata import entry_points
from typing import Any, Protocol, runtime_checkable

import attrs

from couponhub.errors import ConfigError, UsageError
from couponhub.models.given import given_many
from couponhub.plugin import AdapterPlugin

ENTRY_POINT_GROUP = "couponhub.adapters"


@runtime_checkable
class AdapterEntry(Protocol):
    """Names an adapter and imports it on demand, as an entry point does."""

    @property
    def name(self) -> str:
        """The adapter's name."""
        ...

    def load(self) -> Any:
        """Import the adapter; may raise anything when it is broken."""
        ...


@attrs.frozen(kw_only=True)
class BrokenAdapter:
    """An adapter that is installed and cannot be used, and why."""

    name: str
    error: str


def _entry(value: object, _: str) -> AdapterEntry:
    if not isinstance(value, AdapterEntry):
        raise UsageError(
            f"each of the adapters must have a name and `load`, as an entry point has, not {type(value).__name__}"
        )
    return value


class Registry:
    """The installed adapters.

    Args:
        found: Adapters to use instead of the installed ones.

    Raises:
        UsageError: They are no entries of adapters.
    """

    def __init__(self, found: Iterable[AdapterEntry] | None = None) -> None:
        entries: Iterable[AdapterEntry] = (
            entry_points(group=ENTRY_POINT_GROUP)
            if found is None
            else given_many(found, "adapters", of=_entry)
        )
        self._entries = {entry.name: entry for entry in entries}

    def package(self, name: str) -> tuple[str, str] | None:
        """Return the package that brings an installed adapter, and its version; None where nobody says."""
        package = getattr(self._entries.get(name), "dist", None)
        return None if package is None else (package.name, package.version)

    def names(self) -> tuple[str, ...]:
        """All installed adapters, working or not, sorted."""
        return tuple(sorted(self._entries))

    def load(self, name: str) -> AdapterPlugin:
        """Import one.

        Raises:
            ConfigError: There is none of that name, or it is broken.
        """
        if name not in self._entries:
            raise ConfigError(
                f'there is no adapter "{name}"', hint=f"installed are: {', '.join(self.names()) or 'none'}"
            )
        try:
            plugin = self._entries[name].load()
            if isinstance(plugin, AdapterPlugin):
                attrs.resolve_types(plugin.settings)  # names in its annotations that cannot be found
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise ConfigError(
                f'the adapter "{name}" is installed but broken ({reason})',
                hint="reinstall it together with what it needs",
            ) from error
        if not isinstance(plugin, AdapterPlugin):
            raise ConfigError(
                f'the adapter "{name}" is installed but broken (its entry point is no AdapterPlugin)',
                hint="install a version of it that is made for this couponhub",
            )
        return plugin

    def all(self) -> tuple[AdapterPlugin | BrokenAdapter, ...]:
        """Every installed adapter; a broken one stands with its error and harms no other."""
        found: list[AdapterPlugin | BrokenAdapter] = []
        for name in self.names():
            try:
                found.append(self.load(name))
            except ConfigError as error:
                found.append(BrokenAdapter(name=name, error=error.message))
        return tuple(found)
