"""Adapters for tests of the configuration: their settings are real, their vendors are not."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs

from couponhub.config import Config, load_config
from couponhub.plugin import AdapterPlugin, ConnectionSettings, Services
from couponhub.protocols import Adapter
from couponhub.registry import Registry
from couponhub.secret import Secret
from couponhub.settings import check_url, setting


class Mode(StrEnum):
    """A closed list of words."""

    FAST = "fast"
    SAFE = "safe"


@attrs.frozen(kw_only=True)
class ToySettings(ConnectionSettings):
    """One setting of each kind."""

    base_url: str | None = setting(None, about="address", validator=check_url)
    key: Secret = setting(about="the key")
    token: Secret | None = setting(None, about="another secret")
    name: str = setting("toy", about="a text")
    mode: Mode = setting(Mode.FAST, about="a word")
    pages: int = setting(3, about="a whole number")
    eager: bool = setting(default=True, about="a flag")
    stores: tuple[str, ...] = setting((), about="texts")

    def __attrs_post_init__(self) -> None:
        if self.mode is Mode.SAFE and self.token is None:
            raise ValueError('mode = "safe" needs token')


def _open(_name: str, _settings: Any, _services: Services) -> Adapter:
    raise NotImplementedError


TOY = AdapterPlugin(
    name="toy",
    title="Toy Vendor",
    settings=ToySettings,
    example='[connections.toy]\nadapter = "toy"\nkey = "${TOY_KEY}"\n',
    open=_open,
)


@attrs.frozen
class Entry:
    """An entry point that is not installed."""

    name: str
    load: Callable[[], Any]


def _missing() -> Any:
    raise ImportError("No module named 'toyvendor'")


REGISTRY = Registry(
    [Entry("toy", lambda: TOY), Entry("broken", _missing), Entry("odd", lambda: "no plug-in")]
)
"""One adapter that works, one that cannot be imported, one whose entry point names something else."""


def loaded(text: str, folder: Path, **environment: str) -> Config:
    """The config of that text, in `folder/c.toml`."""
    path = folder / "c.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, environment=environment, registry=REGISTRY)
