"""The file that `config init` writes: a connection of each adapter, and the tables of settings with their words."""

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from couponhub.config.settings import tables
from couponhub.plugin import AdapterPlugin
from couponhub.registry import Registry
from couponhub.webhooks.settings import WebhookSettings

_HEAD = """\
# couponhub.toml: the accounts couponhub talks to. Check it with `couponhub config check`, then `couponhub doctor`.
# ${NAME} is read from the environment, ${file:/run/secrets/x} from a file; a literal secret works and is warned about.
"""
_COMMENTS_AT = 46


def template(registry: Registry | None = None, connections: Iterable[str] | None = None) -> str:
    """Return a commented config file.

    Args:
        registry: The adapters to know; the installed ones by default.
        connections: The tables of its connections; one of each adapter by default, to fill in.
    """
    if connections is None:
        plugins = [entry for entry in (registry or Registry()).all() if isinstance(entry, AdapterPlugin)]
        connections = (plugin.example for plugin in plugins)
    shown = "".join(f"\n{table.strip()}\n" for table in connections)
    return _HEAD + shown + "".join(f"{line}\n" for line in _tables())


def _tables() -> Iterator[str]:
    """The tables of settings, commented out: each setting that has an example on a line of its own."""
    receiver = (
        "One receiver that is told when jobs have ended, by a name of yours; nobody is told by default."
    )
    described: dict[str, tuple[type[Any], str]] = {**tables(), "webhooks.NAME": (WebhookSettings, receiver)}
    for name, (cls, about) in described.items():
        yield from ("", f"# {about}", f"# [{name}]")
        shown = [field for field in attrs.fields(cls) if "example" in field.metadata]
        width = max(len(field.name) for field in shown)
        for field in shown:
            line = f"# {field.name:{width}} = {field.metadata['example']}"
            yield f"{line:{_COMMENTS_AT - 1}} # {field.metadata['about']}"
