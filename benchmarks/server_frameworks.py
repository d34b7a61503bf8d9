"""Ways to serve a constant JSON over HTTP, each on one core, with wrk on another; for the choice of couponhub's own.

.venv/bin/pip install bottle falcon flask granian gunicorn uvicorn
.venv/bin/python benchmarks/server_frameworks.py
"""

import argparse
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

HERE = Path(__file__).parent
BODY = json.dumps({"customer": {"mobile": "919876543210"}}).encode()
_COUPON = {
    "code": "6WRNA5UM543210",
    "status": "active",
    "list_id": "12360",
    "expires_at": "2027-12-31T23:59:59Z",
}
ANSWER = json.dumps({"complete": True, "coupons": [_COUPON] * 10, "padding": "x" * 4000}).encode()
_LUA = """\
wrk.method = "POST"
wrk.body = '{"customer":{"mobile":"919876543210"}}'
wrk.headers["Content-Type"] = "application/json"
if os.getenv("TOKEN") then wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN") end
"""


def bare(environ: Mapping[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """WSGI and nothing else."""
    json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(ANSWER)))])
    return [ANSWER]


def on_falcon() -> Any:
    """Falcon."""
    import falcon  # type: ignore[import-not-found, unused-ignore] # noqa: PLC0415 - only the one that is measured

    class Lookup:
        def on_post(self, request: Any, response: Any) -> None:
            request.get_media()
            response.data = ANSWER

    app = falcon.App()
    app.add_route("/v1/lookup", Lookup())
    return app


def on_bottle() -> Any:
    """Bottle."""
    import bottle  # type: ignore[import-untyped, import-not-found, unused-ignore] # noqa: PLC0415 - only the one that is measured

    app = bottle.Bottle()

    def lookup() -> bytes:
        assert bottle.request.json  # noqa: S101 - to have it parsed
        bottle.response.content_type = "application/json"
        return ANSWER

    app.route("/v1/lookup", "POST", lookup)
    return app


def on_werkzeug() -> Any:
    """Werkzeug's routing, request and response."""
    from werkzeug.routing import Map, Rule  # noqa: PLC0415 - only the one that is measured
    from werkzeug.wrappers import Request, Response  # noqa: PLC0415 - only the one that is measured

    rules = Map([Rule("/v1/lookup", endpoint="lookup", methods=["POST"])])

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        rules.bind_to_environ(environ).match()
        Request(environ).get_json()
        return Response(ANSWER, mimetype="application/json")(environ, start_response)

    return app


def on_flask() -> Any:
    """Flask."""
    import flask  # type: ignore[import-not-found, unused-ignore] # noqa: PLC0415 - only the one that is measured

    app = flask.Flask("constant")

    def lookup() -> Any:
        flask.request.get_json()
        return flask.Response(ANSWER, mimetype="application/json")

    app.add_url_rule("/v1/lookup", view_func=lookup, methods=["POST"])
    return app


