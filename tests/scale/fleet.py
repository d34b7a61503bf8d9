"""The processes of compose.yaml without containers: servers, workers, PostgreSQL, Redis, an S3 service, and emulated vendors."""

import json
import logging
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import requests

from couponhub.testing import config_text
from tests.deploy.described import own_services
from tests.deploy.places import hurried
from tests.kit.buckets import ask
from tests.kit.eventually import eventually
from tests.kit.forwarder import Forwarder, forwarding
from tests.kit.processes import Command, started
from tests.kit.servers import PostgresqlServer, RedisServer, free_port, running_postgresql, running_redis
from tests.scale.vendors import LIMITS, Vendors, served

_WORKERS = 3
SHARE = 0.1
"""Of each quota, for each machine while Redis is away: there are five."""


@attrs.define
class Process:
    """One of our own processes, which is begun again when it ends, as containers are.

    Attributes:
        words: Of `couponhub`.
        home: What is of this machine alone.
        log: All that it said, of every one of its lives.
        lives: How often it was begun.
    """

    words: Sequence[str]
    home: Path
    log: Path
    environment: Mapping[str, str]
    port: int | None = None
    lives: int = 0
    asleep_until: float | None = None
    _command: Command | None = None

    def begin(self) -> None:
        """Begin it."""
        self.lives += 1
        with self.log.open("ab") as log:
            self._command = started(
                *self.words,
                folder=self.home,
                environment=self.environment,
                output=log.fileno(),
                errors=log.fileno(),
                has_children=True,
            )

    @property
    def command(self) -> Command:
        """Its present life."""
        assert self._command is not None
        return self._command

    @property
    def is_running(self) -> bool:
        """Whether it lives."""
        return self.command.is_running

    def kill(self) -> None:
        """Kill it with -9."""
        self.command.kill()
        self.command.ended()

    def end(self) -> None:
        """End it for good."""
        with suppress(ProcessLookupError):  # one that has ended by itself
            self.command.send(signal.SIGCONT)
            self.command.send(signal.SIGTERM)
        self.command.ended(within=100.0)


