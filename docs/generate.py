"""Writes what the documentation shows of the code: `python docs/generate.py`; a test fails when it is stale.

- `cli.md`: the help of every command.
- `capabilities.md`: vendor by capability, with documented limits.
- `configuration.md`: its tables of settings; the rest of that page is written by hand.
- `reference.md`: its tables of names, likewise.
- `recipes.md` and `guides/webhooks.md`: their programs, from the folder `recipes`.
- `troubleshooting.md`: its table of errors.
- `code-files.md`: its table of headers; the rest of that page is written by hand.
- `house.svg`: the drawing in `architecture.md`, from the imports of the code.
- `demo.svg`: the picture in the README, from a run of `couponhub demo`.
"""

import ast
import inspect
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache, partial
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TypeVar

import attrs
import click
from house import house_picture
from rich.console import Console
from rich.text import Text
from shapes import machines_picture

from couponhub import errors
from couponhub.cli.app import cli
from couponhub.codes.words import ANY_CUSTOMER_NAMES, CODE_NAMES, CUSTOMER_NAMES
from couponhub.config import OidcSettings, example_config
from couponhub.config.settings import tables
from couponhub.hub import CouponHub
from couponhub.plugin import AdapterPlugin, ConnectionSettings
from couponhub.protocols import CAPABILITIES
from couponhub.registry import Registry
from couponhub.webhooks import WebhookSettings

HERE = Path(__file__).parent
_NOTE = "<!-- Written by docs/generate.py -->\n\n"


def cli_page() -> str:
    """The help of every command, as the terminal shows it."""
    pages = [f"{_NOTE}# Command line\n\n{_CLI_HEAD}"]
    pages += [f"\n## `{name}`\n\n```text\n{text}\n```\n" for name, text in _helps(cli, "couponhub")]
    return "".join(pages)


_CLI_HEAD = """\
Data goes to stdout, everything else to stderr. On a terminal the output is a table, with times in your zone; in a pipe it
is tab-separated columns without a heading, with times in UTC; `-o` chooses a form. On a terminal too narrow for a table each
object is shown by itself, so that codes and ids are never cut. `--raw` adds the vendor's own objects.
Global options stand before or after the command. On an error there is one line on stderr that says what, where, and what
to do, with `-o json` also an `error` object on stdout, and the [exit code](errors.md) of its kind. Ctrl-C ends a command with
130 and says what may have been done by then; of an upload it names the id.

`eval "$(couponhub completion bash)"` in `~/.bashrc` (or `zsh`, or `fish`, see [below](#couponhub-completion)) lets Tab complete commands,
options, the names of your connections and files.
"""


def _helps(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[str, str]]:
    context = click.Context(
        command,
        info_name=name.rpartition(" ")[2],
        parent=parent,
        terminal_width=100,
        max_content_width=100,
        help_option_names=cli.context_settings["help_option_names"],
    )
    yield name, command.get_help(context)
    if isinstance(command, click.Group):
        for word in command.list_commands(context):
            inner = command.get_command(context, word)
            assert inner is not None  # noqa: S101 - it was listed
            yield from _helps(inner, f"{name} {word}", context)


def capabilities_page() -> str:
    """The abilities of each vendor, derived from what the adapters implement."""
    plugins = [entry for entry in Registry().all() if isinstance(entry, AdapterPlugin)]
    columns = {plugin.title: _capabilities(plugin) for plugin in plugins}
    lines = [
        f"{_NOTE}# Capabilities\n",
        "What an adapter implements is what it can do. A dash is refused with `Unsupported` and the alternative.",
        "Where each field, parameter, limit and error of the vendors' pages is reached: [](vendor-fields.md).\n",
        f"| Capability | {' | '.join(columns)} |",
        f"|---|{'---|' * len(columns)}",
    ]
    for name in CAPABILITIES:
        cells = ("yes" if name in supported else "-" for supported, _ in columns.values())
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    for title, (_, limits) in columns.items():
        lines += ["", f"## {title}: documented limits", "", "| Limit | |", "|---|---|"]
        lines += [f"| `{name}` | {f'{value:,}' if value else 'none'} |" for name, value in limits.items()]
    return "\n".join(lines) + "\n"