async def asgi(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
    """ASGI and nothing else."""
    if scope["type"] != "http":
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    json.loads(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


def granian(app: str, *arguments: str) -> list[str]:
    """The command that serves an app of this module by Granian."""
    command = [
        sys.executable,
        "-m",
        "granian",
        "--http",
        "1",
        "--no-ws",
        "--host",
        "127.0.0.1",
        "--port",
        "PORT",
    ]
    return [*command, *arguments, f"server_frameworks:{app}"]


_THREADS = ("--interface", "wsgi", "--blocking-threads", "16")
_GUNICORN = [sys.executable, "-m", "gunicorn", "-b", "127.0.0.1:PORT", "-w", "1"]
CASES = {
    "bare WSGI, Granian": granian("bare", *_THREADS),
    "falcon, Granian": granian("on_falcon", *_THREADS, "--factory"),
    "bottle, Granian": granian("on_bottle", *_THREADS, "--factory"),
    "werkzeug, Granian": granian("on_werkzeug", *_THREADS, "--factory"),
    "Flask, Granian": granian("on_flask", *_THREADS, "--factory"),
    "bare ASGI, Granian": granian("asgi", "--interface", "asginl"),
    "bare WSGI, gunicorn": [*_GUNICORN, "-k", "gthread", "--threads", "16", "server_frameworks:bare"],
    "Flask, gunicorn": [*_GUNICORN, "-k", "gthread", "--threads", "16", "server_frameworks:on_flask()"],
}


def pinned(core: int, command: list[str]) -> list[str]:
    """The command on one core, where that can be said."""
    return ["taskset", "-c", str(core), *command] if sys.platform == "linux" else command


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_open(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until somebody listens there."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit("the server did not start")


@contextlib.contextmanager
def standing(command: list[str], port: int, **environment: str) -> Iterator[int]:
    """A server on one core that listens at the port for the length of the block; its process.

    `PYTHONPATH` leads it here, beside what is given of the environment.
    """
    process = subprocess.Popen(
        pinned(0, command),
        env={**os.environ, "PYTHONPATH": str(HERE), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until_open(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def requests_a_second(port: int, *, clients: int, seconds: float, token: str | None, lua: str) -> float:
    """What wrk measures; it fails when answers are not 2xx."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(lua)
        script.flush()
        command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:g}s", "--timeout", "10s", "-s", script.name]
        environment = {**os.environ, **({} if token is None else {"TOKEN": token})}
        told = subprocess.check_output(
            pinned(1, [*command, f"http://127.0.0.1:{port}/v1/lookup"]), env=environment, text=True
        )
    if "Non-2xx" in told:
        raise SystemExit(told)
    found = re.search(r"Requests/sec:\s*([\d.]+)", told)
    assert found is not None, told  # noqa: S101 - wrk always says it
    return float(found[1])


def cpu_seconds(pid: int) -> float:
    """CPU that a process and its children have used; what else runs on the machine hardly changes it. Linux only."""
    used, families = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            used[int(stat.parent.name)] = int(fields[11]) + int(fields[12])
            families[int(stat.parent.name)] = int(fields[1])
    family = {pid}
    while more := {one for one, parent in families.items() if parent in family} - family:
        family |= more
    return sum(used.get(one, 0) for one in family) / os.sysconf("SC_CLK_TCK")


@attrs.frozen
class Rate:
    """How fast something answers, and what an answer costs."""

    a_second: float
    cpu_us: float

    def better(self, other: "Rate | None") -> "Rate":
        """The better of both, each figure by itself: what else runs only makes them worse."""
        if other is None:
            return self
        return Rate(max(self.a_second, other.a_second), min(self.cpu_us, other.cpu_us))


def rate(
    pid: int, port: int, *, clients: int, seconds: float, token: str | None = None, lua: str = _LUA
) -> Rate:
    """Measure a server, after a second of warming up, by what the script has wrk ask."""
    requests_a_second(port, clients=clients, seconds=1, token=token, lua=lua)
    before = cpu_seconds(pid)
    a_second = requests_a_second(port, clients=clients, seconds=seconds, token=token, lua=lua)
    return Rate(a_second, (cpu_seconds(pid) - before) / (a_second * seconds) * 1e6)


def show(best: Mapping[str, Rate], beside: str) -> None:
    """Print the table."""
    for name, found in best.items():
        cheaper = best[beside].cpu_us / found.cpu_us
        print(
            f"{name:24} {found.a_second:8,.0f}/s {found.a_second / best[beside].a_second:5.1f}x"
            f" {found.cpu_us:8.0f} us CPU {cheaper:5.1f}x"
        )


def measured(command: list[str], *, clients: int, seconds: float) -> Rate:
    """One case."""
    port = free_port()
    with standing([word.replace("PORT", str(port)) for word in command], port) as pid:
        return rate(pid, port, clients=clients, seconds=seconds)


def main() -> None:
    """Measure each in turns, and print the best of each: what else runs only makes it slower."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--clients", type=int, default=32)
    arguments = parser.parse_args()
    best: dict[str, Rate] = {}
    for _ in range(arguments.rounds):
        for name, command in CASES.items():
            found = measured(command, clients=arguments.clients, seconds=arguments.seconds)
            best[name] = found.better(best.get(name))
    show(best, "Flask, gunicorn")


if __name__ == "__main__":
    main()
