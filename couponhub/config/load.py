"""Reading a config file: every fault is found, named by file and key, and told at once."""

import difflib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import attrs
from cattrs import BaseValidationError, Converter, transform_error
from cattrs.errors import ForbiddenExtraKeysError

from couponhub.config.references import is_reference, resolve
from couponhub.config.settings import Config, ConnectionConfig, LookupSettings
from couponhub.errors import ConfigError
from couponhub.plugin import ConnectionSettings
from couponhub.registry import Registry
from couponhub.secret import Secret
from couponhub.staging import StagingSettings
from couponhub.store import StoreSettings
from couponhub.strict import strict_converter

S = TypeVar("S")

_TABLES = ("connections", "staging", "store", "lookup")


def find_config(given: str | os.PathLike[str] | None, environment: Mapping[str, str]) -> Path:
    """Where the config file is: as given, else `$COUPONHUB_CONFIG`, else `./couponhub.toml`, else the user's.

    Raises:
        ConfigError: No such file.
    """
    named = given or environment.get("COUPONHUB_CONFIG")
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            origin = "" if given else ", which COUPONHUB_CONFIG names,"
            raise ConfigError(
                f"the config file {path}{origin} does not exist", hint="see `couponhub config init`"
            )
        return path
    from platformdirs import user_config_path  # noqa: PLC0415 - only needed when no file is named

    places = (Path("couponhub.toml"), user_config_path("couponhub") / "couponhub.toml")
    for path in places:
        if path.is_file():
            return path
    raise ConfigError(
        f"there is no config file, neither {places[0]} nor {places[1]}",
        hint="write one with `couponhub config init`, or name one with --config",
    )


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
    """
    environment = os.environ if environment is None else environment
    path = find_config(given, environment)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        where = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it is not UTF-8"
        raise ConfigError(f"{path} is not valid TOML: {where}") from None
    return _Reader(path, environment, registry or Registry()).read(document)


class _Reader:
    """Reads one document and collects its faults."""

    def __init__(self, path: Path, environment: Mapping[str, str], registry: Registry) -> None:
        self._path = path
        self._environment = environment
        self._registry = registry
        self._converter = _config_converter()
        self._faults: dict[str, str] = {}

    def read(self, document: Mapping[str, Any]) -> Config:
        for key in document.keys() - set(_TABLES):
            self._fault(key, "unknown table" + _did_you_mean(key, _TABLES))
        connections: dict[str, ConnectionConfig] = {}
        for name, table in self._table(document, "connections").items():
            connection = self._connection(name, table)
            if connection is not None:
                connections[name] = connection
        staging = self._section(document, "staging", StagingSettings)
        store = self._section(document, "store", StoreSettings)
        lookup = self._section(document, "lookup", LookupSettings)
        for name in (lookup.connections if lookup else None) or ():
            if name not in self._table(document, "connections"):
                self._fault("lookup.connections", f'there is no connection "{name}"')
        if self._faults or staging is None or store is None or lookup is None:
            raise ConfigError("\n".join(f"{self._path}: {key}: {text}" for key, text in self._faults.items()))
        return Config(path=self._path, connections=connections, staging=staging, store=store, lookup=lookup)

    def _fault(self, key: str, text: str) -> None:
        # The first word on a key is the cause; what follows from it would only confuse.
        self._faults.setdefault(key, text)

    def _table(self, document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        table = document.get(key, {})
        if isinstance(table, dict):
            return table
        self._fault(key, "expected a table")
        return {}

    def _section(self, document: Mapping[str, Any], key: str, kind: type[S]) -> S | None:
        return self._structure(key, self._table(document, key), kind)

    def _connection(self, name: str, table: Any) -> ConnectionConfig | None:
        key = f"connections.{name}"
        if not isinstance(table, dict):
            self._fault(key, "expected a table")
            return None
        adapter = table.get("adapter")
        if not isinstance(adapter, str):
            known = ", ".join(self._registry.names())
            self._fault(f"{key}.adapter", f"missing; installed adapters are: {known}")
            return None
        try:
            plugin = self._registry.load(adapter)
        except ConfigError as error:
            self._fault(f"{key}.adapter", str(error))
            return None
        rest = {word: value for word, value in table.items() if word != "adapter"}
        settings: ConnectionSettings | None = self._structure(key, rest, plugin.settings)
        return settings and ConnectionConfig(name=name, plugin=plugin, settings=settings)

    def _structure(self, key: str, table: Mapping[str, Any], kind: type[S]) -> S | None:
        before = len(self._faults)
        resolved = self._resolved(key, table, kind)
        try:
            structured = self._converter.structure(resolved, kind)
        except BaseValidationError as error:
            for line in transform_error(error, path=key, format_exception=_explained):
                text, _, where = line.rpartition(" @ ")
                for located, problem in _located(where, text):
                    self._fault(located, problem)
            return None
        return structured if len(self._faults) == before else None

    def _resolved(self, key: str, value: Any, kind: Any) -> Any:
        """`value` with its references resolved; texts that stand for secrets remember if they were literal."""
        match value:
            case dict():
                hints = get_type_hints(kind) if attrs.has(kind) else {}
                return {
                    word: self._resolved(f"{key}.{word}", inner, hints.get(word))
                    for word, inner in value.items()
                }
            case list():
                return [self._resolved(f"{key}[{index}]", inner, None) for index, inner in enumerate(value)]
            case str():
                try:
                    text = resolve(value, self._environment)
                except ValueError as error:
                    self._fault(key, str(error))
                    return value
                return Secret(text, literal=not is_reference(value)) if _is_secret(kind) else text
            case datetime() | date() | time():
                return str(value)
            case _:
                return value


def _is_secret(kind: Any) -> bool:
    return kind is Secret or Secret in getattr(kind, "__args__", ())


def _config_converter() -> Converter:
    converter = strict_converter(forbid_extra_keys=True)
    converter.register_structure_hook(Secret, _secret)
    converter.register_structure_hook(
        Secret | None, lambda value, _: None if value is None else _secret(value, Secret)
    )
    converter.register_structure_hook(Path, lambda value, _: Path(_text(value)).expanduser())
    return converter


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError("expected text")
    return value


def _secret(value: Any, _: type[Secret]) -> Secret:
    if not isinstance(value, Secret):
        raise TypeError('expected text (secrets are always text: write "007", not 007)')
    if not value.reveal():
        raise ValueError("is empty")
    return value


def _explained(error: BaseException, _: type[Any] | None) -> str:
    """Say what is wrong in our words (the library's own would quote the value); see `_located` for the marks."""
    match error:
        case ForbiddenExtraKeysError():
            known = [field.name for field in attrs.fields(error.cl)]
            return "\1".join(
                f"{word}\0unknown key{_did_you_mean(word, known)}" for word in sorted(error.extra_fields)
            )
        case KeyError():
            return f"{error.args[0]}\0missing"
        case ConfigError():
            return error.message
        case TypeError() | ValueError():
            return str(error) or "is not valid"
        case _:
            return "is not valid"


def _located(where: str, text: str) -> Iterator[tuple[str, str]]:
    """Split what `_explained` says of several keys of one table into key and problem."""
    for part in text.split("\1"):
        word, separator, problem = part.partition("\0")
        yield (f"{where}.{word}", problem) if separator else (where, part)


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f'; did you mean "{near[0]}"?' if near else f"; known are: {', '.join(names)}"
