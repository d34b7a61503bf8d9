"""The guide to uploads can be followed: its commands, on emulated vendors, exit as it says and show on a terminal what it shows."""

import re
from pathlib import Path

from tests.cli.conftest import cli
from tests.cli.test_upload_progress import PICTURES
from tests.codes.workbooks import workbook
from tests.kit.cli import CliRunner

__all__ = ["cli"]

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "upload.md"
PAGE = GUIDE.read_text(encoding="utf-8")
STEERS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
MADE_UP = {
    "UPLOAD": r"up_[a-z2-7]{20}",
    "LIST": r"\b[0-9a-f]{24}\b",
    "NAME": r"(?<=winter-)[a-z2-7]{10}",
    "TIME": r"\d{4}-\d\d-\d\d \d\d:\d\d",
}
"""What differs from one time to the next."""


def the_same(text: str) -> str:
    """A text in which what differs from one time to the next is a word."""
    for word, pattern in MADE_UP.items():
        text = re.sub(pattern, word, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def as_pattern(shown: str) -> str:
    """The pattern of an output: `...` stands for any lines, and within parentheses for any words."""
    escaped = re.escape(the_same(shown))
    return (
        escaped.replace(re.escape("(...)"), r"\(.*\)")
        .replace(re.escape("...") + "\\\n", r"(?:.*\n)*")
        .replace("\\\n" + re.escape("..."), r"(?:\n.*)*")
    )


def winter() -> bytes:
    """The workbook that the guide is about."""
    rows: list[list[str | float]] = [["Code", "Campaign"]]
    rows += [
        [f"WINTER-{number * 7919 % 10007:05}{'ABCDEFGHKM'[number % 10]}", "Winter sale"]
        for number in range(1, 1201)
    ]
    rows[41][0], rows[300][0], rows[512][0], rows[777][0] = rows[11][0], 123456789012.0, "NULL", ""
    return workbook(rows)


def test_the_guide_can_be_followed(cli: CliRunner) -> None:
    """From the workbook on, step by step, with what a terminal shows at each."""
    (cli.folder / "winter.xlsx").write_bytes(winter())
    names: dict[str, str] = {}
    ran = 0
    for kind, block in re.findall(r"```(console|toml)\n(.*?)```", PAGE, re.DOTALL):
        if kind == "toml":
            cli.configure(more=f"\n{block}")
            continue
        command, _, shown = block.partition("\n")
        if "uploads resume" in command:
            cli.configure()
        for written, made_id in names.items():
            command = command.replace(written, made_id)
        shown, _, code = shown.partition("exit code ")
        seen = cli.on_terminal(*command.removeprefix("$ couponhub ").split(), columns=110)
        out = STEERS.sub("", seen.out)
        assert int(code or 0) == seen.code, out
        assert re.fullmatch(as_pattern(shown), the_same(out)), f"{command}\n{out}"
        for pattern in (MADE_UP["UPLOAD"], MADE_UP["LIST"]):
            if (written_id := re.search(pattern, shown)) and (made := re.search(pattern, out)):
                names.setdefault(written_id[0], made[0])
        ran += 1
    (rows,) = re.findall(r"```text\n(line,code.*?)```", PAGE, re.DOTALL)
    assert (cli.folder / "rows.csv").read_text(encoding="utf-8").startswith(rows)
    assert ran == len(re.findall(r"^\$ couponhub", PAGE, re.MULTILINE)) >= 8


def test_its_picture_of_the_progress_is_what_is_drawn() -> None:
    """The same that the tests of the display expect."""
    picture = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0]
    assert PICTURES[80] == picture.splitlines()


def test_its_picture_of_the_page_is_small() -> None:
    """A picture that the repository can carry, of what the check shows now: see the guide when that changes."""
    assert (GUIDE.parent / "check.png").stat().st_size < 150_000
