"""Reading a config file: every fault is found, named by file and key, and told at once."""

import os
import tomllib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import attrs
from cattrs import BaseValidationError

from couponhub.codes.joins import SetsSettings
from couponhub.config.faults import did_you_mean, faults_in, quoted
from couponhub.config.finding import find_config
from couponhub.config.references import is_reference, names_in, resolve
from couponhub.config.settings import Config, ConnectionConfig, LookupSettings, ServerSettings
from couponhub.config.structure import TableWords, config_converter
from couponhub.errors import ConfigError, CouponhubError, without_frames
from couponhub.models.given import given_one
from couponhub.plugin import AdapterPlugin, ConnectionSettings
from couponhub.registry import Registry
from couponhub.secret import Secret
from couponhub.staging import StagingSettings
from couponhub.state import SharedSettings, StoreSettings
from couponhub.webhooks.settings import NAME, WebhookSettings

S = TypeVar("S", bound=attrs.AttrsInstance)

_MOST_FAULTS = 100
"""Of one table that are told at once."""
_TABLES = ("connections", "staging", "store", "shared", "sets", "lookup", "server", "webhooks")


def load_config(
    given: str | os.PathLike[str] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    registry: Registry | None = None,
) -> Config:
    """Read and check a config file.

    Args:
        given: Its path; None looks where `find_config` does.
        environment: For `${NAME}`; the process's own by default.
        registry: The adapters to know; the installed ones by default.

    Raises:
        ConfigError: It cannot be read or has faults; each is one line that names file, key and mend.
        UsageError: An argument is nothing of what it may be.
    """
    if environment is not None:
        given_one(Mapping, environment, "the environment")
    if registry is not None:
        given_one(Registry, registry, "the registry")
    try:
        return _load(given, os.environ if environment is None else environment, registry or Registry())
    except CouponhubError as error:
        failure = error
    # Its frames hold the environment, and the file's secrets.
    raise without_frames(failure)


def example_config(plugin: AdapterPlugin, registry: Registry) -> Config:
    """Return the config of an adapter's own example, for what its connections can do; its secrets are made up.

    Raises:
        ConfigError: The example has faults.
    """
    environment = dict.fromkeys(names_in(plugin.example), "example")
    return _Reader(Path(f"the example of {plugin.name}"), environment, registry).read(
        tomllib.loads(plugin.example)
    )


def _load(given: str | os.PathLike[str] | None, environment: Mapping[str, str], registry: Registry) -> Config:
    path = find_config(given, environment)
    try:
        # Some editors put a mark before UTF-8, which is no TOML.
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not valid TOML: it is not UTF-8") from None
    except (ValueError, RecursionError):
        raise ConfigError(
            f"{path} is not valid TOML: it holds a number too long or is nested too deep"
        ) from None
    return _Reader(path, environment, registry).read(document)


