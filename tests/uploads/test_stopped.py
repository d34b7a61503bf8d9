"""Uploads over several machines whose processes stand still past their leases, are taken over, and wake up again.

Each machine has a folder of its own, PostgreSQL is what they share. The vendor's truth says that each code came once.
"""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
import pytest

from couponhub.testing import Control, EmulatorContext, EmulatorServer, config_text
from couponhub.testing.emulation.app import EmulatorApp
from couponhub.testing.vendors import emulators
from couponhub_moengage.emulator.files import fetching, processing
from tests.kit.processes import Command, started

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells who stands still")

CODES = [f"STOP-{number:03}" for number in range(9)]
THREE_PARTS = {"capillary": {"file_rows": 3}, "moengage": {"file_bytes": len("Coupon Code\n") + 3 * 9}}
UNPACED = {"capillary": {"calls_per_minute": 0}, "moengage": {"upload_per_minute": 0, "upload_per_day": 0}}
LEASE = 1.0
PATIENCE = 60.0
"""Seconds in which it must be whole, far more than it takes."""

POINTS = {
    "begin": "couponhub.state.postgresql.ledger:PostgresqlLedger.begin",
    "mark_submitting": "couponhub.state.postgresql.ledger:PostgresqlLedger.mark_submitting",
    "proof": "couponhub.state.postgresql.ledger:PostgresqlLedger.require_lock",
    "mark_submitted": "couponhub.state.postgresql.ledger:PostgresqlLedger.mark_submitted",
    "advance": "couponhub.state.sql.jobs:SqlJobs.advance",
    "answer": "couponhub.state.postgresql.list_lock:elapsed",
}
"""What a process may be stopped in, by words: before it is called, or after it has returned."""


def hastened() -> None:
    """Have leases of this process end soon."""
    from couponhub.jobs import runner, service
    from couponhub.state.postgresql import list_lock
    from couponhub.uploads import assembly, sender

    for module in (runner, service, assembly, sender):
        module.LEASE_SECONDS = LEASE  # type: ignore[attr-defined]
    list_lock.LIVES_SECONDS = LEASE


def stopping() -> None:
    """As `hastened`; and stop this process where its environment says."""
    import importlib

    hastened()
    word, when, number = os.environ["STOP_AT"].split(":")
    module, _, path = POINTS[word].partition(":")
    home: Any = importlib.import_module(module)
    *classes, name = path.split(".")
    for each in classes:
        home = getattr(home, each)
    method, calls = getattr(home, name), Counter[str]()

    def wrapped(*arguments: Any, **named: Any) -> Any:
        calls["all"] += 1
        is_meant = calls["all"] == int(number)
        if is_meant and when == "before":
            os.kill(os.getpid(), signal.SIGSTOP)
        answer = method(*arguments, **named)
        if is_meant and when == "after":
            os.kill(os.getpid(), signal.SIGSTOP)
        return answer

    setattr(home, name, wrapped)


