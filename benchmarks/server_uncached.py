"""Lookups that nobody remembers, over two vendors that take 20 ms each, beside the obvious service.

The obvious one is Flask on gunicorn, with a `requests.Session` in the handler, one vendor after the other, on as
many threads. Every request asks about another customer.

.venv/bin/pip install flask gunicorn
.venv/bin/python benchmarks/server_uncached.py
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from server_frameworks import HERE, Rate, cpu_seconds, free_port, pinned, show, until_open
from server_lookups import configured, serving
from upstream import upstream

_LUA = """\
local number = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
request = function()
  number = number + 1
  return wrk.format(nil, nil, nil, string.format('{"customer":{"mobile":"91%010d"}}', number))
end
"""


def obvious() -> Any:
    """The obvious service."""
    import flask  # type: ignore[import-not-found, unused-ignore] # noqa: PLC0415 - only the one that is measured

    app = flask.Flask("obvious")
    urls = os.environ["UPSTREAMS"].split()

    def lookup() -> Any:
        mobile = flask.request.get_json()["customer"]["mobile"]
        with requests.Session() as session:
            session.auth = ("k", "s")
            found = [
                session.get(
                    f"{url}/v1.1/customer/coupons", params={"mobile": mobile, "format": "json"}, timeout=5
                )
                for url in urls
            ]
        return {"customer": {"mobile": mobile}, "answers": [answer.json() for answer in found]}

    app.add_url_rule("/v1/lookup", view_func=lookup, methods=["POST"])
    return app


@contextmanager
def obvious_service(urls: str, threads: int) -> Iterator[tuple[int, int]]:
    """The obvious service on one core; its process and its port."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-w", "1", "-k", "gthread", "--threads", str(threads)]
    process = subprocess.Popen(
        pinned(0, [*command, "-b", f"127.0.0.1:{port}", "server_uncached:obvious()"]),
        env={**os.environ, "UPSTREAMS": urls, "PYTHONPATH": str(HERE)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until_open(port, process)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait()


def requests_a_second(port: int, token: str, *, clients: int, seconds: float) -> float:
    """What wrk measures."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_LUA)
        script.flush()
        command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:g}s", "--timeout", "10s", "-s", script.name]
        told = subprocess.check_output(
            pinned(1, [*command, f"http://127.0.0.1:{port}/v1/lookup"]),
            env={**os.environ, "TOKEN": token},
            text=True,
        )
    if "Non-2xx" in told:
        raise SystemExit(told)
    found = re.search(r"Requests/sec:\s*([\d.]+)", told)
    assert found is not None, told  # noqa: S101 - wrk always says it
    return float(found[1])


def main() -> None:
    """Measure both in turns, and print the best of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--threads", type=int, default=64)
    given = parser.parse_args()
    best: dict[str, Rate] = {}
    with tempfile.TemporaryDirectory() as place, upstream(delay=0.02) as one, upstream(delay=0.02) as other:
        config, token = configured(Path(place), one, other)
        text = config.read_text()
        config.write_text(text.replace("cache_ttl = 3600", "cache_ttl = 0\nnegative_ttl = 0"))
        for _ in range(given.rounds):
            for name, service in (
                ("couponhub", serving(config, given.threads)),
                ("the obvious service", obvious_service(f"{one} {other}", given.threads)),
            ):
                with service as (pid, port):
                    requests_a_second(port, token, clients=given.clients, seconds=1)
                    before = cpu_seconds(pid)
                    a_second = requests_a_second(port, token, clients=given.clients, seconds=given.seconds)
                    used = (cpu_seconds(pid) - before) / (a_second * given.seconds) * 1e6
                    best[name] = Rate(a_second, used).better(best.get(name))
    show(best, "the obvious service")


if __name__ == "__main__":
    main()
