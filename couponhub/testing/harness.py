"""One adapter on a bench: its emulator served over real HTTP, and a hub whose only connection goes there."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import attrs

from couponhub.clock import utc_now
from couponhub.connection import Connection
from couponhub.hub import CouponHub
from couponhub.models import CouponList, ListId, NewCouponList
from couponhub.plugin import AdapterPlugin
from couponhub.registry import Registry
from couponhub.testing.configuration import REMEMBERS_NOTHING, Setting, config_text
from couponhub.testing.control import Control
from couponhub.testing.emulation.context import EmulatorContext
from couponhub.testing.emulation.server import EmulatorServer
from couponhub.testing.emulation.vendor import VendorEmulator


@attrs.frozen(kw_only=True)
class Harness:
    """The things that a rule has at hand.

    Attributes:
        plugin: The adapter under test.
        emulator: Its vendor, for the truth; reached over HTTP through `control` too.
        control: The emulator's control API.
        server: Serves the emulator.
        folder: A private folder of this harness.
        list_extra: The vendor's own required fields of a new list.
        open_hub: Opens a further hub on the same config, with settings that differ.
        hub: A hub with the one connection.
    """

    plugin: AdapterPlugin
    emulator: VendorEmulator
    control: Control
    server: EmulatorServer
    folder: Path
    list_extra: Mapping[str, str]
    open_hub: Callable[..., CouponHub]
    hub: CouponHub

    @property
    def connection(self) -> Connection:
        """The connection to the emulated vendor."""
        return self.hub[self.plugin.name]

    def new_list(self, name: str, *, label: str | None = None, expires: date | None = None) -> NewCouponList:
        """A list that this vendor accepts."""
        return NewCouponList(
            name=name,
            label=label,
            expires=expires or (utc_now() + timedelta(days=30)).date(),
            extra=self.list_extra,
        )

    def create_list(self, name: str = "a list", *, expires: date | None = None) -> CouponList:
        """Create one; a vendor at which none can be created gets it behind the adapter's back, for a year or so."""
        if self.can("lists.write"):
            return self.connection.lists.create(self.new_list(name, expires=expires))
        return self.connection.lists.get(self.list_with(name, []))

    def list_with(self, name: str, codes: Sequence[str]) -> ListId:
        """A list that holds these codes, put there behind the adapter's back: it need not be able to read lists."""
        (list_id,) = self.emulator.seed({"lists": [{"name": name, "codes": list(codes)}]})
        return ListId(list_id)

    def unpaced_hub(self, **changed: Setting) -> CouponHub:
        """A further hub on the same config that knows of no rate limits, for rules that need many calls."""
        limits = self.connection.capabilities.limits
        return self.open_hub(limits=dict.fromkeys(filter(_is_rate, limits), 0), **changed)

    @property
    def spells_mobiles(self) -> bool:
        """True when a connection can be told in which country mobiles may stand without its code."""
        return "default_country_code" in attrs.fields_dict(self.plugin.settings)

    def can(self, capability: str) -> bool:
        """Tell whether the adapter claims that capability."""
        return capability in self.connection.capabilities


@contextmanager
def harness_for(
    plugin: AdapterPlugin,
    *,
    list_extra: Mapping[str, str] | None = None,
    settings: Mapping[str, str | float] | None = None,
    processing_delay: float = 0.02,
    store: str | None = None,
) -> Iterator[Harness]:
    """Put an adapter on the bench.

    Args:
        plugin: The adapter; it must have an emulator.
        list_extra: The vendor's own required fields of a new list.
        settings: Further settings of the connection.
        processing_delay: Seconds the emulator takes for a file.
        store: The address of the store; None for a file in the harness's folder.
    """
    if plugin.emulator is None:
        raise ValueError(f"the adapter {plugin.name} has no emulator, so its promises cannot be checked")
    world = EmulatorContext()
    emulator = plugin.emulator(world)
    emulator.set_processing_delay(processing_delay)
    registry = Registry([_AtHand(plugin)])
    with (
        EmulatorServer([emulator], world) as server,
        tempfile.TemporaryDirectory(prefix="couponhub-harness-") as folder,
    ):

        def open_hub(**changed: Setting) -> CouponHub:
            path = Path(folder) / "couponhub.toml"
            extra: dict[str, Setting] = {"timeout": 2.0, "settle": 0.05, **(settings or {}), **changed}
            address = store or f"sqlite:///{Path(folder).as_posix()}/couponhub.db"
            text = config_text(server.url, [emulator], extra) + f'[store]\nurl = "{address}"\n'
            path.write_text(text + REMEMBERS_NOTHING, encoding="utf-8")
            return CouponHub.from_config(path, registry=registry)

        with open_hub() as hub:
            yield Harness(
                plugin=plugin,
                emulator=emulator,
                control=Control(server.url, emulator.name),
                server=server,
                folder=Path(folder),
                list_extra=list_extra or {},
                open_hub=open_hub,
                hub=hub,
            )


def _is_rate(limit: str) -> bool:
    return limit.endswith(("_per_minute", "_per_day"))


@attrs.frozen
class _AtHand:
    """An adapter that need not be found, because it is there."""

    plugin: AdapterPlugin

    @property
    def name(self) -> str:
        return self.plugin.name

    def load(self) -> AdapterPlugin:
        return self.plugin