@attrs.define
class Machines:
    """An emulated vendor, and machines that send to it.

    Attributes:
        given: Every code that the vendor was given, with how often.
    """

    folder: Path
    name: str
    control: Control
    given: Counter[str]
    emulated: Any
    list_id: str = ""
    stops_at: tuple[str, int, bool] | None = None
    victim: Command | None = None
    calls: int = 0

    def started(self, machine: str, *words: str, stop: str | None = None) -> Command:
        """Start couponhub on a machine."""
        environment = {**os.environ, "XDG_STATE_HOME": str(self.folder / machine), "STOP_AT": stop or ""}
        before = hastened if stop is None else stopping
        return started(*words, folder=self.folder, environment=environment, before=before)

    def run(self, machine: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run couponhub on a machine to its end."""
        return self.started(machine, *words).ended(within=PATIENCE)

    @property
    def held(self) -> Counter[str]:
        """The codes that the vendor holds, with how often."""
        return Counter(row["code"] for row in self.control.codes(self.list_id))

    @property
    def send(self) -> tuple[str, ...]:
        """The words that send the codes."""
        (self.folder / "codes.csv").write_text("\n".join(["code", *CODES, ""]), encoding="utf-8")
        return ("uploads", "send", self.name, self.list_id, "codes.csv")

    def go_on(self, *, most: int = 20) -> None:
        """Have another machine go on with what was begun, until the vendor has all of it or nothing is left to do."""
        for _ in range(most):
            self.run("second", "uploads", "resume")
            if Counter(CODES) == self.held:
                return
            time.sleep(LEASE / 4)

    def until_stopped(self, victim: Command) -> None:
        """Wait until the system says that a process stands still."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with suppress(OSError):
                state = Path(f"/proc/{victim.pid}/stat").read_text().rpartition(") ")[2][:1]
                if state == "T":
                    return
            assert victim.is_running, victim.err
            time.sleep(0.02)
        raise AssertionError(f"it never stood still: {victim.err}")


@pytest.fixture(params=["capillary", "moengage"])
def machines(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machines]:
    """Each vendor in turn; the one that fetches files has them from object storage."""
    world = EmulatorContext()
    (emulated,) = emulators((request.param,), world)
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
            "limits": THREE_PARTS[request.param] | UNPACED[request.param],
        }
        store = f'\n[store]\nurl = "{postgresql_url}"\n'
        if request.param == "moengage":
            bucket, endpoint = (request.getfixturevalue(name) for name in ("s3_bucket", "s3_endpoint"))
            store += (
                f'\n[staging]\nkind = "object-store"\nurl = "s3://{bucket}/staged"\nendpoint = "{endpoint}"\n'
            )
        (tmp_path / "couponhub.toml").write_text(
            config_text(server.url, [emulated], extra) + store, encoding="utf-8"
        )
        emulated.seed({"lists": [{"name": "stopped", "codes": []}]})
        machines = Machines(tmp_path, request.param, Control(server.url, request.param), given, emulated)

        def call(app: Any, environ: Any, start_response: Any) -> Any:
            if environ["PATH_INFO"].startswith("/_emulator"):
                return answer(app, environ, start_response)
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            is_whole = len(body) == int(environ.get("CONTENT_LENGTH") or 0)
            if not is_whole:
                start_response("400 Bad Request", [])
                return []
            environ["wsgi.input"] = io.BytesIO(body)
            match, number, is_done = machines.stops_at or ("nothing", 0, False)
            is_meant = re.match(match, f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}") is not None
            machines.calls += is_meant
            stops = is_meant and machines.calls == number and machines.victim is not None
            if stops and not is_done:
                machines.victim.send(signal.SIGSTOP)  # type: ignore[union-attr]
                start_response("503 Service Unavailable", [])
                return []
            given.update(re.findall("STOP-[0-9]+", body.decode()))
            told = answer(app, environ, start_response)
            if stops:
                machines.victim.send(signal.SIGSTOP)  # type: ignore[union-attr]
            return told

        monkeypatch.setattr(processing, "read_codes", read_codes)
        monkeypatch.setattr(EmulatorApp, "__call__", call)
        ran = machines.run("first", "lists", "ls", machines.name, "-o", "json")
        machines.list_id = json.loads(ran.stdout)["items"][0]["id"]
        yield machines
        server.app.reset()


def assert_once(machines: Machines) -> None:
    """The vendor holds every code, and was given every code, once."""
    assert Counter(CODES) == machines.held
    assert Counter(CODES) == machines.given


STOPS = [
    "begin:before:1",
    "begin:after:1",
    "mark_submitting:before:2",
    "mark_submitting:after:2",
    "proof:before:2",
    "answer:before:6",
    "mark_submitted:before:2",
    "mark_submitted:after:2",
    "advance:before:3",
    "advance:after:3",
]
CHOSEN = [
    ("capillary", "mark_submitting:before:2"),
    ("capillary", "proof:before:2"),
    ("capillary", "mark_submitted:before:2"),
    ("moengage", "answer:before:6"),
]
"""Those that are tried each time; `make scale SCALE=stopped` tries all."""
if os.environ.get("STOPS") == "all":
    CHOSEN = [(vendor, stop) for vendor in ("capillary", "moengage") for stop in STOPS]


