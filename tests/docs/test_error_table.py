"""`docs/errors.md` is a promise to scripts: it must say what the code does."""

from pathlib import Path

from couponhub.errors import table

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


def documented() -> list[tuple[str, str, int, int]]:
    """The rows of the table in the docs."""
    rows = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            name, kind, exit_code, http_status, meaning = (
                cell.strip() for cell in line.strip("|").split("|")
            )
            assert meaning
            rows.append((name.strip("`"), kind.strip("`"), int(exit_code), int(http_status)))
    return rows


def test_page_and_code_have_the_same_error_table() -> None:
    """Class, kind, exit code and HTTP status of every error stand in the docs as they are in the code."""
    expected = sorted(table())

    assert expected == sorted(documented())


def test_no_error_is_listed_twice() -> None:
    """A class with several subclasses on its way to the base would appear in the table more than once."""
    names = [name for name, *_ in table()]

    assert sorted(set(names)) == sorted(names)
