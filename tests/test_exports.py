"""What the packages promise in `__all__` is what one can import from them, no more and no less."""

import ast
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from pkgutil import iter_modules

import pytest

import couponhub

LAZY = ("couponhub", "couponhub.client", "couponhub.testing")
PACKAGES = (
    "couponhub",
    *sorted(f"couponhub.{one.name}" for one in iter_modules(couponhub.__path__) if one.ispkg),
    "couponhub_capillary",
    "couponhub_moengage",
)


def promised(package: str) -> list[str]:
    """What `__all__` of a package lists."""
    return list(getattr(import_module(package), "__all__", ()))


def homes(package: str) -> dict[str, str]:
    """Lazy name to module, as the running program resolves it."""
    return dict(import_module(package)._HOMES)


def homes_for_type_checkers(package: str) -> dict[str, str]:
    """Lazy name to module, as a type checker sees it."""
    tree = ast.parse(Path(str(import_module(package).__file__)).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    assert "TYPE_CHECKING" == ast.unparse(block.test)
    return {
        alias.asname or alias.name: str(node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_importable(package: str) -> None:
    """Every promised name exists, and is promised once."""
    names = promised(package)

    assert sorted(set(names)) == sorted(names)
    assert [] == [name for name in names if not hasattr(import_module(package), name)]


@pytest.mark.parametrize("package", LAZY)
def test_lazy_names_are_the_promised_ones(package: str) -> None:
    """A name in one of the three lists and not in another would work for some users only."""
    assert homes(package) == homes_for_type_checkers(package)
    assert sorted(homes(package)) == sorted(promised(package))


@pytest.mark.parametrize(
    ("package", "name"), [(package, name) for package in LAZY for name in sorted(homes(package))]
)
def test_lazy_name_is_the_object_of_its_home(package: str, name: str) -> None:
    """`couponhub.X` is the very X of its module, so that `except couponhub.X` catches it."""
    expected = getattr(import_module(homes(package)[name]), name)

    assert expected is getattr(import_module(package), name)


@pytest.mark.parametrize("package", LAZY)
def test_unknown_name_is_an_attribute_error(package: str) -> None:
    """A misspelt import fails as it does in any module."""
    with pytest.raises(AttributeError, match="no attribute 'CuponHub'"):
        getattr(import_module(package), "CuponHub")  # noqa: B009 - no type checker should look


def test_dir_shows_the_lazy_names() -> None:
    """Completion in a shell offers what was not imported yet."""
    assert sorted([*homes("couponhub"), "__version__"]) == dir(import_module("couponhub"))


def test_the_version_is_that_of_the_distribution() -> None:
    """As `couponhub --version` tells it."""
    assert version("couponhub") == couponhub.__version__
