"""The pages: each stands in the contents once, its links lead somewhere, and what the tutorial does works."""

import re
from collections import Counter
from pathlib import Path

import pytest

from couponhub.cli import main
from couponhub.testing import emulated_vendors

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [path for path in sorted(DOCS.rglob("*.md")) if "_build" not in path.parts]
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")


def prose(path: Path) -> str:
    """The text of a page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """What the headings of a page are linked by."""
    headings = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    plain = Counter(re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings)
    return {f"{one}-{number}" if number else one for one, count in plain.items() for number in range(count)}


def test_every_page_stands_in_the_contents_once() -> None:
    """By its kind: a tutorial, a way to do something, a reference, an explanation."""
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\{toctree\}\n:caption: ([^\n]*)\n:maxdepth: 1\n\n(.*?)```", index, re.DOTALL)
    assert ["Tutorial", "How to", "Reference", "Explanation"] == [caption for caption, _ in blocks]
    listed = [name for _, names in blocks for name in names.split()]
    pages = [path.relative_to(DOCS).with_suffix("").as_posix() for path in PAGES]
    assert sorted(pages) == sorted(["index", *listed])


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs"])
def test_links_lead_somewhere(page: str) -> None:
    """To a file that is there, and to a heading that it has."""
    dead = []
    for path in PAGES if page == "docs" else [ROOT / page]:
        for target in LINK.findall(prose(path)):
            file, _, anchor = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            found = path if not file else (path.parent / file).resolve()
            if not found.exists() or (anchor and anchor not in anchors(found)):
                dead.append((path.name, target))
    assert [] == dead


def test_the_tutorial_can_be_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command exits as the page says, on vendors that fail when the page lets them."""
    page = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(console|sh)\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    with emulated_vendors(settings={"default_country_code": "91"}) as vendors:
        control = vendors.controls["capillary"]
        text = vendors.config.read_text(encoding="utf-8")
        config = tmp_path / "couponhub.toml"
        config.write_text(text.replace("[lookup]", "[lookup]\ndeadline = 0.4"), encoding="utf-8")
        ran = 0
        for kind, block in blocks:
            if "faults" in block:
                control.set_faults(
                    *([{"match": "GET *", "fault": "status", "value": 503}] if "503" in block else [])
                )
            elif "printf" in block:
                (tmp_path / "codes.csv").write_text("code\nFIRST-1\nFIRST-2\nFIRST-2\n", encoding="utf-8")
            elif kind == "console":
                for line, code in re.findall(
                    r"^\$ couponhub (.*)\n(?:exit code (\d+))?", block, re.MULTILINE
                ):
                    assert int(code or 0) == main(line.split()), capsys.readouterr()
                    ran += 1
    assert ran == 8
