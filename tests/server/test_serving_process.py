"""`couponhub serve` as it is run: processes, signals, ports, what it prints."""

import importlib.util
import json
import logging
import re
import signal
import socket
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from couponhub import CouponHub
from couponhub._version import installed_version
from couponhub.cli import main
from couponhub.config import load_config
from couponhub.errors import RateLimited
from couponhub.server.loading import LONGEST_READ_SECONDS, hurried
from couponhub.server.log_lines import LinesHandler
from couponhub.server.serving import held_place
from couponhub.testing import EmulatedVendors
from tests.kit.eventually import eventually
from tests.server.harness import MOBILE
from tests.server.running import ASKED, running, token_of
from tests.state.kit import store_of


def test_what_is_under_way_is_finished(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """SIGTERM during a lookup: it is answered, what comes afterwards is not, and the log is whole."""
    capillary = vendors.controls["capillary"]
    with running(vendors, tmp_path) as server:
        token = server.one_time_token
        assert 200 == server.post(ASKED, token).status_code
        answers: list[requests.Response] = []
        capillary.fail("GET */v1.1/customer/coupons", "latency", 1.0)
        asking = threading.Thread(target=lambda: answers.append(server.post(ASKED, token)))
        before = len(capillary.requests())
        asking.start()
        eventually(lambda: len(capillary.requests()) > before, "the vendor to be asked")
        server.process.send(signal.SIGTERM)
        asking.join()
        capillary.set_faults()
        assert [(200, True)] == [(answer.status_code, answer.json()["complete"]) for answer in answers]
        assert 0 == server.process.ended().returncode
        with pytest.raises(requests.ConnectionError):
            server.post(ASKED, token)
        lines = server.lines
        assert [("/v1/lookup", 200)] * 2 == [
            (line["route"], line["status"]) for line in lines if "route" in line
        ]
        said = [line["message"] for line in lines if line.get("logger", "").startswith("couponhub.server")]
        assert ["starting", "answering", "stopping: what is under way is finished", "stopped"] == said
        assert all(line["time"].endswith("Z") and line["level"] for line in lines)
        start = lines[0]
        assert (installed_version(), str(server.config)) == (start["version"], start["config"])
        assert 1 == server.process.err.count(token)
        assert MOBILE not in server.process.err


def test_a_server_that_drains_is_asked_on(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """SIGTERM: every worker is unready at once and still answers; a reload is no matter any more; the second one ends it."""
    with running(vendors, tmp_path, "--workers", "2", "--drain", "600") as server:
        token = server.one_time_token
        assert 200 == requests.get(f"{server.url}/readyz", timeout=30).status_code
        server.process.send(signal.SIGTERM)

        def answered() -> list[int]:
            # Each on a connection of its own, of which the workers take some each.
            return [requests.get(f"{server.url}/readyz", timeout=30).status_code for _ in range(8)]

        eventually(lambda: answered() == [503] * 8, "both workers to be unready")
        assert requests.get(f"{server.url}/readyz", timeout=30).json()["draining"] is True
        assert [200] * 4 == [server.post(ASKED, token).status_code for _ in range(4)]
        workers = server.workers
        server.process.send(signal.SIGHUP)
        eventually(lambda: "not reloaded: the server is about to end" in server.process.err, "the refusal")
        assert workers == server.workers
        server.process.send(signal.SIGTERM)
        assert 0 == server.process.ended(within=30).returncode
        assert ["not reloaded: the server is about to end"] == [
            line for line in server.complaints if "reload" in line
        ]


def test_draining_ends_by_itself(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """After its seconds, and what began meanwhile is finished."""
    capillary = vendors.controls["capillary"]
    with running(vendors, tmp_path, "--drain", "1") as server:
        token = server.one_time_token
        server.process.send(signal.SIGTERM)
        eventually(
            lambda: requests.get(f"{server.url}/readyz", timeout=30).status_code == 503, "it to be unready"
        )
        capillary.fail("GET */v1.1/customer/coupons", "latency", 1.5)
        assert 200 == server.post(ASKED, token).status_code
        capillary.set_faults()
        assert 0 == server.process.ended(within=30).returncode
        said = [line["message"] for line in server.lines if line.get("logger", "").endswith("workers")]
        assert ["draining: /readyz answers 503, and requests are served for another 1 s"] == said[:1]
        assert ["stopping: what is under way is finished", "stopped"] == said[-2:]


def test_a_second_signal_ends_at_once(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """What is under way is broken off: whoever asks twice does not mean to wait."""
    capillary = vendors.controls["capillary"]
    with running(vendors, tmp_path) as server:
        token = server.one_time_token
        capillary.fail("GET */v1.1/customer/coupons", "latency", 600.0)
        broken: list[bool] = []

        def ask() -> None:
            with pytest.raises(requests.RequestException):
                server.post({**ASKED, "deadline": 60}, token)
            broken.append(True)

        asking = threading.Thread(target=ask)
        before = len(capillary.requests())
        asking.start()
        eventually(lambda: len(capillary.requests()) > before, "the vendor to be asked")
        server.process.send(signal.SIGTERM)
        eventually(lambda: "stopping" in server.process.err, "the end to begin")
        server.process.send(signal.SIGTERM)
        assert 0 == server.process.ended(within=30).returncode
        asking.join()
        capillary.set_faults()
        assert [True] == broken
        assert any("stopping at once" in line for line in server.complaints)


def test_workers_share_tokens_and_figures(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """Whichever is asked: a token made meanwhile counts, and the figures are those of all."""
    with running(vendors, tmp_path, "--workers", "2") as server:
        token = token_of(server, "another")
        for _ in range(10):
            assert 200 == server.post(ASKED, token).status_code
        pattern = r'couponhub_http_requests_total\{method="POST",route="/v1/lookup",status="200"\} (\d+)'
        counts = {
            re.findall(pattern, requests.get(f"{server.url}/metrics", timeout=30).text)[0] for _ in range(6)
        }
        assert {"11.0"} == {f"{float(one)}" for one in counts}
        shown = requests.get(f"{server.url}/metrics", timeout=30).text
        assert 1 == len(re.findall(r"^couponhub_build_info\{", shown, re.MULTILINE))
        assert ['couponhub_part_up{part="state"} 1.0'] == re.findall(
            r'^couponhub_part_up\{part="state".*$', shown, re.MULTILINE
        )
        pids = re.findall(r'^process_cpu_seconds_total\{pid="(\d+)"\}', shown, re.MULTILINE)
        assert sys.platform != "linux" or {*map(str, server.workers)} == {*pids}
        server.process.send(signal.SIGTERM)
        assert 0 == server.process.ended().returncode


def test_workers_end_with_their_parent(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """Also when it is killed: else they would keep the port."""
    with running(vendors, tmp_path) as server:
        server.process.kill()
        address = urlsplit(server.url)

        def is_free() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex((address.hostname, address.port)) != 0

        eventually(is_free, "the port to be free")


def test_reads_let_nobody_wait_for_long(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """A rate limit that lasts longer is told, with when to come back; elsewhere it is waited out."""
    text = vendors.config.read_text(encoding="utf-8")
    config = tmp_path / "couponhub.toml"
    config.write_text(
        text.replace("[store]", "[connections.capillary.limits]\ncalls_per_minute = 1\n\n[store]", 1)
    )
    now = datetime(2026, 1, 1, 10, 0, 5, tzinfo=UTC).timestamp()
    patient, hurrying = load_config(config), hurried(load_config(config))
    assert 75 == patient.connections["capillary"].settings.transport().patience
    assert LONGEST_READ_SECONDS == hurrying.connections["capillary"].settings.transport().patience
    with CouponHub(hurrying) as hub:
        store_of(hub._runtime.quotas).now = hub._runtime.quotas.now = lambda: now
        lists = hub["capillary"].lists
        next(iter(lists.iterate()))
        with pytest.raises(RateLimited) as refused:
            next(iter(lists.iterate()))
    assert 50 <= (refused.value.retry_after or 0) <= 55


def test_a_host_may_be_a_name(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """`--host localhost` serves, and is called so."""
    with running(vendors, tmp_path, "--host", "localhost") as server:
        assert "localhost" == urlsplit(server.url).hostname
        assert 200 == server.post(ASKED, server.one_time_token).status_code


def test_a_port_that_is_taken_is_told(vendors: EmulatedVendors, capfd: pytest.CaptureFixture[str]) -> None:
    """Exit 2, and what to do, also while the other is only about to listen; as a line of JSON, for no terminal reads it."""
    with held_place("127.0.0.1", 0) as place:
        code = main(["--config", str(vendors.config), "-o", "json", "serve", "--port", str(place.port)])
    assert 2 == code
    shown = capfd.readouterr()
    told = f"port {place.port} of 127.0.0.1: it is in use"
    assert told in json.loads(shown.out)["error"]["message"]
    (line,) = [json.loads(line) for line in shown.err.splitlines()]
    assert ("error", True) == (line["level"], told in line["message"])
    assert [] == [one for one in logging.getLogger().handlers if isinstance(one, LinesHandler)]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "coupons.example.com"])
def test_without_a_token_only_this_machine_is_served(
    vendors: EmulatedVendors, capfd: pytest.CaptureFixture[str], host: str
) -> None:
    """Another host is refused, with the command that makes a token."""
    words = ["serve", "--host", host, "--log-format", "text"]
    assert 2 == main(["--config", str(vendors.config), *words])
    err = capfd.readouterr().err
    assert "no token is configured" in err
    assert "couponhub token new" in err


def test_a_host_that_is_none_is_told(vendors: EmulatedVendors, capfd: pytest.CaptureFixture[str]) -> None:
    """Exit 2."""
    config = ["--config", str(vendors.config)]
    main([*config, "token", "new", "--scope", "lookup", "--name", "for a host"])
    try:
        assert 2 == main([*config, "serve", "--host", "no.such.host.invalid", "--port", "0"])
    finally:
        main([*config, "token", "rm", "for a host"])
    assert "no such host" in capfd.readouterr().err


def test_without_the_extra_it_says_which(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, and the words to install it."""
    found = importlib.util.find_spec

    def missing(name: str) -> Any:
        return None if name in {"granian", "prometheus_client"} else found(name)

    monkeypatch.setattr("couponhub.cli.commands.serve.find_spec", missing)
    assert 2 == main(["serve"])
    err = capfd.readouterr().err
    assert "granian, prometheus_client, which are not installed" in err
    assert "couponhub[server]" in err