@pytest.mark.parametrize(("machines", "stop"), CHOSEN, indirect=["machines"])
def test_who_stood_still_sends_and_writes_nothing(machines: Machines, stop: str) -> None:
    """Stopped at any point of an upload and taken over, it wakes up to one line, and no code comes twice or not at all."""
    stop_and_wake(machines, stop)


def stop_and_wake(machines: Machines, stop: str) -> None:
    """Stop a process that sends, have another go on, and wake the first up."""
    with machines.started("first", *machines.send, stop=stop) as victim:
        machines.until_stopped(victim)
        machines.go_on(most=8)
        before = machines.given.copy()
        victim.send(signal.SIGCONT)
        ended = victim.ended(within=PATIENCE)
    assert before == machines.given
    assert "Traceback" not in ended.stderr
    assert ended.returncode in {0, 2}, ended.stderr
    if Counter(CODES) != machines.held:
        machines.run("second", *machines.send)
        machines.go_on()
    assert_once(machines)


@pytest.mark.parametrize(
    ("machines", "is_done"), [("capillary", False), ("moengage", True)], indirect=["machines"]
)
def test_stopped_while_the_vendor_answers(machines: Machines, is_done: bool) -> None:
    """Whatever the vendor made of the part that was under way, whoever takes over finds it out, and the one who wakes up adds nothing."""
    machines.stops_at = ("POST .*/file", 2, is_done)
    with machines.started("first", *machines.send) as victim:
        machines.victim = victim
        machines.until_stopped(victim)
        machines.victim = None
        machines.go_on()
        victim.send(signal.SIGCONT)
        ended = victim.ended(within=PATIENCE)
    assert ended.returncode in {0, 2}, ended.stderr
    assert "Traceback" not in ended.stderr
    assert_once(machines)


@pytest.mark.parametrize("machines", ["capillary"], indirect=True)
def test_the_list_is_free_for_others_after_a_stop(machines: Machines) -> None:
    """Another upload to the list waits for nobody who stands still, and the one who wakes up sends nothing to it."""
    with machines.started("first", *machines.send, stop="mark_submitting:before:1") as victim:
        machines.until_stopped(victim)
        (machines.folder / "others.csv").write_text("code\nSTOP-900\n", encoding="utf-8")
        words = ("uploads", "send", machines.name, machines.list_id, "others.csv", "--timeout", "30")
        ran = machines.run("second", *words)
        assert 0 == ran.returncode, ran.stderr
        victim.send(signal.SIGCONT)
        ended = victim.ended(within=PATIENCE)
    assert "was lost, and nothing was" in ended.stderr
    assert Counter(["STOP-900"]) == machines.held == machines.given


@pytest.mark.parametrize("machines", ["moengage"], indirect=True)
def test_a_file_that_only_a_dead_machine_served_is_sent_again(machines: Machines) -> None:
    """Another machine cannot serve at the killed one's address: the vendor fails the part, and it comes once, from there."""
    config = machines.folder / "couponhub.toml"
    plain = re.sub(r"\n\[staging\][^\[]*", "\n", config.read_text(encoding="utf-8"))
    machines.emulated.set_processing_delay(0.3)
    for name, host in (("couponhub", "127.0.0.1"), ("second", "localhost")):
        staging = f'\n[staging]\nlisten = "{host}:0"\n'
        (machines.folder / f"{name}.toml").write_text(plain + staging, encoding="utf-8")
    machines.stops_at = ("POST .*/file", 2, True)
    with machines.started("first", *machines.send) as victim:
        machines.victim = victim
        machines.until_stopped(victim)
        machines.victim = None
        victim.kill()
    end = time.monotonic() + PATIENCE
    while Counter(CODES) != machines.held and time.monotonic() < end:
        machines.run("second", "uploads", "resume", "--config", "second.toml")
    assert_once(machines)
