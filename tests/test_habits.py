"""What is said of the checks in several places is one thing: Pythons, targets of the Makefile, locked tools, the coverage gate."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
LOCKS = ("requirements.txt", "requirements-deploy.txt", "requirements-dev.txt")

pytestmark = pytest.mark.skipif(
    not (ROOT / ".github").is_dir(), reason="an unpacked source distribution has neither workflows nor hooks"
)


def text_of(*parts: str) -> str:
    """The text of a file of the repository."""
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def supported() -> list[str]:
    """The Pythons that the distribution says it supports."""
    matches = (
        re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", classifier)
        for classifier in PROJECT["project"]["classifiers"]
    )
    return [match[1] for match in matches if match]


def test_every_supported_python_is_tested() -> None:
    """By nox, by both matrices of the workflow, and as a candidate of the Makefile."""
    assert ["3.11", "3.12", "3.13", "3.14"] == supported()
    listed = [
        *re.findall(r"^PYTHONS = \((.*)\)$", text_of("noxfile.py"), re.MULTILINE),
        *re.findall(r"^ +python: \[(.*)\]$", text_of(".github", "workflows", "tests.yml"), re.MULTILINE),
    ]
    assert [supported()] * 3 == [re.findall(r"3\.\d+", pythons) for pythons in listed]
    candidates = re.findall(r"python(3\.\d+)", MAKEFILE.partition("CANDIDATES :=")[2].partition("\n")[0])
    assert set(supported()) == set(candidates)


def made() -> Iterator[tuple[str, str]]:
    """Every target of the Makefile that a hook, a workflow or a page names, with where it does."""
    pages = [".pre-commit-config.yaml", "CONTRIBUTING.md", "SECURITY.md", "docs/releasing.md"]
    pages += [path.relative_to(ROOT).as_posix() for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    for page in pages:
        for words in re.findall(r"(?:^ +|`|entry: |run: )make ((?:[a-z]+ ?)+)", text_of(page), re.MULTILINE):
            yield from ((page, target) for target in words.split())


def test_every_target_that_is_named_exists() -> None:
    """Hooks, workflows and pages call what the Makefile has, so that a check is defined once."""
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    assert {"check", "types", "pytest", "test", "coverage", "live", "release"} <= {
        target for _, target in made()
    }
    assert [] == [(page, target) for page, target in made() if target not in targets]


@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_locked_has_hashes_and_no_address(lock: str) -> None:
    """Where packages come from is the business of whoever installs them."""
    text = text_of(lock)
    assert "://" not in text
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert len(blocks) > 15
    assert [] == [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block]


def pinned(lock: str) -> set[str]:
    """What a lock file pins, each as `name==version`."""
    return set(re.findall(r"^([a-z0-9.-]+==\S+)", text_of(lock), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS[:-1])
def test_what_is_installed_is_what_is_tested(lock: str) -> None:
    """Each version that users or the image get is that of the checks."""
    assert set() == pinned(lock) - pinned(LOCKS[-1])


def test_the_image_holds_its_extras() -> None:
    """What each extra asks for is locked for the image; the Makefile alone says which extras those are."""
    (extras,) = re.findall(r"^IMAGE := (.*)$", MAKEFILE, re.MULTILINE)
    names = {pin.partition("==")[0] for pin in pinned("requirements-deploy.txt")}
    for extra in extras.split():
        wanted = {
            re.split(r"[^a-z0-9-]", one)[0] for one in PROJECT["project"]["optional-dependencies"][extra]
        }
        assert set() == wanted - names, extra


def test_every_tool_is_locked() -> None:
    """A tool of the checks that was added without `make lock` would be missing from a new .venv."""
    locked = set(re.findall(r"^([a-z0-9-]+)==", text_of("requirements-dev.txt"), re.MULTILINE))
    wanted = {re.split(r"[^a-z0-9-]", tool, maxsplit=1)[0] for tool in PROJECT["dependency-groups"]["dev"]}
    assert set() == wanted - locked


def test_the_gate_counts_branches_and_does_not_sink() -> None:
    """At least 95 % of the core and of both adapters."""
    run, report = PROJECT["tool"]["coverage"]["run"], PROJECT["tool"]["coverage"]["report"]
    assert run["branch"] is True
    assert ["couponhub", "couponhub_capillary", "couponhub_moengage"] == run["source_pkgs"]
    assert report["fail_under"] >= 95
    assert "omit" not in run | report


def test_what_is_not_counted_says_why() -> None:
    """A line, or a branch, that is left out of the count has its reason beside it."""
    silent = [
        f"{path.relative_to(ROOT).as_posix()}:{number}"
        for folder in ("couponhub", "adapters")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"pragma: no (?:cover|branch)(?! - \S)", line)
    ]
    assert [] == silent


CLAUSE = re.compile(
    r'^ *r?"""(What|Whether|Where|When|Which|Who|Whose|Whom|Why|How|The same|(By|In|Of|As) which)\b.*',
    re.MULTILINE,
)


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    """A clause ("What ...", "Whether ...") makes one read on to learn what is meant: "Return ...", "The coupons of ..."."""
    found = [
        f"{path.relative_to(ROOT).as_posix()}: {match[0].strip()}"
        for folder in ("couponhub", "adapters", "docs/recipes")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for match in CLAUSE.finditer(path.read_text(encoding="utf-8"))
    ]
    assert [] == found
