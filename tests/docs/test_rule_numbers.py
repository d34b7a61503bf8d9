"""Numbers of rules, such as C-34, lead to the rule that they cite, and never stand in what users read."""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parents[2]
PAGES = {"C": ROOT / "docs/vendors/capillary.md", "D": ROOT / "docs/vendors/moengage.md"}
"""The page of each vendor, whose headings are its rules."""

SUITES = ROOT / "couponhub" / "testing"
"""Where rules of ours (R of adapters, S of state) are docstrings of tests, which begin with their number."""

NUMBER = re.compile(r"\b([CDRS])-(\d{1,3})\b")
SHOWN = ("cli", "errors.py", "models", "server")
"""Of `couponhub`: where docstrings become help texts and the descriptions of the HTTP API."""


@attrs.frozen
class Citation:
    """A number where it stands."""

    place: str
    number: str


def numbers_in(text: str) -> Iterator[str]:
    """Every number of a rule in a text, as it is written there."""
    return (match[0] for match in NUMBER.finditer(text))


def loose_texts(tree: ast.AST) -> Iterator[ast.Constant]:
    """Texts that stand alone: the docstrings of modules, classes, functions and attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def citations_in_source(path: Path) -> Iterator[Citation]:
    """Those in comments and docstrings; any other text of a program is data, such as a code C-1 of a test."""
    source = path.read_text(encoding="utf-8")
    if not NUMBER.search(source):
        return
    place = path.relative_to(ROOT).as_posix()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield from (Citation(f"{place}:{token.start[0]}", number) for number in numbers_in(token.string))
    for text in loose_texts(ast.parse(source)):
        if isinstance(text.value, str):
            yield from (Citation(f"{place}:{text.lineno}", number) for number in numbers_in(text.value))


def citations_in_page(path: Path) -> Iterator[Citation]:
    """Those in prose; blocks of code are data."""
    is_code = False
    for line_number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("```"):
            is_code = not is_code
        elif not is_code:
            place = f"{path.relative_to(ROOT).as_posix()}:{line_number}"
            yield from (Citation(place, number) for number in numbers_in(line))


def sources(*folders: str) -> Iterator[Path]:
    """The Python files below folders of the repository."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def pages() -> Iterator[Path]:
    """The pages of the documentation, without what is built of them."""
    return (path for path in sorted((ROOT / "docs").rglob("*.md")) if "_build" not in path.parts)


def rules_on_page(letter: str) -> list[str]:
    """The numbers of a vendor's page, in the order of its headings."""
    headings = re.findall(rf"^### ({letter}-\d+) ", PAGES[letter].read_text(encoding="utf-8"), re.MULTILINE)
    return [str(heading) for heading in headings]


