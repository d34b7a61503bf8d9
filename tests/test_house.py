"""The rooms of the house and which way the arrows point, read from the imports in the source."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parents[1]
ADAPTERS = ("couponhub_capillary", "couponhub_moengage")

FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"shown"}),
    frozenset({"_lazy", "_version", "errors", "forking", "paths", "rights", "secret"}),
    frozenset({"clock"}),
    frozenset({"models", "object_stores", "rooted", "settings", "sockets", "strict"}),
    frozenset({"json_schema", "protocols", "serialization"}),
    frozenset({"state"}),
    frozenset({"auditing", "transport"}),
    frozenset({"intake"}),
    frozenset({"codes", "staging", "testing.emulation"}),
    frozenset({"jobs", "token_desk"}),
    frozenset(
        {"capabilities", "error_context", "plugin", "resilience", "safe_writes", "telemetry", "webhooks"}
    ),
    frozenset({"registry", "thread_bridge"}),
    frozenset({"client", "config", "uploads", "usage"}),
    frozenset({"connection"}),
    frozenset({"lookup"}),
    frozenset({"holdings"}),
    frozenset({"code_desk", "erasure", "explain"}),
    frozenset({"migration"}),
    frozenset({"runtime"}),
    frozenset({"hub"}),
    frozenset({"async_hub"}),
    frozenset({"testing"}),
    frozenset({"server"}),
    frozenset({"console"}),
    frozenset({"dashboard"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
"""From the ground up. A room imports from the floors below it, and nothing from its own floor but itself."""

FOR_ADAPTERS = frozenset(
    {"clock", "errors", "models", "plugin", "protocols", "secret", "settings", "strict", "transport"}
)
"""What an adapter may import of the core; its emulator may also import `testing.emulation`."""

HTTP_LIBRARIES = frozenset({"http", "oauthlib", "requests", "requests_oauthlib", "urllib3"})

DATABASE_LIBRARIES = frozenset({"procrastinate", "psycopg", "psycopg_pool", "redis", "sqlalchemy", "sqlite3"})

DATABASES = ("couponhub.state.sqlite", "couponhub.state.postgresql", "couponhub.state.redis")
"""The rooms that speak to one each."""


@attrs.frozen
class Import:
    """One import statement: of `target`, in the module `source`."""

    source: str
    target: str
    line: int
    at_import_time: bool

    def __str__(self) -> str:
        return f"{self.source}:{self.line} imports {self.target}"


def modules() -> dict[str, Path]:
    """Every module of the distribution by its dotted name."""
    found = {}
    for base, package in ((ROOT, "couponhub"), *((ROOT / "adapters", name) for name in ADAPTERS)):
        for path in (base / package).rglob("*.py"):
            name = ".".join(path.relative_to(base).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imports_of(module: str) -> Iterator[Import]:
    """All imports of a module, those in functions and for type checkers included."""
    path = MODULES[module]
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    pending: list[tuple[ast.AST, bool]] = [(ast.parse(path.read_text(encoding="utf-8")), True)]
    while pending:
        node, at_import_time = pending.pop()
        match node:
            case ast.Import():
                for alias in node.names:
                    yield Import(module, alias.name, node.lineno, at_import_time)
            case ast.ImportFrom():
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                home = ".".join([*(parents if node.level else []), *([node.module] if node.module else [])])
                for alias in node.names:
                    deeper = f"{home}.{alias.name}"
                    yield Import(module, deeper if deeper in MODULES else home, node.lineno, at_import_time)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                pending += [(child, False) for child in ast.iter_child_nodes(node)]
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                pending += [(child, False) for child in node.body]
                pending += [(child, at_import_time) for child in node.orelse]
            case _:
                pending += [(child, at_import_time) for child in ast.iter_child_nodes(node)]


IMPORTS = [found for module in sorted(MODULES) for found in imports_of(module)]


def room_of(module: str) -> str:
    """The room of the core that a module stands in; "" for the package `couponhub` itself."""
    inside = module.removeprefix("couponhub").removeprefix(".")
    return "testing.emulation" if inside.startswith("testing.emulation") else inside.partition(".")[0]


def floor_of(module: str) -> int:
    """How high a module of the core stands; the package itself, which shows the rest, above all."""
    return next((height for height, rooms in enumerate(FLOORS) if room_of(module) in rooms), len(FLOORS))


def in_core(module: str) -> bool:
    """Whether a module is one of `couponhub` rather than of an adapter."""
    return module.partition(".")[0] == "couponhub"


def around_emulator(module: str) -> bool:
    """Whether a module of an adapter is its emulator, or its plug-in, which knows how to start one."""
    return module in ADAPTERS or module.split(".")[1:2] == ["emulator"]


def test_source_was_found() -> None:
    """The other tests here would pass on an empty folder."""
    assert {"couponhub.hub", *ADAPTERS} <= set(MODULES)
    assert any(found.at_import_time for found in IMPORTS)
    assert any(not found.at_import_time for found in IMPORTS)


def test_every_room_stands_on_one_floor() -> None:
    """A new room is a decision: it gets its place in FLOORS."""
    rooms = [room for floor in FLOORS for room in floor]
    present = {room_of(module) for module in MODULES if in_core(module)} - {""}

    assert sorted(set(rooms)) == sorted(rooms)
    assert set() == present - set(rooms)


def test_arrows_point_inward() -> None:
    """No room imports from its own floor or from above, not even in a function or for type checkers."""
    wrong = [
        str(found)
        for found in IMPORTS
        if in_core(found.source) and in_core(found.target)
        if room_of(found.source) != room_of(found.target)
        if floor_of(found.source) <= floor_of(found.target)
    ]

    assert [] == wrong


def test_only_the_state_speaks_to_databases() -> None:
    """What must be known after a process has ended goes through one port, whatever it is kept in."""
    wrong = [
        str(found)
        for found in IMPORTS
        if not found.source.startswith(DATABASES)
        if found.target.partition(".")[0] in DATABASE_LIBRARIES
        or (found.target.startswith(DATABASES) and room_of(found.source) != "state")
    ]

    assert [] == wrong


def test_numpy_comes_in_with_many_codes_only() -> None:
    """It takes a fifth of a second to import, which no lookup and no help may pay for."""
    sets = ("couponhub.codes.sets", "couponhub.usage.bulk")
    wrong = [
        str(found)
        for found in IMPORTS
        if not found.source.startswith(sets)
        if found.target.partition(".")[0] == "numpy"
        or (found.at_import_time and found.target.startswith(sets))
    ]

    assert [] == wrong


def test_only_code_files_name_a_set_engine() -> None:
    """Which engine joins sets is said by a setting, and known in one room; it comes in when it is first used."""
    expressions = "couponhub.codes.joins.expressions"
    wrong = [
        str(found)
        for found in IMPORTS
        if (
            found.target.partition(".")[0] in {"duckdb", "ibis", "pyspark"}
            and (room_of(found.source) != "codes" or (found.at_import_time and found.source != expressions))
        )
        or (found.target.startswith(expressions) and found.at_import_time)
    ]

    assert [] == wrong


_EXTRAS = frozenset(
    {
        "authlib",
        "cryptography",
        "duckdb",
        "grpc",
        "joserfc",
        "obstore",
        "procrastinate",
        "psycopg",
        "psycopg_pool",
        "pyspark",
        "redis",
    }
)


def test_extras_are_imported_where_they_are_used() -> None:
    """Who looks customers up, or asks for help, waits for no engine that only few commands need."""
    wrong = [
        str(found) for found in IMPORTS if found.at_import_time and found.target.partition(".")[0] in _EXTRAS
    ]

    assert [] == wrong


def test_core_knows_no_vendor() -> None:
    """Adapters are found by entry point; the core imports none of them."""
    wrong = [
        str(found) for found in IMPORTS if in_core(found.source) and found.target.startswith("couponhub_")
    ]

    assert [] == wrong


VENDOR_WORDS = re.compile("capillary|moengage|x-cap-|store_timezone|user_id_is|usage_columns", re.IGNORECASE)
"""Names of vendors, and of settings that only their adapters have."""
NAMES_VENDORS = {
    "couponhub.cli.commands.demo": "it shows both emulators at work",
    "couponhub.cli.demo_console": "the same",
    "couponhub.cli.demo_migrations": "the same",
    "couponhub.codes.words": "what people call the columns of their files",
    "couponhub.usage.headers": "the same of reports that another program has saved",
}


def texts_of(module: str) -> Iterator[tuple[int, str]]:
    """The literal texts of a module, and what its commands say of themselves; other docstrings are for developers."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    shown_docs = module.startswith("couponhub.cli.commands")
    docs = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and not shown_docs
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def test_core_says_no_vendors_words() -> None:
    """No text of the core names a vendor, a header of theirs or a setting of one adapter: adapters hand these in."""
    found = {
        module: [f"line {line}: {text}" for line, text in texts_of(module) if VENDOR_WORDS.search(text)]
        for module in MODULES
        if in_core(module) and not module.startswith("couponhub.testing")
    }

    assert {} == {module: texts for module, texts in found.items() if texts and module not in NAMES_VENDORS}
    assert set(NAMES_VENDORS) <= {module for module, texts in found.items() if texts}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_adapter_imports_little_of_the_core(adapter: str) -> None:
    """What an adapter needs of the core is what a third party may rely on; other adapters are strangers."""
    wrong = []
    for found in IMPORTS:
        home, wanted = found.source.partition(".")[0], found.target.partition(".")[0]
        if home != adapter or not wanted.startswith("couponhub") or wanted == adapter:
            continue
        allowed = FOR_ADAPTERS | ({"testing.emulation"} if around_emulator(found.source) else set())
        if wanted != "couponhub" or room_of(found.target) not in allowed:
            wrong.append(str(found))

    assert [] == wrong


