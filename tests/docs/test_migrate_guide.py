"""The guide to migrations can be followed: its commands, on emulated vendors, exit as it says and show on a terminal what it shows."""

import json
import re
import subprocess
import urllib.request
from pathlib import Path

from tests.cli.conftest import cli
from tests.docs.test_upload_guide import STEERS, as_pattern, the_same
from tests.kit.cli import CliRunner

__all__ = ["cli"]

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "migrate.md"
PAGE = GUIDE.read_text(encoding="utf-8")
LIST = r"\b[0-9a-f]{24}\b"
CURL = re.compile(r"curl (?:-X (\w+) )?http://127\.0\.0\.1:8800(\S+) -d '(.*)'")
CHANCE = {
    "MIGRATION": r"mig_[a-z2-7]{20}",
    "DIGEST": r"\b[0-9a-f]{64}\b",
    "MOMENT": r"\d{4}-\d\d-\d\dT[\d:.]+Z",
}
"""What differs from one time to the next, beside what does in the guide to uploads."""


def plain(text: str) -> str:
    """A text in which what differs is a word."""
    for word, pattern in CHANCE.items():
        text = re.sub(pattern, word, text)
    return text


def prepare(cli: CliRunner, block: str) -> None:
    """Do what the reader does beside couponhub: make files, and call the emulator."""
    for line in block.strip().splitlines():
        if called := CURL.fullmatch(line):
            request = urllib.request.Request(  # noqa: S310 - our own emulator
                f"{cli.server.url}{called[2]}",
                called[3].encode(),
                {"Content-Type": "application/json"},
                method=called[1] or "POST",
            )
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
                answer.read()
        elif not line.startswith("couponhub emulate"):
            subprocess.run(["sh", "-c", line], cwd=cli.folder, check=True)  # noqa: S603, S607 - of the guide


def test_the_guide_can_be_followed(cli: CliRunner) -> None:
    """From the two vendors on, step by step, with what a terminal shows at each."""
    for vendor in cli.vendors.values():
        vendor.set_processing_delay(0.0)
    names: dict[str, str] = {}
    ran = 0
    for kind, written_block in re.findall(r"```(console|sh)\n(.*?)```", PAGE, re.DOTALL):
        block = written_block
        for written, made_id in names.items():
            block = block.replace(written, made_id)
        if kind == "sh":
            prepare(cli, block)
            continue
        command, _, shown = block.partition("\n")
        plans = cli.folder / "winter.plan.json"
        if plans.exists():
            command = command.replace("DIGEST", json.loads(plans.read_text(encoding="utf-8"))["digest"])
        shown, _, code = shown.partition("exit code ")
        seen = cli.on_terminal(*command.removeprefix("$ couponhub ").split(), columns=110)
        out = STEERS.sub("", seen.out)
        assert int(code or 0) == seen.code, out
        assert re.fullmatch(as_pattern(plain(shown)), the_same(plain(out))), f"{command}\n{out}"
        if not names and (written_id := re.search(LIST, PAGE)) and (made := re.search(LIST, out)):
            names[written_id[0]] = made[0]
        ran += 1
    assert ran == len(re.findall(r"^\$ couponhub", PAGE, re.MULTILINE)) >= 15


def test_its_picture_of_the_report_is_small() -> None:
    """A picture that the repository can carry; `docs/report_picture.py` takes it anew."""
    assert (GUIDE.parent / "report.png").stat().st_size < 150_000
