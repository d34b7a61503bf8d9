"""`docs/adding-a-vendor.md` is a checklist that was followed: what it shows is what Corner shop does."""

import ast
import builtins
import re
from importlib import import_module
from pathlib import Path

import pytest

from couponhub.registry import ENTRY_POINT_GROUP

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-a-vendor.md").read_text(encoding="utf-8")
OUTSIDE = ROOT / "tests" / "outside"
PACKAGE = OUTSIDE / "couponhub_cornershop"

ROOMS = {
    room: frozenset(re.findall(r"`([\w.]+)`", may_import))
    for room, may_import in re.findall(r"^\| `(\w+)` \| .*? \| (.*) \|$", PAGE, re.MULTILINE)
}
"""The table of rooms: what each may import of the core, and of its own package."""


def imported_rooms(path: Path) -> set[str]:
    """The rooms of the core and of Corner shop that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module="couponhub" | "couponhub_cornershop"):
                found |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=str(module)) if module.startswith("couponhub.testing."):
                found.add(".".join(module.split(".")[1:3]))
            case ast.ImportFrom(module=str(module)) if module.startswith(("couponhub.", "couponhub_")):
                found.add(module.split(".")[1])
    return found


def test_suite_is_joined_as_shown() -> None:
    """The test file on the page is the one that runs, to the letter."""
    (shown,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

    assert (OUTSIDE / "test_stranger.py").read_text(encoding="utf-8") == shown


def test_entry_point_is_the_registrys() -> None:
    """The group on the page is where adapters are looked for."""
    (group,) = re.findall(r'^\[project\.entry-points\."(.+)"\]$', PAGE, re.MULTILINE)

    assert ENTRY_POINT_GROUP == group


def test_rooms_are_those_of_the_package() -> None:
    """The table names every module of Corner shop."""
    assert {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"} == set(ROOMS)


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_room_imports_what_it_may(room: str) -> None:
    """Corner shop keeps to the table."""
    imported = imported_rooms(PACKAGE / f"{room}.py")

    assert imported
    assert set() == imported - ROOMS[room]


def test_links_lead_somewhere() -> None:
    """Every page that is linked is there."""
    pages = re.findall(r"\]\((\w[\w-]*\.md)\)", PAGE)

    assert pages
    assert [] == [page for page in pages if not (ROOT / "docs" / page).is_file()]


PLACED = [
    (name, module)
    for names, module in re.findall(r"((?:`\w+`(?:, | or | and ))*`\w+`) of `(couponhub[\w.]*)`", PAGE)
    for name in re.findall(r"`(\w+)`", names)
]
"""What the page says is where: `this` and `that` of `couponhub.there`."""


def test_what_is_named_is_where_the_page_says() -> None:
    """Every class and function can be imported from there."""
    dotted = [tuple(name.rsplit(".", 1)) for name in re.findall(r"`(couponhub(?:\.\w+)+\.[A-Z]\w+)`", PAGE)]
    assert len(PLACED) > 15
    assert [] == [
        f"{name} of {module}"
        for name, module in (*PLACED, *((name, module) for module, name in dotted))
        if not hasattr(import_module(module), name)
    ]


def test_no_class_is_named_without_its_place() -> None:
    """Whoever reads of one for the first time learns where it is; some are Python's, one is Corner shop's own."""
    classes = set(re.findall(r"`([A-Z][a-z]+[A-Z]?\w*)`", PAGE)) - {"ShopKey"}
    assert set() == {name for name in classes if not hasattr(builtins, name)} - {name for name, _ in PLACED}
