"""Real servers for tests: PostgreSQL and Redis, started on free ports of this machine when first asked for."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import psycopg
import pytest
import redis

_STARTS_WITHIN_SECONDS = 60.0
_MUST_BE_HAD = frozenset({"chromium", "postgresql", "redis-server"})
_USER = "couponhub"
_PASSWORD = "pg-pass-of-tests"


def missing(what: str, install: str) -> None:
    """Say that a server is not here: a failure where everything is checked, and else a reason to skip.

    What the system's own packages do not have on a machine is left out there, but for what the product rests on.
    """
    text = f"there is no {what} here: {install}"
    unknown = frozenset(os.environ.get("NOT_PACKAGED_HERE", "").split()) - _MUST_BE_HAD
    if os.environ.get("CI") == "true" and not unknown & frozenset(install.split()):
        pytest.fail(text)
    pytest.skip(text)


@attrs.define
class PostgresqlServer:
    """A server that is this test run's own.

    Attributes:
        folder: Where its data lie.
        port: On 127.0.0.1.
        binaries: Where its programs lie.
        is_durable: False for one that forgets with the machine, as is enough for tests.
    """

    folder: Path
    port: int
    binaries: Path
    is_durable: bool = False

    def url(self, database: str, *, user: str = _USER, password: str = _PASSWORD) -> str:
        """Return the address of a database."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Make an empty database, and return its name."""
        name = f"t_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name} OWNER {_USER}")
        return name

    def drop(self, database: str) -> None:
        """Remove a database, whoever uses it."""
        self.run(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def run(self, statement: str, *, database: str = "postgres") -> None:
        """Run a statement as the server's own user."""
        with psycopg.connect(
            self.url(database, user="postgres"), autocommit=True, connect_timeout=10
        ) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        """Start it, and wait until it answers."""
        log = self.folder / "log"
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories=''"
            " -c max_connections=200 -c shared_buffers=32MB"
        )
        if not self.is_durable:
            options += " -c fsync=off -c full_page_writes=off"
        self._pg_ctl("start", "-w", "-t", f"{_STARTS_WITHIN_SECONDS:.0f}", "-l", str(log), "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast` orderly, `immediate` as a crash does."""
        self._pg_ctl("stop", "-w", "-m", mode)

    def initialise(self) -> None:
        """Make its folder."""
        secret = self.folder / "password"
        secret.write_text(_PASSWORD)
        own(secret)
        self._call("initdb", "-D", str(self._data), "-U", "postgres", "-A", "scram-sha-256", "--no-sync",
                   f"--pwfile={secret}", "-E", "UTF8", "--locale=C.UTF-8")  # fmt: skip

    def call(self, program: str, *words: str) -> None:
        """Run one of the programs that came with it, and wait for its end."""
        subprocess.run([str(self.binaries / program), *words], check=True)  # noqa: S603 - our own server

    def follow(self, primary: "PostgresqlServer") -> None:
        """Make its folder, as a copy of another's that goes on to take over what is written there."""
        self._call("pg_basebackup", "-D", str(self._data), "-R", "--checkpoint=fast", "--no-sync",
                   "-d", primary.url("postgres", user="postgres"))  # fmt: skip

    def promote(self) -> None:
        """Let it be written to."""
        self._pg_ctl("promote", "-w")

    def _pg_ctl(self, *words: str) -> None:
        self._call("pg_ctl", "-D", str(self._data), "-s", *words)

    def _call(self, program: str, *words: str) -> None:
        done = subprocess.run(  # noqa: S603 - our own server
            [str(self.binaries / program), *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            check=False,
            **other_user(),
        )
        assert done.returncode == 0, f"{program} {words[0]} failed"

    @property
    def _data(self) -> Path:
        return self.folder / "data"


@contextmanager
def running_postgresql(*, is_durable: bool = False) -> Iterator[PostgresqlServer]:
    """Start a server of one's own, for tests that stop it.

    Args:
        is_durable: As of `PostgresqlServer`.
    """
    binaries = _postgresql_binaries()
    if binaries is None:
        missing("PostgreSQL", "apt-get install -y --no-install-recommends postgresql")
        raise AssertionError
    # The server refuses to run as root, and whoever runs it must be able to come here.
    folder = Path(tempfile.mkdtemp(prefix="couponhub-pg-", dir="/tmp"))
    own(folder)
    server = PostgresqlServer(folder, free_port(), binaries, is_durable=is_durable)
    try:
        server.initialise()
        server.start()
        try:
            server.run(f"CREATE ROLE {_USER} LOGIN PASSWORD '{_PASSWORD}'")
            yield server
        finally:
            with suppress(AssertionError):
                server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def following(server: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """Start a replica of a server, which may be read, and written to once it is promoted."""
    folder = Path(tempfile.mkdtemp(prefix="couponhub-pg-", dir="/tmp"))
    own(folder)
    replica = PostgresqlServer(folder, free_port(), server.binaries)
    try:
        replica.follow(server)
        replica.start()
        try:
            yield replica
        finally:
            with suppress(AssertionError):
                replica.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@attrs.define
class RedisServer:
    """A server that is this test run's own.

    Attributes:
        folder: Where it works.
        port: On 127.0.0.1.
    """

    folder: Path
    port: int
    arguments: tuple[str, ...] = ()
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, *arguments: str) -> None:
        """Start it, and wait until it answers; further words are settings, as `--maxmemory 2mb`."""
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        assert program is not None
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                   "--dir", str(self.folder), *self.arguments, *arguments]  # fmt: skip
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own server
        wait_for(self.port)

    def kill(self) -> None:
        """Kill it; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def suspend(self) -> None:
        """Let it hang: it takes connections, and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def client(self) -> "redis.Redis":
        """Return a client of its own, for looks at what lies there."""
        return redis.Redis(port=self.port)


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """Start a server of one's own, for tests that stop it."""
    if not (shutil.which("redis-server") or shutil.which("valkey-server")):
        missing("Redis", "apt-get install -y --no-install-recommends redis-server")
    with tempfile.TemporaryDirectory(prefix="couponhub-redis-") as folder:
        server = RedisServer(Path(folder), free_port())
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A PostgreSQL that no test may stop."""
    with running_postgresql() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer) -> Iterator[str]:
    """The address of an empty database of the test's own."""
    database = postgresql_server.new_database()
    yield postgresql_server.url(database)
    postgresql_server.drop(database)


@pytest.fixture(scope="session")
def _redis_of_all() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def redis_server(_redis_of_all: RedisServer) -> RedisServer:
    """An empty Redis that no test may stop."""
    _redis_of_all.client().flushall()
    return _redis_of_all


def free_port() -> int:
    """Return a port that nobody listens at now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def wait_for(port: int) -> None:
    """Wait until somebody listens at a port."""
    until = time.monotonic() + _STARTS_WITHIN_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.01)
        else:
            return


def _postgresql_binaries() -> Path | None:
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


def other_user() -> dict[str, Any]:
    """Return the arguments by which a program is run as somebody who is not root, where it refuses to be root's."""
    if os.geteuid():
        return {}
    entry = pwd.getpwnam(_other_user())
    return {"user": entry.pw_uid, "group": entry.pw_gid}


def _other_user() -> str:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def own(path: Path) -> None:
    """Give a file or folder to the user of `other_user`."""
    if not os.geteuid():
        entry = pwd.getpwnam(_other_user())
        os.chown(path, entry.pw_uid, entry.pw_gid)