def _capabilities(plugin: AdapterPlugin) -> tuple[frozenset[str], dict[str, int]]:
    with CouponHub(example_config(plugin, Registry())) as hub:
        (name,) = hub
        capabilities = hub[name].capabilities
    return capabilities.supported, dict(capabilities.limits)


def configuration_page() -> str:
    """The page on the config file, with its tables of settings as the settings describe themselves."""
    page = (HERE / "configuration.md").read_text(encoding="utf-8")
    settings: dict[str, type] = {"connection": ConnectionSettings}
    settings |= {name: cls for name, (cls, _) in tables().items()}
    settings["webhooks"] = WebhookSettings
    settings["server.oidc"] = OidcSettings
    settings |= {one.name: one.settings for one in Registry().all() if isinstance(one, AdapterPlugin)}
    return re.sub(
        r"(<!-- settings of ([\w.]+) -->\n\n)(?:\|.*\n)+",
        lambda found: found[1] + _table(settings[found[2]]),
        page,
    )


def _table(cls: type) -> str:
    rows = [
        f"| `{field.name}` | {_default(field.default)} | {field.metadata['about']} |\n"
        for field in attrs.fields(cls)
        if not field.inherited
    ]
    return "".join(["| Key | Default | |\n|---|---|---|\n", *rows])


def _default(value: object) -> str:
    """A default as TOML has it; nothing for a setting that is required, or that stands for nothing when left out."""
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f'`"{value}"`'
        case int() | float():
            return f"{value:g}"
        case _:
            return ""


def code_files_page() -> str:
    """The page on code files, with the headers that are known."""
    page = (HERE / "code-files.md").read_text(encoding="utf-8")
    names = {"codes": CODE_NAMES}
    names |= {f"customers by {kind.value}": known for kind, known in CUSTOMER_NAMES.items()}
    names["customers, whatever `--tag` says"] = ANY_CUSTOMER_NAMES
    rows = (f"| {what} | {', '.join(known)} |\n" for what, known in names.items())
    table = "".join(["| A column of | is called |\n|---|---|\n", *rows])
    return re.sub(r"(<!-- headers -->\n\n)(?:\|.*\n)+", lambda found: found[1] + table, page)


def reference_page() -> str:
    """The page on what may be imported, with a table of the names of each module."""
    page = (HERE / "reference.md").read_text(encoding="utf-8")
    return re.sub(
        r"(<!-- names of ([\w.]+)(?:: ([\w ]+))? -->\n\n)(?:\|.*\n)*",
        lambda found: found[1] + _names(import_module(found[2]), (found[3] or "").split()),
        page,
    )


def public_names(module: ModuleType) -> list[str]:
    """The names that a module shows: those it lists itself, else those defined in it."""
    own = {
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__
        or name in _assigned(inspect.getsource(module))
    }
    shown = getattr(module, "__all__", own)
    return sorted(
        name for name in shown if not name.startswith("_") and not isinstance(getattr(module, name), TypeVar)
    )


def _names(module: ModuleType, names: list[str]) -> str:
    rows = [f"| `{name}` | {_sentence(module, name)} |\n" for name in names or public_names(module)]
    return "".join(["| Name | |\n|---|---|\n", *rows])


def _sentence(module: ModuleType, name: str) -> str:
    """The first sentence of what is said of it: in its docstring, or below its assignment."""
    value = getattr(module, name)
    if hasattr(value, "__supertype__"):
        return f"A `{value.__supertype__.__name__}`, told from others by type checkers."
    is_told = inspect.isclass(value) or inspect.isroutine(value)
    said = inspect.getdoc(value) if is_told else inspect.cleandoc(_below().get(name, ""))
    first = (said or "").partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    return re.split(r"(?<=\.) (?=[A-Z])", first)[0]


