"""Workers live and die well: none takes others with it, none outlives its parent, and nothing of them is left."""

import fcntl
import os
import resource
import select
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import requests

from couponhub.config import Config
from couponhub.errors import LocalError
from couponhub.server import loading
from couponhub.server.figures import KINDS, reserve, shared_folder, shrink_the_dead
from couponhub.server.loading import Loader
from couponhub.server.workers import LONGEST_WRITE_SECONDS, _own_socket
from couponhub.state import Scope, new_token, token_hash
from couponhub.testing import EmulatedVendors
from tests.kit.eventually import eventually
from tests.kit.processes import started
from tests.server.running import ASKED, Running, announced, running

BROKEN = "[broken\n"


def is_alive(process: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def is_gone(server: Running, worker: int) -> bool:
    """Whether it has ended."""
    return worker not in server.workers


def names(server: Running) -> list[str]:
    """The connections that it serves."""
    headers = {"Authorization": f"Bearer {server.one_time_token}"}
    served = requests.get(f"{server.url}/v1/connections", headers=headers, timeout=30)
    return [one["connection"] for one in served.json()["items"]]


def test_workers_part_what_their_machine_may_use_by_itself(
    vendors: EmulatedVendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While `[shared]` is away each counts alone: with all of the share for each, many workers would pass the limit."""
    shares = []

    def opened(config: Config, **_: object) -> None:
        shares.append(config.shared.share)
        raise LocalError("enough is known")

    monkeypatch.setattr(loading, "CouponHub", opened)
    with pytest.raises(LocalError):
        loading.load_app(vendors.hub.config, workers=4)
    assert [vendors.hub.config.shared.share / 4] == shares


def test_a_config_that_broke_meanwhile_ends_nobody(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """A worker that is killed is replaced by one with the config that was read; SIGHUP tells in a line what is wrong."""
    with running(vendors, tmp_path, "--workers", "2") as server:
        eventually(lambda: len(server.workers) == 2, "both workers")
        server.config.write_text(BROKEN, encoding="utf-8")
        killed, other = server.workers
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: len({*server.workers} - {killed}) == 2, "another worker")
        assert other in server.workers
        eventually(lambda: answers(server), "an answer")
        assert 200 == server.post(ASKED, server.one_time_token).status_code
        workers = server.workers
        server.process.send(signal.SIGHUP)
        eventually(lambda: "not reloaded" in server.process.err, "the fault to be told")
        (line,) = [line for line in server.complaints if "not reloaded" in line]
        assert f"{server.config} is not valid TOML" in line
        assert workers == server.workers
        assert 200 == server.post(ASKED, server.one_time_token).status_code
        server.process.send(signal.SIGTERM)
        assert 0 == server.process.ended().returncode


def test_a_reload_serves_what_the_config_says_now(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """SIGHUP: workers of the new config take over one by one, and somebody answers all the time."""
    with running(vendors, tmp_path) as server:
        text = server.config.read_text(encoding="utf-8")
        server.config.write_text(
            text.replace("[connections.capillary", "[connections.renamed"), encoding="utf-8"
        )
        assert "capillary" in names(server)
        server.process.send(signal.SIGHUP)
        eventually(lambda: "renamed" in names(server), "the new config")
        eventually(lambda: len(server.workers) == 1, "the old worker to end")
        assert "capillary" not in names(server)
        server.process.send(signal.SIGTERM)
        assert 0 == server.process.ended().returncode


def test_a_reload_reads_tokens_of_the_config_again(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """SIGHUP: a hash that was exchanged in its file, as secrets are rotated, lets the new token in and the old one no more."""
    (old, of_old), (new, of_new) = (new_token([Scope.LOOKUP], name=name) for name in ("old", "new"))
    secret = tmp_path / "hash"
    secret.write_text(token_hash(of_old), encoding="utf-8")
    more = f'[server]\ntokens = ["${{file:{secret}}}"]\n'
    with running(vendors, tmp_path, more=more) as server:
        assert [200, 401] == [server.post(ASKED, token).status_code for token in (old, new)]
        secret.write_text(token_hash(of_new), encoding="utf-8")
        assert [200, 401] == [server.post(ASKED, token).status_code for token in (old, new)]
        server.process.send(signal.SIGHUP)
        eventually(lambda: server.post(ASKED, new).status_code == 200, "the new token to count")
        eventually(lambda: len(server.workers) == 1, "the old worker to end")
        assert [401, 200] == [server.post(ASKED, token).status_code for token in (old, new)]


def test_workers_that_die_again_and_again_are_replaced(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """After a rest that grows; the server does not give up."""
    with running(vendors, tmp_path) as server:
        for _ in range(3):
            eventually(lambda: bool(server.workers), "a worker")
            (worker,) = server.workers
            os.kill(worker, signal.SIGKILL)
            eventually(partial(is_gone, server, worker), "the worker to be gone")
        eventually(lambda: bool(server.workers), "a worker")
        eventually(lambda: not server.process.is_running or answers(server), "an answer")
        server.process.send(signal.SIGTERM)
        assert 0 == server.process.ended().returncode


def answers(server: Running) -> bool:
    """Whether it does."""
    try:
        return requests.get(f"{server.url}/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_workers_that_are_only_starting_end_too(vendors: EmulatedVendors, how: signal.Signals) -> None:
    """Told by their parent, or because it is gone: nobody goes on listening, and nobody waits for long."""
    words = ("--config", str(vendors.config), "serve", "--port", "0", "--workers", "3")
    with started(*words, folder=vendors.config.parent, has_children=True) as process:
        server = Running(process, vendors.config, "")
        workers = eventually(lambda: server.workers or not process.is_running, "a worker to begin")
        assert isinstance(workers, list)
        process.send(how)
        # Longer than this takes, and less than the time after which a parent kills them.
        assert process.ended(within=30).returncode == (0 if how is signal.SIGTERM else -how)
        eventually(lambda: not any(map(is_alive, workers)), "the workers to end")


def without_disk() -> None:
    """Let no worker begin, in a process of its own."""

    def fails(*_: object, **__: object) -> None:
        raise LocalError("the disk is gone")

    loading.load_app = fails


def test_a_server_whose_workers_cannot_begin_says_why(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """It ends: whoever has just started it is there to read it."""
    config = tmp_path / "couponhub.toml"
    config.write_text(vendors.config.read_text(encoding="utf-8"), encoding="utf-8")
    words = ("--config", str(config), "serve", "--port", "0")
    run = started(*words, folder=tmp_path, before=without_disk, has_children=True).ended()
    assert run.returncode != 0
    assert "a worker cannot start: the disk is gone" in run.stderr
    assert "Traceback" not in run.stderr


def small_files() -> None:
    """Let no file grow far, in a process of its own."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))


def test_figures_that_find_no_room_stop_no_request(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """Each worker then keeps its own, and says so; a mapped file would end the worker at its first request."""
    with running(vendors, tmp_path, "--workers", "2", before=small_files) as server:
        eventually(lambda: len(server.workers) == 2, "both workers")
        workers = server.workers
        for _ in range(10):
            assert 200 == server.post(ASKED, server.one_time_token).status_code
        assert workers == server.workers
        assert "couponhub_http_requests_total" in requests.get(f"{server.url}/metrics", timeout=30).text
        told = [line for line in server.complaints if "workers cannot share their figures" in line]
        assert 2 == len(told)


def test_files_of_figures_are_as_large_as_they_will_be(tmp_path: Path) -> None:
    """From the start, and those that the library opens; what dead workers do not use is let go of."""
    assert reserve(tmp_path, 10)
    assert {f"{kind}_{os.getpid()}.db" for kind in KINDS} == {path.name for path in tmp_path.iterdir()}
    assert {True} == {path.stat().st_blocks * 512 >= 640 * 1024 for path in tmp_path.iterdir()}
    count = (
        "import os, sys; from pathlib import Path; os.environ['PROMETHEUS_MULTIPROC_DIR'] = sys.argv[1]\n"
        "from couponhub.server.figures import reserve; reserve(Path(sys.argv[1]), 1)\n"
        "from couponhub.server.metrics import Metrics; Metrics().refused('usage')\n"
    )
    subprocess.run([sys.executable, "-c", count, str(tmp_path)], check=True, timeout=60)  # noqa: S603 - our own command
    shrink_the_dead(tmp_path)
    dead = [path for path in tmp_path.iterdir() if not path.stem.endswith(f"_{os.getpid()}")]
    assert {*KINDS} == {path.stem.rpartition("_")[0] for path in dead}
    assert max(path.stat().st_size for path in dead) < 64 * 1024
    shown = "from prometheus_client import *; from prometheus_client import multiprocess as m; import sys\n"
    shown += "r = CollectorRegistry(); m.MultiProcessCollector(r, path=sys.argv[1]); print(generate_latest(r).decode())"
    for path in tmp_path.glob(f"*_{os.getpid()}.db"):
        path.unlink()
    told = subprocess.check_output([sys.executable, "-c", shown, str(tmp_path)], text=True, timeout=60)  # noqa: S603 - our own command
    assert 'couponhub_http_problems_total{kind="usage"} 1.0' in told


def test_folders_of_servers_that_were_killed_are_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the next one begins; those of servers that live, and of anybody else, stay."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left, lives, foreign = (tmp_path / f"couponhub-{name}" for name in ("metrics-a", "metrics-b", "other"))
    for folder in (left, lives, foreign):
        folder.mkdir()
        (folder / "counter_1.db").write_bytes(b"x")
    with (lives / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with shared_folder() as own:
            assert own is not None
            assert {lives, foreign, own} == {*tmp_path.iterdir()}
        assert {lives, foreign} == {*tmp_path.iterdir()}


def test_connections_inherit_how_long_they_may_say_nothing() -> None:
    """From the socket that a worker listens on."""
    if sys.platform != "linux":
        pytest.skip("elsewhere the kernel has no such time")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    load = Loader(config=Config(connections={}), port=port)
    (_, holder), _ = _own_socket(load, None)
    with socket.socket(fileno=holder.get_fd()) as listener:
        listener.listen()
        with socket.create_connection(("127.0.0.1", port)), listener.accept()[0] as accepted:
            took = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert LONGEST_WRITE_SECONDS * 1000 == took


def test_a_stderr_that_nobody_reads_holds_nobody_up(vendors: EmulatedVendors, tmp_path: Path) -> None:
    """Neither requests nor the end, though the pipe is full."""
    config = tmp_path / "couponhub.toml"
    config.write_text(vendors.config.read_text(encoding="utf-8"), encoding="utf-8")
    words = ("--config", str(config), "-o", "json", "serve", "--port", "0")
    reading, writing = os.pipe()
    with (
        os.fdopen(reading),
        os.fdopen(writing, "wb") as pipe,
        started(*words, folder=tmp_path, errors=writing, has_children=True) as process,
        requests.Session() as session,
    ):
        url = announced(process)
        while select.select([], [pipe], [], 0)[1]:  # as long as 4 KiB find room
            os.write(writing, bytes(1024))
        # A line takes more than a hundred bytes.
        for _ in range(60):
            assert session.get(f"{url}/healthz", timeout=30).ok
        process.send(signal.SIGTERM)
        assert 0 == process.ended(within=30).returncode
