"""Gunicorn with `--preload`: the application is made once, with a hub that is used, and workers are forked of it."""

import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.forking.conftest import HELD, HOLDER, OTHER, ForkingHarness
from tests.forking.keeping import HAS_FORK
from tests.kit.eventually import eventually

WORKERS = 4
REQUESTS = 40
APPLICATION = """
import json, os
from couponhub import CouponHub, Customer

hub = CouponHub.from_config({config!r})
customers = hub["capillary"].customers
hub["capillary"].check()
hub.lookup(Customer(mobile={warm!r}), deadline=20)

def app(environ, start_response):
    customer = Customer(mobile=environ["QUERY_STRING"])
    answer = hub.lookup(customer, deadline=20)
    told = {{
        "worker": os.getpid(),
        "complete": answer.complete,
        "codes": sorted(coupon.code for coupon in answer.coupons),
        "direct": sorted(coupon.code for coupon in customers.coupons(customer).coupons),
    }}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]
"""

pytestmark = pytest.mark.skipif(not HAS_FORK, reason="Windows has no fork")


def answer(port: int, person: dict[str, str]) -> dict[str, object]:
    """What one of the workers answers."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as client:
        client.request("GET", f"/?{person['mobile']}")
        told: dict[str, object] = json.loads(client.getresponse().read())
        return told


def wait_until_it_answers(port: int, server: subprocess.Popen[bytes]) -> None:
    """Let it start, however long that takes here."""

    def answers() -> bool:
        assert server.poll() is None, "gunicorn did not start"
        try:
            return bool(answer(port, OTHER))
        except OSError:
            return False

    eventually(answers, "gunicorn to answer")


def test_workers_of_a_preloaded_application_answer_rightly(harness: ForkingHarness, tmp_path: Path) -> None:
    """Several workers answer about two people at once: each request is told what it asked about."""
    (tmp_path / "application.py").write_text(
        APPLICATION.format(config=str(harness.config), warm=OTHER["mobile"]), encoding="utf-8"
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # Gunicorn is handed the socket, so that nobody else takes its port.
        port = listening.getsockname()[1]
        command = [
            *(sys.executable, "-W", "ignore", "-m", "gunicorn", "--preload"),
            *("--workers", str(WORKERS), "--bind", f"fd://{listening.fileno()}", "--timeout", "60"),
            *("--log-level", "warning", "--no-control-socket", "application:app"),
        ]
        server = subprocess.Popen(  # noqa: S603 - our own script
            command, cwd=tmp_path, pass_fds=[listening.fileno()], env={**os.environ}
        )
    try:
        wait_until_it_answers(port, server)
        people = [HOLDER, OTHER] * (REQUESTS // 2)
        with ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(lambda person: answer(port, person), people))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)

    expected = [sorted(HELD), []] * (REQUESTS // 2)
    assert expected == [told["codes"] for told in answers]
    assert expected == [told["direct"] for told in answers]
    assert {True} == {told["complete"] for told in answers}
    assert len({told["worker"] for told in answers}) > 1
