"""`docs/emulators.md` is what users type from: its tables are the code's, and its examples work."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import requests

from couponhub.models import Customer
from couponhub.plugin import AdapterPlugin
from couponhub.registry import Registry
from couponhub.testing import EmulatorContext, EmulatorServer, VendorEmulator, harness_for
from couponhub.testing.emulation.context import Mail
from couponhub.testing.emulation.corruption import Garbage
from couponhub.testing.emulation.faults import FAULTS, RULE
from tests.kit.processes import forked

PAGE = (Path(__file__).parents[2] / "docs" / "emulators.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text under a heading, up to the next one."""
    _, _, rest = PAGE.partition(f" {title}\n")
    return re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The rows of all tables in a text that begin with a name in code."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| `")
    ]


def blocks(language: str) -> list[str]:
    """The page's code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def emulator(name: str, world: EmulatorContext) -> VendorEmulator:
    """The emulator of an installed adapter."""
    plugin = Registry().load(name)
    assert plugin.emulator is not None
    return plugin.emulator(world)


@attrs.frozen
class Curl:
    """A curl command of the page, as the call that it makes."""

    method: str
    path: str
    body: str | None

    @classmethod
    def parsed(cls, line: str) -> "Curl":
        """Read the command; no other options than -X and -d are known here."""
        words = iter(shlex.split(line)[1:])
        method, path, body = None, "", None
        for word in words:
            match word:
                case "-X":
                    method = next(words)
                case "-d":
                    body = next(words)
                case _:
                    path = word.removeprefix("http://127.0.0.1:8800")
        return cls(method or ("GET" if body is None else "POST"), path, body)


CURLS = [
    Curl.parsed(line) for block in blocks("sh") for line in block.splitlines() if line.startswith("curl ")
]


@pytest.fixture
def server() -> Iterator[EmulatorServer]:
    """What `couponhub emulate` serves."""
    world = EmulatorContext()
    report = {"usage-report.csv": b"User ID,Coupon Code\n"}
    at = world.clock.now()
    world.outbox.send(
        Mail(at=at, vendor="moengage", to=("a@example.com",), subject="s", text="t", attachments=report)
    )
    emulators = [emulator(name, world) for name in ("capillary", "moengage")]
    for each in emulators:
        each.seed_demo()
    with EmulatorServer(emulators, world) as server:
        yield server


@pytest.mark.parametrize("title", ["Capillary", "MoEngage"])
def test_options_are_the_emulators(title: str) -> None:
    """Every option stands on the page once, with its default and what it does."""
    documented = {name.strip("`"): default.strip("`") for name, default, _ in rows(section(title))}
    assert len(documented) == len(rows(section(title)))
    assert all(about for _, _, about in rows(section(title)))

    expected = emulator(title.lower(), EmulatorContext()).options()

    assert {name: json.dumps(value) for name, value in expected.items()} == documented


def test_every_emulator_has_its_options_told() -> None:
    """An adapter that comes to the distribution brings its emulator's options to the page."""
    titles = [
        entry.title for entry in Registry().all() if isinstance(entry, AdapterPlugin) and entry.emulator
    ]

    assert {"Capillary", "MoEngage"} == set(titles)


def test_faults_are_the_kits() -> None:
    """Every key of a rule, every fault and every kind of garbage stands on the page."""
    cells = rows(section("Faults"))
    keys = [row[0].strip("`") for row in cells if len(row) == 2]
    faults = {row[0].strip("`"): row[1] for row in cells if len(row) == 3}

    assert list(RULE) == keys
    assert list(FAULTS) == list(faults)
    assert list(Garbage) == re.findall(r"`(\w+)`", faults["garbage"])


def test_curl_examples_work(server: EmulatorServer) -> None:
    """One after the other, as a reader would type them, each is understood."""
    assert len(CURLS) > 10
    for curl in CURLS:
        response = requests.request(curl.method, server.url + curl.path, data=curl.body, timeout=10)
        if "/error-files/" in curl.path:  # its key holds the second in which an upload ended
            assert "no error file of that key" in response.text
        else:
            assert 200 == response.status_code, (curl, response.text)


def test_control_api_is_shown_whole(server: EmulatorServer) -> None:
    """Every endpoint that `GET /_emulator/` describes has an example."""
    described: list[dict[str, Any]] = requests.get(f"{server.url}/_emulator/", timeout=10).json()["endpoints"]

    for endpoint in described:
        if (endpoint["method"], endpoint["path"]) == ("GET", "/_emulator/clock"):
            continue  # the examples read the clock's answer when they set it
        pattern = re.sub(r"<\w+>", "[^/]+", endpoint["path"])
        assert any(
            curl.method == endpoint["method"] and re.fullmatch(pattern, curl.path) for curl in CURLS
        ), endpoint


def test_demo_seed_is_as_told() -> None:
    """Capillary's lists on the page are those of the demo seed, and the customer holds a code of each."""
    told = dict(
        re.findall(r"^\| Capillary \| `(\w+)` (.+?) \|", section("What they hold at start"), re.MULTILINE)
    )
    with harness_for(Registry().load("capillary")) as harness:
        harness.emulator.seed_demo()
        lists = {str(found.id): found.name for found in harness.connection.lists.iterate()}
        held = harness.hub.lookup(Customer(mobile="919876543210")).coupons

    assert lists == told
    assert set(lists) == {coupon.list_id for coupon in held}


def test_seed_file_is_understood() -> None:
    """The seed file of the page fills both vendors."""
    (text,) = blocks("json")
    content = json.loads(text)

    assert {"capillary", "moengage"} == set(content)
    for name, part in content.items():
        emulator(name, EmulatorContext()).seed(part)


def run_tests() -> None:
    """Run the tests of the working folder, in a process of its own."""
    pytest.main(["-q", "-p", "no:cacheprovider", "."])


def test_examples_for_own_tests_pass(tmp_path: Path) -> None:
    """The tests on the page are tests, and pass."""
    examples = blocks("python")
    assert 2 == len(examples)
    for number, example in enumerate(examples):
        (tmp_path / f"test_example_{number}.py").write_text(example, encoding="utf-8")

    run = forked(run_tests, folder=tmp_path).ended()

    assert "2 passed" in run.stdout, run.stdout
