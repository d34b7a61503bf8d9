"""What the documentation shows of the code is what the code does."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import docs/generate.py, which is part of no package, as its script would run."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "page",
    [
        *("cli.md", "capabilities.md", "configuration.md", "house.svg", "machines.svg"),
        *("recipes.md", "troubleshooting.md"),
    ],
)
def test_generated_pages_are_fresh(page: str, generator: ModuleType) -> None:
    """A generated page is what the generator writes now."""
    expected = generator.PAGES[page]()
    assert expected == (ROOT / "docs" / page).read_text(encoding="utf-8")


def test_readme_shows_the_demo(tmp_path: Path) -> None:
    """The README's transcript is the last part of a real run of the demo before its migrations, but for chance.

    It runs through, without colour in a pipe, and leaves nothing behind but the pages that it names, without a code.
    """
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("```console\n", 1)[1].split("```", 1)[0]
    work, temporary = tmp_path / "work", tmp_path / "temporary"
    work.mkdir()
    temporary.mkdir()
    surroundings = {**os.environ, "COLUMNS": "110", "TZ": "UTC", "TMPDIR": str(temporary)}
    run = subprocess.run(
        [sys.executable, "-m", "couponhub", "demo"],
        cwd=work,
        env=surroundings,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    expected = run.stdout[
        run.stdout.index("$ couponhub lookup") : run.stdout.index("# And when a vendor is left?")
    ]
    assert _without_chance(expected) == _without_chance(shown)
    assert "\x1b" not in run.stdout
    assert run.stdout.splitlines()[-1].startswith("make demo-console ")
    assert [] == list(work.iterdir())
    pages = sorted(path for path in temporary.rglob("*") if path.is_file())
    assert [str(path) for path in pages] == re.findall(r"^/.*\.html$", run.stdout, re.MULTILINE)
    assert ["to-capillary.html", "to-moengage.html"] == [path.name for path in pages]
    for path in pages:
        assert "SPRING-" not in path.read_text(encoding="utf-8")


_CHANCE = (
    (r"127\.0\.0\.1:\d+", "HOST"),
    (r"chub_\S+", "TOKEN"),
    (r'"as_of": "[^"]+"', "TIME"),
    (r"~?[\d-]{10}(?: \d\d:\d\d)?", "TIME"),
    (r"\b\d\d:\d\d at\b", "TIME at"),  # broken behind the day
    (r'(capillary"?,? +(?:"code": ")?)[A-Z0-9]{10}\b', r"\1CODE"),
    (r"\b\d{1,3} *$", "MS"),
)
"""What differs between runs: ports, tokens, days and times, codes that the vendor makes, milliseconds."""


def _without_chance(text: str) -> list[str]:
    """Lines without what differs between runs, padding and rules included."""
    lines = []
    for line in text.strip().splitlines():
        plain = line
        for pattern, word in _CHANCE:
            plain = re.sub(pattern, word, plain)
        lines.append(re.sub(r"[\s─]+", " ", plain).strip())
    return lines
