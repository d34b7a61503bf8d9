"""The questions of `config init`: an adapter's example becomes somebody's connection, and no secret is asked for."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

import attrs
import click

from couponhub.config import setting_fault
from couponhub.plugin import AdapterPlugin
from couponhub.registry import Registry

_LINE = re.compile(r'(?P<left_out># )?(?P<key>\w+)(?P<sign> *= *)(?P<value>"[^"]*"|\S+)(?P<note> *#.*)?')
_BARE_NAME = re.compile(r"[A-Za-z0-9_-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
_REFERENCE = re.compile(r"\$\{([A-Z_]+)\}")
_NOTE_AT = 44


def asked_connections(registry: Registry) -> list[str]:
    """Ask which vendors there are accounts at, and what each connection needs; return a table of TOML for each.

    Secrets are not asked for, only where they will stand. Every answer is checked as it will be in the file.
    """
    plugins = [entry for entry in registry.all() if isinstance(entry, AdapterPlugin)]
    names: set[str] = set()
    return [
        _table(plugin, names)
        for plugin in plugins
        if _confirmed(f"Do you have an account at {plugin.title}?")
    ]


def variables_in(tables: Iterable[str]) -> list[str]:
    """Return the environment variables that must be set before the tables can be used."""
    return list(dict.fromkeys(name for table in tables for name in _REFERENCE.findall(table)))


def _table(plugin: AdapterPlugin, names: set[str]) -> str:
    lines = plugin.example.strip().splitlines()
    (suggested,) = tomllib.loads(plugin.example)["connections"]
    name = _asked("  Name of the connection", suggested, lambda answer: _name_fault(answer, names))
    names.add(name)
    return "\n".join([f"[connections.{name}]", *_settings(plugin, lines[1:])]) + "\n"


def _name_fault(name: str, taken: set[str]) -> str | None:
    if not _BARE_NAME.fullmatch(name):
        return "use letters, digits, - and _"
    return "there is a connection of that name already" if name in taken else None


def _settings(plugin: AdapterPlugin, lines: Iterable[str]) -> Iterator[str]:
    fields = attrs.fields_dict(plugin.settings)
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None or found["key"] not in fields:  # among them the adapter's own line
            yield line
            continue
        field, value = fields[found["key"]], found["value"]
        about = f"  {found['key']}: {field.metadata['about']}"
        if (variable := _REFERENCE.search(value)) is not None:
            yield _line(found, _asked_reference(about, variable[1]))
        elif found["left_out"]:
            answer = _asked(
                f"{about} (for example {value}; Enter leaves it out)",
                "",
                lambda answer, field=field: (
                    setting_fault(plugin.settings, field.name, answer) if answer else None
                ),
            )
            yield line if not answer else _line(found, f'"{answer}"')
        else:
            # A region that is merely an example must be typed: the credentials would travel there.
            default = "" if field.default in {None, attrs.NOTHING} else str(field.default)
            example = "" if default else f" (for example {value})"
            answer = _asked(
                f"{about}{example}", default, lambda answer, field=field: _fault(plugin, field.name, answer)
            )
            key = "base_url" if answer.startswith(("http://", "https://")) else found["key"]
            yield _line(found, f'"{answer}"', key=key)


def _fault(plugin: AdapterPlugin, key: str, answer: str) -> str | None:
    """Say what is wrong with an answer; an address in place of a region is the API's own."""
    is_address = answer.startswith(("http://", "https://")) and "base_url" in attrs.fields_dict(
        plugin.settings
    )
    return setting_fault(plugin.settings, "base_url" if is_address else key, answer)


def _line(found: "re.Match[str]", value: str, key: str | None = None) -> str:
    text = f"{key or found['key']}{found['sign']}{value}"
    return f"{text:{_NOTE_AT}}{found['note'].strip()}" if found["note"] else text


def _asked_reference(about: str, variable: str) -> str:
    def fault(answer: str) -> str | None:
        if _VARIABLE.fullmatch(answer) or answer.startswith(("/", "~", "./")):
            return None
        return "name the environment variable, or the path of the file, that holds it; it does not go into this file"

    answer = _asked(f"{about}; which environment variable or file holds it?", variable, fault)
    return f'"${{{answer}}}"' if _VARIABLE.fullmatch(answer) else f'"${{file:{answer}}}"'


def _asked(question: str, default: str, fault: Any) -> str:
    """Ask until the answer will do."""
    while True:
        answer = str(click.prompt(question, default=default, show_default=bool(default), err=True)).strip()
        if '"' in answer or "\\" in answer:
            problem: str | None = "leave quotes and backslashes out"
        else:
            problem = fault(answer)
        if problem is None:
            return answer
        click.echo(f"  {problem}", err=True)


def _confirmed(question: str) -> bool:
    return click.confirm(question, default=True, err=True)
