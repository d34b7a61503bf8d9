"""Lookups of a server that remembers nothing, over two vendors that take 20 ms each, beside the obvious service.

The obvious one is Flask on gunicorn, with a `requests.Session` that each thread keeps, one vendor after the other, on
as many threads. Every request asks about another customer. Each server has a core, all else the other. Once over plain
HTTP, once over HTTPS, the only way in which vendors can be spoken to.

.venv/bin/pip install flask gunicorn
.venv/bin/python benchmarks/server_uncached.py
"""

import argparse
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import requests
from server_frameworks import Rate, free_port, rate, show, standing
from server_lookups import configured, serving
from upstream import certified, upstream

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


_MEMORY = ("cache_ttl", "negative_ttl", "stale_if_error")


def obvious() -> Any:
    """The obvious service."""
    import flask  # type: ignore[import-not-found, unused-ignore] # noqa: PLC0415 - only the one that is measured

    app = flask.Flask("obvious")
    urls = os.environ["UPSTREAMS"].split()
    bundle = os.environ.get("CERTIFICATE") or True

    class Kept(threading.local):
        """What each thread keeps: its session, and with it the connections to both vendors."""

        def __init__(self) -> None:
            self.session = requests.Session()
            self.session.auth = ("k", "s")

    kept = Kept()

    def lookup() -> Any:
        mobile = flask.request.get_json()["customer"]["mobile"]
        found = [
            kept.session.get(
                f"{url}/v1.1/customer/coupons",
                params={"mobile": mobile, "format": "json"},
                timeout=5,
                verify=bundle,
            )
            for url in urls
        ]
        return {"customer": {"mobile": mobile}, "answers": [answer.json() for answer in found]}

    app.add_url_rule("/v1/lookup", view_func=lookup, methods=["POST"])
    return app


@contextmanager
def obvious_service(urls: str, threads: int, certificate: Path | None) -> Iterator[tuple[int, int]]:
    """The obvious service on one core; its process and its port."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-w", "1", "-k", "gthread", "--threads", str(threads)]
    command += ["-b", f"127.0.0.1:{port}", "server_uncached:obvious()"]
    told = {} if certificate is None else {"CERTIFICATE": str(certificate)}
    with standing(command, port, UPSTREAMS=urls, **told) as pid:
        yield pid, port


def compare(given: argparse.Namespace, folder: Path, threads: int, certificate: Path | None) -> None:
    """Measure both in turns, and print the best of each."""
    best: dict[str, Rate] = {}
    serve = partial(upstream, delay=0.02, coupons=given.coupons, certificate=certificate)
    with serve() as one, serve() as other:
        config, token = configured(folder, one, other, certificate=certificate)
        text = config.read_text()
        config.write_text(text.replace("cache_ttl = 3600", "\n".join(f"{name} = 0" for name in _MEMORY)))
        for _ in range(given.rounds):
            for name, service in (
                ("couponhub", serving(config, threads)),
                ("the obvious service", obvious_service(f"{one} {other}", threads, certificate)),
            ):
                with service as (pid, port):
                    found = rate(
                        pid, port, clients=given.clients, seconds=given.seconds, token=token, lua=_LUA
                    )
                    best[name] = found.better(best.get(name))
    show(best, "the obvious service")


def main() -> None:
    """Measure over HTTP, and over HTTPS."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--threads", type=int, nargs="+", default=[8, 16, 64])
    parser.add_argument("--coupons", type=int, default=5, help="of each of two vendors")
    given = parser.parse_args()
    if sys.platform == "linux":
        os.sched_setaffinity(0, {1})  # also the vendors; the servers are sent to another core
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, certificate in (("http", None), ("https", certified(folder))):
            for threads in given.threads:
                print(f"{name}, {threads} threads")
                (own := folder / f"{name}{threads}").mkdir()
                compare(given, own, threads, certificate)


if __name__ == "__main__":
    main()