@attrs.define
class Fleet:
    """All of them.

    Attributes:
        folder: Where configs, homes and logs lie.
        files: The way to the S3 service, which can be cut.
        to_vendors: The way to the vendors, which can be cut.
        password: Of Redis.
        key: Of the store.
        ended: How many of our processes ended by themselves, by kind.
    """

    folder: Path
    vendors: Vendors
    postgresql: PostgresqlServer
    database: str
    redis: RedisServer
    files: Forwarder
    to_vendors: Forwarder
    password: str
    key: str
    environment: Mapping[str, str]
    servers: list[Process] = attrs.field(factory=list)
    workers: list[Process] = attrs.field(factory=list)
    ended: Counter[str] = attrs.field(factory=Counter)

    def process(self, name: str, words: Sequence[str], port: int | None = None) -> Process:
        """Make a machine with a home of its own."""
        home = self.folder / name
        home.mkdir()
        environment = {
            **self.environment,
            "HOME": str(home),
            "XDG_STATE_HOME": str(home / "state"),
            "TMPDIR": str(home),
        }
        log = self.folder / "logs" / f"{name}.log"
        return Process(("--config", str(self.config), *words), home, log, environment, port)

    @property
    def config(self) -> Path:
        """The one config of all."""
        return self.folder / "couponhub.toml"

    def cli(self, *words: str) -> Any:
        """Run a command at a desk of its own, and return what it prints as JSON."""
        desk = self.folder / "desk"
        desk.mkdir(exist_ok=True)
        environment = {**self.environment, "HOME": str(desk), "XDG_STATE_HOME": str(desk / "state")}
        ran = started(
            *("--config", str(self.config), "-o", "json", *words),
            folder=self.folder,
            environment={**environment, "TMPDIR": str(desk)},
            has_children=True,
        ).ended()
        with (self.folder / "logs" / "desk.log").open("a", encoding="utf-8") as log:
            log.write(ran.stderr)
        assert 0 == ran.returncode, f"{words[:2]}: {ran.stderr}"
        return json.loads(ran.stdout) if ran.stdout else None

    def send(self, vendor: str, list_id: str, path: Path) -> None:
        """Begin an upload, and kill who sends it once its job is there: workers go on."""
        with started(
            *("--config", str(self.config), "uploads", "send", vendor, list_id, str(path), "--quiet"),
            folder=self.folder,
            environment={**self.environment, "HOME": str(self.folder), "TMPDIR": str(self.folder)},
            has_children=True,
        ) as sender:
            before = self.vendors.given.total()
            eventually(lambda: self.vendors.given.total() > before or not sender.is_running, "the first part")
            sender.kill()

    def statuses(self) -> list[str]:
        """Tell how the jobs stand, in the order of their beginning."""
        return [status for (status,) in self.rows("SELECT status FROM couponhub.jobs ORDER BY rowid")]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database, as its owner."""
        import psycopg

        url = self.postgresql.url(self.database, user="postgres")
        with psycopg.connect(url, connect_timeout=10) as connection:
            return connection.execute(query.encode()).fetchall()

    def tend(self) -> None:
        """Begin again what has ended, and wake up who was asleep for long enough."""
        for kind, processes in (("server", self.servers), ("worker", self.workers)):
            for process in processes:
                if process.asleep_until is not None:
                    if time.monotonic() >= process.asleep_until:
                        process.command.send(signal.SIGCONT)
                        process.asleep_until = None
                elif not process.is_running:
                    process.command.ended()
                    self.ended[kind] += 1
                    process.begin()

    def holder(self) -> Process:
        """Return the worker with the most locks at the database: it drives a job."""
        held = self.rows(
            "SELECT a.client_port, count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE l.locktype = 'advisory' GROUP BY 1"
        )
        locks = {int(port): int(count) for port, count in held}
        awake = [worker for worker in self.workers if worker.asleep_until is None]
        return max(awake, key=lambda worker: sum(locks.get(port, 0) for port in _ports(worker.command.pid)))

    def start_redis(self) -> None:
        """Start it as compose.yaml does: what it holds survives, nothing is evicted."""
        self.redis.arguments = (
            *("--requirepass", self.password, "--appendonly", "yes"),
            *("--maxmemory", "256mb", "--maxmemory-policy", "noeviction"),
        )
        self.redis.start()

    def lose_redis(self) -> None:
        """Remove what it holds, while it is away."""
        shutil.rmtree(self.redis.folder / "appendonlydir", ignore_errors=True)


@contextmanager
def fleet(folder: Path) -> Iterator[Fleet]:
    """Start all of them for the block, but no load.

    Args:
        folder: An empty one.
    """
    with ExitStack() as stack:
        vendors, way = served(stack)
        postgresql = stack.enter_context(running_postgresql(is_durable=True))
        redis = stack.enter_context(running_redis())
        redis.kill()
        bucket_port = _bucket(stack)
        to_files = stack.enter_context(forwarding(bucket_port))
        endpoint = f"http://127.0.0.1:{to_files.port}"
        at = Fleet(
            *(folder, vendors, postgresql, postgresql.new_database(), redis, to_files, way),
            password=f"redis-pass-{secrets.token_hex(8)}",
            key=secrets.token_hex(32),
            environment={
                "PATH": os.environ["PATH"],
                "AWS_ENDPOINT_URL": endpoint,
                "AWS_ALLOW_HTTP": "true",
                "AWS_ACCESS_KEY_ID": "bucket-key-of-tests",
                "AWS_SECRET_ACCESS_KEY": "bucket-secret-of-tests",
                "AWS_REGION": "us-east-1",
            },
        )
        at.start_redis()
        (folder / "logs").mkdir()
        at.config.write_text(_config(at, endpoint), encoding="utf-8")
        services = own_services()
        for name in ("server-1", "server-2"):
            port = free_port()
            words = ["--port", str(port)]
            command = [word.replace("0.0.0.0", "127.0.0.1") for word in services[name]["command"]]
            at.servers.append(at.process(name, [*hurried(command), *words], port))
        at.workers += [
            at.process(f"worker-{number}", services["worker"]["command"]) for number in range(1, _WORKERS + 1)
        ]
        stack.callback(_killed, at)
        for process in (*at.servers, *at.workers):
            process.begin()
        for server in at.servers:
            eventually(lambda server=server: is_ready(server), "the server")  # type: ignore[misc] # called at once
        yield at


def is_ready(server: Process) -> bool:
    """Whether a server takes requests."""
    try:
        return requests.get(f"http://127.0.0.1:{server.port}/readyz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _killed(at: Fleet) -> None:
    for process in (*at.servers, *at.workers):
        if process.lives and process.is_running:
            process.kill()


def _bucket(stack: ExitStack) -> int:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    stack.callback(server.stop)
    host, port = server.get_host_and_port()
    ask(f"http://{host}:{port}/bucket", "PUT")
    return int(port)


def _config(at: Fleet, endpoint: str) -> str:
    text = ""
    for name, emulated in at.vendors.emulated.items():
        settings: dict[str, Any] = {"timeout": 10.0, "settle": 0.5, "limits": LIMITS[name]}
        if name == "moengage":
            settings |= {"user_id_is": "mobile"}
        settings |= {"default_country_code": "91"}
        text += config_text(f"http://127.0.0.1:{at.to_vendors.port}", [emulated], settings) + "\n"
    return (
        f'{text}\n[store]\nurl = "{at.postgresql.url(at.database)}"\nkey = "{at.key}"\nfiles = "s3://bucket/files"\n'
        f'\n[shared]\nurl = "redis://:{at.password}@127.0.0.1:{at.redis.port}/0"\nshare = {SHARE}\n'
        f'\n[staging]\nkind = "object-store"\nurl = "s3://bucket/staged"\nendpoint = "{endpoint}"\n'
        "\n[lookup]\ndeadline = 2.0\ncache_ttl = 20\nnegative_ttl = 20\nstale_if_error = 0\n"
    )


def _ports(pid: int) -> set[int]:
    """The ports of this machine that a process's connections come from."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            inodes.add(str(link.readlink()).removeprefix("socket:[").rstrip("]"))
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text("ascii").splitlines()[1:]]
    return {int(line[1].rpartition(":")[2], 16) for line in lines if line[9] in inodes}


def dumped(at: Fleet, target: Path) -> None:
    """Write all of the database as text."""
    url = at.postgresql.url(at.database, user="postgres")
    program = at.postgresql.binaries / "pg_dump"
    subprocess.run([str(program), "--no-owner", "-f", str(target), url], check=True)  # noqa: S603 - our own server