def rules_of_suites() -> set[str]:
    """The numbers with which docstrings of the suites' tests begin."""
    found = set()
    for path in sorted(SUITES.rglob("*.py")):
        for text in loose_texts(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(text.value, str) and (match := re.match(r"([RS]-\d{2,3}): ", text.value)):
                found.add(match[1])
    return found


CITATIONS = [
    *(
        found
        for path in sources("couponhub", "adapters", "tests", "docs")
        for found in citations_in_source(path)
    ),
    *(found for path in pages() for found in citations_in_page(path)),
]


def test_citations_were_found() -> None:
    """The other tests here would pass if nothing was read."""
    assert len(CITATIONS) > 800
    assert {"C", "D", "R"} <= {found.number[0] for found in CITATIONS}
    assert len(rules_of_suites()) > 60


@pytest.mark.parametrize("letter", PAGES)
def test_every_rule_of_a_vendor_that_is_cited_stands_on_its_page(letter: str) -> None:
    """Who follows a number from the code finds the rule."""
    known = set(rules_on_page(letter))
    assert [] == [found for found in CITATIONS if found.number[0] == letter and found.number not in known]


def test_every_rule_of_ours_that_is_cited_has_a_test() -> None:
    """Rules of adapters and of state are those that the suites in `couponhub.testing` test."""
    known = rules_of_suites()
    assert [] == [found for found in CITATIONS if found.number[0] in "RS" and found.number not in known]


def test_no_page_has_a_number_twice() -> None:
    """A number means one rule: as a heading of a vendor's page, or as the first cell of a table's row."""
    twice = []
    for path in pages():
        text = path.read_text(encoding="utf-8")
        numbers = re.findall(r"^(?:### |\| )([CDRS]-\d+) ", text, re.MULTILINE)
        twice += [(path.name, number) for number, count in Counter(numbers).items() if count > 1]
    assert [] == twice


@pytest.mark.parametrize("letter", PAGES)
def test_every_rule_says_where_it_comes_from_and_what_follows(letter: str) -> None:
    """Each has its source, how sure it is, what couponhub does and what the emulator does."""
    page = PAGES[letter].read_text(encoding="utf-8").partition("\n## Sources")[0]
    _, *rules = re.split(r"^### ", page, flags=re.MULTILINE)
    surely = re.compile(r"- \*\*Source:\*\* .*\b(documented|contradictory|silent|inferred)\b")
    lacking = [
        rule.splitlines()[0]
        for rule in rules
        if not (surely.search(rule) and "- **couponhub:** " in rule and "- **Emulator:** " in rule)
    ]
    assert [] == lacking


@pytest.mark.parametrize("letter", PAGES)
def test_the_contents_name_every_rule_of_their_group(letter: str) -> None:
    """The list at the top of a page names, under each heading, exactly the numbers that stand there."""
    page = PAGES[letter].read_text(encoding="utf-8")
    told: dict[str, set[int]] = {}
    for title, numbers in re.findall(r"^- \[([^\]]+)\]\(#[^)]+\): (.+)$", page, re.MULTILINE):
        told[title] = set()
        for first, last in re.findall(rf"{letter}-(\d+)(?: to {letter}-(\d+))?", numbers):
            told[title] |= set(range(int(first), int(last or first) + 1))
    standing: dict[str, set[int]] = {}
    for group in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        found = re.findall(rf"^### {letter}-(\d+) ", group, re.MULTILINE)
        if found:
            standing[group.splitlines()[0]] = {int(number) for number in found}
    assert standing == told


@pytest.mark.parametrize("letter", PAGES)
def test_every_module_that_a_rule_names_is_there(letter: str) -> None:
    """A module is named by the end of its path, so that it may move, but not vanish."""
    package = ROOT / "adapters" / f"couponhub_{PAGES[letter].stem}"
    paths = [f"/{path.relative_to(package).as_posix()}" for path in package.rglob("*.py")]
    named = set(re.findall(r"`([\w/]+\.py)`", PAGES[letter].read_text(encoding="utf-8")))
    assert [] == sorted(name for name in named if not any(path.endswith(f"/{name}") for path in paths))


@pytest.mark.parametrize("letter", PAGES)
def test_every_option_of_an_emulator_is_one(letter: str) -> None:
    """What a rule calls an option, or options, the emulator's class of them has."""
    package = ROOT / "adapters" / f"couponhub_{PAGES[letter].stem}" / "emulator"
    options = (package / "options.py").read_text(encoding="utf-8")
    page = PAGES[letter].read_text(encoding="utf-8")
    told = [
        name
        for line in re.findall(r"\boptions? ((?:`\w+`(?:, )?)+)", page)
        for name in re.findall(r"`(\w+)`", line)
    ]
    assert len(told) > 15
    assert [] == [name for name in told if not re.search(rf"^    {name}: ", options, re.MULTILINE)]


def shown_texts(path: Path) -> Iterator[ast.Constant]:
    """The texts of a module that users may come to read."""
    source = path.read_text(encoding="utf-8")
    if not NUMBER.search(source):
        return
    tree = ast.parse(source)
    aside = {id(text) for text in loose_texts(tree)}
    becomes_help = path.is_relative_to(ROOT / "couponhub") and (
        path.relative_to(ROOT / "couponhub").parts[0] in SHOWN
    )
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and (becomes_help or id(node) not in aside)
        ):
            yield node


def test_no_number_stands_in_a_text_that_users_see() -> None:
    """Whoever reads an error, a hint or a help text has no page to look a number up on, and needs none."""
    shown = [
        f"{path.relative_to(ROOT).as_posix()}:{text.lineno}: {number}"
        for path in sources("couponhub", "adapters")
        if not path.is_relative_to(SUITES)
        for text in shown_texts(path)
        for number in numbers_in(str(text.value))
    ]
    assert [] == shown


def test_nothing_cites_a_document_that_readers_do_not_have() -> None:
    """Sections of papers of ours are no citation: rules have numbers."""
    by_section = re.compile(r"\b(?:[Ss]ections? \d|vendor facts)")
    wrong = []
    for path in sources("couponhub", "adapters", "tests"):
        if path == Path(__file__):
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        wrong += [f"{path.name}:{at}" for at, line in enumerate(lines, start=1) if by_section.search(line)]
    assert [] == wrong