def test_adapters_do_no_http_of_their_own() -> None:
    """Bytes travel through `transport` alone; a sign-in may name the libraries whose hooks it fills."""
    wrong = [
        str(found)
        for found in IMPORTS
        if not in_core(found.source) and not around_emulator(found.source)
        if not found.source.endswith(".signin")
        if found.target.partition(".")[0] in HTTP_LIBRARIES or found.target == "urllib.request"
    ]

    assert [] == wrong


def test_imports_go_in_no_circle() -> None:
    """Any module can be the first that a program imports."""
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for found in IMPORTS:
        if found.at_import_time and found.target in MODULES:
            graph[found.source].add(found.target)

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_no_module_grows_past_400_lines() -> None:
    """A module that grows is split by noun."""
    lines = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in MODULES.items()}

    assert {} == {module: count for module, count in lines.items() if count > 400}


def test_no_public_class_name_stands_twice() -> None:
    """One word for one thing: a reader who searches for a class finds one; emulators have vocabularies of their own."""
    homes: dict[str, list[str]] = {}
    for module, path in MODULES.items():
        if ".emulator" in module:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(module)
    assert {} == {name: found for name, found in homes.items() if len(found) > 1}


REACHED_BY_NAME = {"couponhub.models.base": "couponhub.serialization"}
"""The arrows that point up, by name and not before they are needed: a model's document is written by the codec."""


def test_nothing_else_is_reached_by_name() -> None:
    """A module that is imported by its name goes unseen by the tests above, so that each is counted here."""
    found = [
        (module, node.args[0].value)
        for module, path in MODULES.items()
        if (text := path.read_text(encoding="utf-8")) and re.search("import_module|__import__", text)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__"))
        if isinstance(node.args[0], ast.Constant)
    ]
    assert list(REACHED_BY_NAME.items()) == found