def _assigned(source: str) -> dict[str, str]:
    """The text below each assignment of a module, by the name that is assigned; "" where nothing does."""
    said: dict[str, str] = {}
    for one, after in pairwise([*ast.parse(source).body, ast.Pass()]):
        target = one.targets[0] if isinstance(one, ast.Assign) else getattr(one, "target", None)
        if isinstance(target, ast.Name):
            below = after.value if isinstance(after, ast.Expr) else None
            said[target.id] = str(below.value) if isinstance(below, ast.Constant) else ""
    return said


@cache
def _below() -> dict[str, str]:
    """The text below each assignment of the whole package, nothing of which is imported: much of it needs what may not be here."""
    sources = [path.read_text(encoding="utf-8") for path in sorted((HERE.parent / "couponhub").rglob("*.py"))]
    return {name: said for source in sources for name, said in _assigned(source).items() if said}


def recipes_page(name: str = "recipes.md") -> str:
    """The page of recipes, or another one, with the programs as they run."""
    page = (HERE / name).read_text(encoding="utf-8")
    return re.sub(
        r"(<!-- program (\S+) -->\n\n)(?:```python\n.*?```\n\n?)?",
        lambda found: f"{found[1]}```python\n{(HERE / found[2]).read_text(encoding='utf-8')}```\n\n",
        page,
        flags=re.DOTALL,
    )


def troubleshooting_page() -> str:
    """The page on faults, with the table of kinds as the errors have them."""
    page = (HERE / "troubleshooting.md").read_text(encoding="utf-8")
    titles = re.findall(r"^## (.*`.*)$", page, re.MULTILINE)
    rows = []
    for name, kind, exit_code, http_status in errors.table():
        if name in {"VendorError", "UnknownConnection"}:
            continue  # of the kinds of others
        (title,) = (title for title in titles if f"`{kind}`" in title)
        anchor = re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-")
        said = _sentence(errors, name) if kind != "internal" else "A fault of couponhub itself."
        rows.append(f"| [`{kind}`](#{anchor}) | {exit_code} | {http_status} | `{name}` | {said} |\n")
    table = "".join(["| Kind | Exit code | HTTP | Class | |\n|---|---|---|---|---|\n", *rows])
    return re.sub(r"(<!-- errors -->\n\n)(?:\|.*\n)*\n*", lambda found: f"{found[1]}{table}\n", page)


def demo_picture() -> str:
    """A lookup in a run of the demo, and what comes after it, up to the migrations, as an SVG of a terminal."""
    surroundings = {**os.environ, "COLUMNS": "110", "TZ": "UTC", "FORCE_COLOR": "1"}
    with TemporaryDirectory() as pages:  # that the demo leaves
        run = subprocess.run(
            [sys.executable, "-m", "couponhub", "demo"],
            env={**surroundings, "TMPDIR": pages},
            capture_output=True,
            text=True,
            check=True,
        )
    console = Console(record=True, width=110, file=io.StringIO(), force_terminal=True)
    shown, _, _ = run.stdout[run.stdout.index("# Which coupons") :].partition("# And when a vendor is left?")
    console.print(Text.from_ansi(re.sub(r"\s*\x1b\[[0-9;]*m$", "", shown)))
    # Without the web fonts that the library's template fetches from elsewhere.
    return re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="make demo"), flags=re.DOTALL)


PAGES = {
    "cli.md": cli_page,
    "capabilities.md": capabilities_page,
    "code-files.md": code_files_page,
    "configuration.md": configuration_page,
    "house.svg": house_picture,
    "machines.svg": machines_picture,
    "guides/webhooks.md": partial(recipes_page, "guides/webhooks.md"),
    "recipes.md": recipes_page,
    "reference.md": reference_page,
    "troubleshooting.md": troubleshooting_page,
}

if __name__ == "__main__":
    for file, page in {**PAGES, "demo.svg": demo_picture}.items():
        (HERE / file).write_text(page(), encoding="utf-8")
