"""`couponhub uploads send`, killed at every step of ten-part uploads: who follows exit codes and hints loses no code."""

import io
import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from couponhub.testing import Control, EmulatorContext, EmulatorServer, config_text
from couponhub.testing.emulation.app import EmulatorApp
from couponhub.testing.vendors import emulators
from couponhub_moengage.emulator.files import fetching, processing
from tests.kit.processes import Command, started

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CODES = [f"KILL-{number:03}" for number in range(30)]
TEN_PARTS = {"capillary": {"file_rows": 3}, "moengage": {"file_bytes": len("Coupon Code\n") + 3 * 9}}
UNPACED = {"capillary": {"calls_per_minute": 0}, "moengage": {"upload_per_minute": 0, "upload_per_day": 0}}
SUBMISSION = "POST .*/file"
LOOK = "GET .*(files|getUploadStatus)"
PATIENCE = 60.0
"""Seconds in which it must be whole, far more than it takes; a run that finds nothing due takes no time."""


@attrs.frozen
class Fall:
    """Where a process is killed.

    Attributes:
        match: What the method and path of the call look like.
        number: Which of the process's calls of that kind.
        is_done: Whether the vendor has worked the call through by then.
    """

    match: str
    number: int
    is_done: bool = False


@attrs.define
class Vendor:
    """An emulated vendor that kills whoever calls it, as planned.

    Attributes:
        victim: The process under way.
        falls: Where this process and those after it are killed; later ones live.
        calls: How many calls the process has made of the kind that ends it.
        kills: How many were killed.
        given: Every code that the vendor was given, with how often.
    """

    folder: Path
    name: str
    control: Control
    list_id: str
    given: Counter[str]
    victim: Command | None = None
    falls: list[Fall] = attrs.field(factory=list)
    calls: int = 0
    kills: int = 0

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run couponhub in a process of its own, which may be killed."""
        self.calls = 0
        self.victim = started(*words, folder=self.folder)
        return self.victim.ended(within=60)

    def call(self, app: Any, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a call of the victim, or kill it."""
        fall = self.falls[0] if self.falls else Fall("nowhere", 0)
        is_meant = re.match(fall.match, f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}") is not None
        self.calls += is_meant
        falls = is_meant and self.calls == fall.number
        if falls and not fall.is_done:
            self.kill()
            start_response("503 Service Unavailable", [])
            return []
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(body)
        self.given.update(re.findall("KILL-[0-9]+", body.decode()))
        answer: Iterable[bytes] = app(environ, start_response)
        if falls:
            self.kill()
        return answer

    def kill(self) -> None:
        """End the victim as nothing can be caught that would let it tidy up."""
        assert self.victim is not None
        self.victim.kill()
        self.falls.pop(0)
        self.kills += 1

    @property
    def held(self) -> Counter[str]:
        """The codes that the vendor holds, with how often."""
        return Counter(row["code"] for row in self.control.codes(self.list_id))

    def send_until_whole(self) -> None:
        """Do what a script would: repeat, unless the hint names a command; that one tells whether it is whole."""
        file = "codes.csv"
        (self.folder / file).write_text("\n".join(["code", *CODES, ""]), encoding="utf-8")
        send = ("uploads", "send", self.name, self.list_id, file, "--wait")
        words: tuple[str, ...] = send
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            ran = self.run(*words)
            if ran.returncode == 0:
                return
            named = re.search("`couponhub (uploads wait [^`]+)`", ran.stderr)
            words = tuple(named[1].split()) if named and words == send else send
        raise AssertionError(f"not whole after {PATIENCE:g} s: {ran.stderr}")

    def go_on_until_whole(self, *words: str) -> None:
        """Send once, lose the file, and then only repeat a command that goes on with what was begun."""
        file = self.folder / "codes.csv"
        file.write_text("\n".join(["code", *CODES, ""]), encoding="utf-8")
        ran = self.run("uploads", "send", self.name, self.list_id, file.name)
        file.unlink()
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if ran.returncode == 0 and Counter(CODES) == self.held:
                return
            ran = self.run(*words)
        raise AssertionError(f"not whole after {PATIENCE:g} s: {ran.stderr}")