class _Reader:
    """Reads one document and collects its faults."""

    def __init__(self, path: Path, environment: Mapping[str, str], registry: Registry) -> None:
        self._path = path
        self._environment = environment
        self._registry = registry
        self._converters = {
            allowed: config_converter(TableWords(allow_http=allowed)) for allowed in (False, True)
        }
        self._faults: dict[str, str] = {}

    def read(self, document: Mapping[str, Any]) -> Config:
        for key in document:
            if key not in _TABLES:
                self._fault(key, f"unknown table{did_you_mean(key, _TABLES)}")
        tables = self._table("connections", document.get("connections", {}))
        connections = {name: self._connection(name, table) for name, table in tables.items()}
        staging = self._settings("staging", document.get("staging", {}), StagingSettings)
        store = self._settings("store", document.get("store", {}), StoreSettings)
        shared = self._settings("shared", document.get("shared", {}), SharedSettings)
        sets = self._settings("sets", document.get("sets", {}), SetsSettings)
        lookup = self._settings("lookup", document.get("lookup", {}), LookupSettings)
        server = self._settings("server", document.get("server", {}), ServerSettings)
        webhooks = {
            name: self._webhook(name, table)
            for name, table in self._table("webhooks", document.get("webhooks", {})).items()
        }
        if lookup is not None:
            self._check_names(lookup, document.get("lookup", {}), tables)
        if (
            self._faults
            or staging is None
            or store is None
            or shared is None
            or sets is None
            or lookup is None
            or server is None
        ):
            lines = (f"{self._path}: {key}: {text}" for key, text in self._faults.items())
            raise ConfigError("\n".join(_one_line(line) for line in lines))
        return Config(
            path=self._path,
            connections={name: connection for name, connection in connections.items() if connection},
            staging=staging,
            store=store,
            shared=shared,
            sets=sets,
            lookup=lookup,
            server=server,
            webhooks={name: one for name, one in webhooks.items() if one},
        )

    def _check_names(
        self, lookup: LookupSettings, written: Mapping[str, Any], tables: Mapping[str, Any]
    ) -> None:
        """Look for connections that lookups are to ask, or to ask first, and that are not there."""
        for key, names in (("connections", lookup.connections or ()), ("prefer", lookup.prefer)):
            for index, name in enumerate(names):
                known, problem = tables, "is no connection"
                if key == "prefer" and name in tables and lookup.connections:
                    known, problem = dict.fromkeys(lookup.connections), "is not one of lookup.connections"
                if name not in known:
                    shown = (
                        "no such connection" if is_reference(written[key][index]) else f'"{name}" {problem}'
                    )
                    self._fault(f"lookup.{key}[{index}]", f"{shown}{did_you_mean(name, known)}")

    def _fault(self, key: str, text: str) -> None:
        # The first word on a key is the cause; what follows from it would only confuse.
        self._faults.setdefault(key, text)

    def _table(self, key: str, value: Any) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        self._fault(key, "expected a table")
        return {}

    def _connection(self, name: str, value: Any) -> ConnectionConfig | None:
        key = f"connections.{name}"
        table = dict(self._table(key, value))
        if key in self._faults:
            return None
        adapter = table.pop("adapter", None)
        if not isinstance(adapter, str):
            problem = "missing" if adapter is None else "expected text"
            self._fault(f"{key}.adapter", f"{problem}{did_you_mean('', self._registry.names())}")
            return None
        try:
            plugin = self._registry.load(adapter)
        except ConfigError as error:
            self._fault(f"{key}.adapter", str(error))
            return None
        settings: ConnectionSettings | None = self._settings(key, table, plugin.settings)
        return None if settings is None else ConnectionConfig(name=name, plugin=plugin, settings=settings)

    def _webhook(self, name: str, value: Any) -> WebhookSettings | None:
        key = f"webhooks.{name}"
        if not NAME.fullmatch(name):
            self._fault(key, "expected a name of at most 40 letters, digits, - and _")
            return None
        if not isinstance(value, dict):
            self._fault(key, "expected a table: the settings of a receiver stand in [webhooks.NAME]")
            return None
        return self._settings(key, value, WebhookSettings)

    def _settings(self, key: str, value: Any, kind: type[S]) -> S | None:
        """The table `value` as that class; None when it has faults, which are noted."""
        before = len(self._faults)
        written = self._table(key, value)
        fields = {field.name: field for field in attrs.fields(kind) if field.name in written}
        table = self._resolved_table(key, written, kind)
        try:
            settings = self._converters[table.get("allow_http") is True].structure(table, kind)
        except BaseValidationError as error:
            for where, problem in islice(faults_in(error, key), _MOST_FAULTS):
                if any(known.startswith(f"{where}[") for known in self._faults):
                    continue  # of a text whose reference leads nowhere, nothing more can be said
                named = fields.get(where.removeprefix(f"{key}."))
                self._fault(where, quoted(problem, written[named.name], named, kind) if named else problem)
            return None
        return settings if len(self._faults) == before else None

    def _resolved_table(self, key: str, written: Mapping[str, Any], kind: type[Any]) -> dict[str, Any]:
        hints = get_type_hints(kind)
        return {
            word: self._resolved(f"{key}.{word}", inner, hints.get(word)) for word, inner in written.items()
        }

    def _resolved(self, key: str, value: Any, hint: Any = None) -> Any:
        """`value` with its references resolved; texts that stand for secrets remember if they were literal."""
        kinds = (hint, *get_args(hint))
        nested = next((kind for kind in kinds if isinstance(kind, type) and attrs.has(kind)), None)
        match value:
            case _ if nested is not None and not isinstance(value, dict):
                self._fault(key, "expected a table")
                return value
            case dict():
                if nested is not None:
                    return self._resolved_table(key, value, nested)
                return {word: self._resolved(f"{key}.{word}", inner) for word, inner in value.items()}
            case list():
                return [self._resolved(f"{key}[{index}]", inner, hint) for index, inner in enumerate(value)]
            case str():
                try:
                    text = resolve(value, self._environment)
                except ValueError as error:
                    self._fault(key, str(error))
                    text = value
                return Secret(text, literal=not is_reference(value)) if Secret in kinds else text
            case _:
                return value


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
