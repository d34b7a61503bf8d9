"""What a config file becomes."""

from collections.abc import Mapping
from pathlib import Path

import attrs

from couponhub.errors import UnknownConnection
from couponhub.plugin import AdapterPlugin, ConnectionSettings, check_positive, setting
from couponhub.staging import StagingSettings
from couponhub.store import StoreSettings


@attrs.frozen(kw_only=True)
class LookupSettings:
    """The table `[lookup]`.

    Attributes:
        connections: Whom a lookup asks, in this order; None asks all.
        deadline: Seconds for the whole answer.
    """

    connections: tuple[str, ...] | None = setting(None, about="connections a lookup asks; all when left out")
    deadline: float = setting(2.0, about="seconds for a whole lookup answer", validator=check_positive)


@attrs.frozen(kw_only=True)
class ConnectionConfig:
    """One configured account: its name, its adapter, and its settings in the adapter's own class."""

    name: str
    plugin: AdapterPlugin
    settings: ConnectionSettings


@attrs.frozen(kw_only=True)
class Config:
    """A whole configuration, free of faults.

    Attributes:
        path: The file it was read from, None for one made in memory.
        connections: By name, in the order of the file.
    """

    path: Path | None = None
    connections: Mapping[str, ConnectionConfig] = attrs.field(factory=dict)
    staging: StagingSettings = attrs.field(factory=StagingSettings)
    store: StoreSettings = attrs.field(factory=StoreSettings)
    lookup: LookupSettings = attrs.field(factory=LookupSettings)

    def connection(self, name: str) -> ConnectionConfig:
        """The connection of that name.

        Raises:
            UnknownConnection: There is none.
        """
        if name not in self.connections:
            known = ", ".join(self.connections) or "none"
            raise UnknownConnection(f'there is no connection "{name}"', hint=f"configured are: {known}")
        return self.connections[name]