@pytest.fixture(params=["capillary", "moengage"])
def vendor(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Vendor]:
    """Each vendor in turn; it takes a while to fetch, so that whoever is killed takes files along."""
    world = EmulatorContext()
    (emulated,) = emulators((request.param,), world)
    emulated.set_processing_delay(0.15)
    answer, read = EmulatorApp.__call__, fetching.read_codes
    given: Counter[str] = Counter()

    def read_codes(content: bytes) -> list[str]:
        codes = read(content)
        given.update(codes)
        return codes

    with EmulatorServer([emulated], world) as server:
        extra: dict[str, float | dict[str, int]] = {
            "timeout": 5.0,
            "settle": 0.1,
            "limits": TEN_PARTS[request.param] | UNPACED[request.param],
        }
        store = f'\n[store]\nurl = "sqlite:///{tmp_path.as_posix()}/hub.db"\n'
        (tmp_path / "couponhub.toml").write_text(
            config_text(server.url, [emulated], extra) + store, encoding="utf-8"
        )
        emulated.seed({"lists": [{"name": "killed", "codes": []}]})
        vendor = Vendor(tmp_path, request.param, Control(server.url, request.param), "", given)
        ran = vendor.run("lists", "ls", vendor.name, "-o", "json")
        vendor.list_id = json.loads(ran.stdout)["items"][0]["id"]

        def call(app: Any, environ: Any, start_response: Any) -> Any:
            if environ["PATH_INFO"].startswith("/_emulator"):
                return answer(app, environ, start_response)
            return vendor.call(lambda *a: answer(app, *a), environ, start_response)

        monkeypatch.setattr(processing, "read_codes", read_codes)
        monkeypatch.setattr(EmulatorApp, "__call__", call)
        yield vendor
        server.app.reset()


def assert_whole(vendor: Vendor, *, kills: int) -> None:
    """The vendor holds every code once, was given every code once, and at least so many were killed on the way."""
    assert Counter(CODES) == vendor.held
    assert Counter(CODES) == vendor.given
    assert vendor.kills >= kills


def test_killed_at_every_submission(vendor: Vendor) -> None:
    """One part further with each process: the vendor has it and nobody was told, or it has the one before."""
    vendor.falls = [Fall(SUBMISSION, 1, is_done=True), Fall(SUBMISSION, 2)] * 5

    vendor.send_until_whole()

    assert_whole(vendor, kills=9)


def test_killed_half_way(vendor: Vendor) -> None:
    """At one part or another, some of those before it fetched and some not; the next one while it asks for them."""
    vendor.falls = [Fall(SUBMISSION, 3), Fall(LOOK, 2), Fall(SUBMISSION, 3, is_done=True), Fall(LOOK, 1)]

    vendor.send_until_whole()

    assert_whole(vendor, kills=4)


def test_killed_while_waiting(vendor: Vendor) -> None:
    """Everything was sent, and whoever would see to its arrival is gone, and gone again."""
    vendor.falls = [Fall(SUBMISSION, 10, is_done=True), Fall(LOOK, 1), Fall(LOOK, 3)]

    vendor.send_until_whole()

    assert_whole(vendor, kills=3)


@pytest.mark.parametrize("words", [("work", "--once"), ("uploads", "resume")])
def test_killed_at_every_submission_and_gone_on_with(vendor: Vendor, words: tuple[str, ...]) -> None:
    """The file is gone with the first process; whoever goes on is killed at the next part, and so on to the last."""
    vendor.falls = [Fall(SUBMISSION, 1, is_done=True), Fall(SUBMISSION, 2)] * 5

    vendor.go_on_until_whole(*words)

    assert_whole(vendor, kills=9)


@pytest.mark.parametrize("words", [("work", "--once"), ("uploads", "resume")])
def test_killed_between_the_steps_and_gone_on_with(vendor: Vendor, words: tuple[str, ...]) -> None:
    """While it sends, while it looks for what it sent, and while it waits for the end."""
    vendor.falls = [Fall(SUBMISSION, 3), Fall(LOOK, 1), Fall(SUBMISSION, 2, is_done=True), Fall(LOOK, 2)]

    vendor.go_on_until_whole(*words)

    assert_whole(vendor, kills=3)
