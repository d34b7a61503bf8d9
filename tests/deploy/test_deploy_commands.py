"""Commands of image, compose, manifests and units, run without a container, with their own configs and health checks."""

import json
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest
import requests
from redis import Redis

from couponhub import CouponHub
from couponhub.testing import Control
from tests.deploy.described import DEPLOY, compose, image, own_services, pods, unit
from tests.deploy.places import Place, at_port, await_health, free_port, health_command
from tests.deploy.test_deploy_lints import tool
from tests.kit.eventually import eventually
from tests.kit.processes import Command
from tests.kit.servers import PostgresqlServer, postgresql_server

__all__ = ["postgresql_server"]

MOBILE = "919876543210"
PODS = dict(pods())


def verdict(port: int, token: str, connection: str) -> str:
    """What a server says of the demo's customer at a connection."""
    headers = {"Authorization": f"Bearer {token}"}
    asked = {"customer": {"mobile": MOBILE}, "connections": [connection]}
    answer = requests.post(f"http://127.0.0.1:{port}/v1/lookup", json=asked, headers=headers, timeout=30)
    assert 200 == answer.status_code, answer.text
    (one,) = answer.json()["answers"]
    return str(one["verdict"])


def await_found(port: int, token: str, connection: str) -> None:
    """Wait until a server finds the demo's customer; on a busy machine a lookup may run out of time, and say so."""
    eventually(lambda: verdict(port, token, connection) == "found", "the customer to be found")


def end(*processes: Command) -> None:
    """End processes as supervisors do; each does so by itself, without an error."""
    for process in processes:
        process.send(signal.SIGTERM)
    assert [0] * len(processes) == [process.ended().returncode for process in processes]


def end_early(worker: Command) -> None:
    """End a worker that nobody has seen at work; one that is still about to begin says that it was interrupted."""
    assert worker.is_running, worker.err
    worker.send(signal.SIGTERM)
    assert worker.ended().returncode in {0, 130}


@attrs.frozen(kw_only=True)
class Emulators:
    """The service `emulators` of compose.yaml."""

    process: Command
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulators]:
    """The service `emulators`, as healthy as its own check wants it."""
    port = free_port()
    service = own_services()["emulators"]
    with Place(folder=tmp_path_factory.mktemp("emulators"), instead={}) as place:
        process = place.begin(*service["command"], port=port)
        await_health(place, health_command(service, port), process)
        yield Emulators(process=process, port=port)
        end(process)


@attrs.frozen(kw_only=True)
class SharedRedis:
    """The service `redis` of compose.yaml.

    Attributes:
        secrets: The folder with all that the script makes.
    """

    port: int
    secrets: Path

    @property
    def password(self) -> str:
        """What couponhub signs in with."""
        return self.secrets.joinpath("redis-password").read_text(encoding="utf-8").strip()

    def size(self) -> int:
        """How many keys there are."""
        with Redis(port=self.port, username="couponhub", password=self.password) as client:
            return int(client.dbsize())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedRedis]:
    """The service `redis`, with the users that the script has made, as healthy as its own check wants it."""
    service = compose()["services"]["redis"]
    folder = tmp_path_factory.mktemp("redis")
    with Place(folder=folder, instead={"/run/secrets": str(folder / "secrets")}) as place:
        made = place.run(["sh", str(DEPLOY / "secrets.sh"), str(folder / "secrets")])
        assert 0 == made.returncode, made.stderr
        port = free_port()
        words = [*map(place.here, service["command"]), "--port", str(port), "--bind", "127.0.0.1"]
        program = tool(words[0], "apt-get install -y --no-install-recommends redis-server")
        kind, check = service["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        healthy = ["sh", "-c", check.replace("$$", "$").replace("redis-cli", f"redis-cli -p {port}", 1)]
        assert 1 == place.run(healthy).returncode
        with subprocess.Popen([program, *words[1:]], cwd=folder, stdout=subprocess.DEVNULL) as server:  # noqa: S603 - our own server
            try:
                eventually(lambda: place.run(healthy).returncode == 0, "the health check to succeed")
                yield SharedRedis(port=port, secrets=folder / "secrets")
            finally:
                server.terminate()


@attrs.frozen(kw_only=True)
class Store:
    """Where a config's state lies here.

    Attributes:
        url: The address that takes the place of the config's; None for what stands there.
        instead: What takes the place of names in that.
        password: Of PostgreSQL.
    """

    url: str | None
    instead: Mapping[str, str]
    password: str


@pytest.fixture(params=["sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database of this machine alone, or what the config names: PostgreSQL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path.as_posix()}/state/couponhub.db"
        yield Store(url=url, instead={}, password="")
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    database = server.new_database()
    parts = urlsplit(server.url(database))
    place = f"127.0.0.1:{server.port}/{database}"
    yield Store(
        url=None,
        instead={
            "postgres:5432/couponhub": place,
            "postgres.example.com:5432/couponhub?sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt": place,
        },
        password=parts.password or "",
    )
    server.drop(database)


def test_compose(emulators: Emulators, shared: SharedRedis, store: Store, tmp_path: Path) -> None:
    """Both servers answer with one token, which is made once; the worker goes on with an upload that was killed."""
    services = own_services()
    staging = free_port()
    instead = {
        "http://emulators:8800": emulators.url,
        "0.0.0.0:8443": f"127.0.0.1:{staging}",
        "http://worker:8443": f"http://127.0.0.1:{staging}",
        "redis:6379": f"127.0.0.1:{shared.port}",
        "/run/secrets/postgres-password": str(tmp_path / "postgres-password"),
        "/run/secrets": str(shared.secrets),
        **store.instead,
    }
    tmp_path.joinpath("postgres-password").write_text(store.password, encoding="utf-8")
    with Place(folder=tmp_path, instead=instead) as place:
        place.configure("compose.toml", store=store.url)
        words = [*services["setup"]["entrypoint"], *services["setup"]["command"]]
        first, again = place.run(words), place.run(words)
        assert (0, 0) == (first.returncode, again.returncode), first.stderr + again.stderr
        token = first.stdout.split()[0]
        assert 1 == len(again.stdout.splitlines())
        assert token not in again.stdout

        ports = [free_port(), free_port()]
        servers = [
            place.begin(*services[name]["command"], port=port)
            for name, port in zip(("server-1", "server-2"), ports, strict=True)
        ]
        for name, port, server in zip(("server-1", "server-2"), ports, servers, strict=True):
            await_health(place, health_command(services[name], port), server)
            assert 0 == place.run(at_port(image().health, port)).returncode
            await_found(port, token, "capillary")
        assert shared.size()

        upload, list_id = interrupted_upload(place)
        worker = place.begin(*services["worker"]["command"])
        held = Control(emulators.url, "moengage").codes
        eventually(lambda: "done" in worker.err, "the worker to end the upload")
        assert f"{upload} at moengage: done" in worker.err
        assert {"COMPOSE-1", "COMPOSE-2"} <= {row["code"] for row in held(list_id)}
        end(*servers, worker)
        levels = {json.loads(line)["level"] for server in servers for line in server.err.splitlines()}
        assert {"info"} == levels, servers[0].err


def interrupted_upload(place: Place) -> tuple[str, str]:
    """Begin an upload to MoEngage that ends before its part is watched; its id, and that of the list."""

    def killed(event: Any) -> None:
        if event.kind == "submitted":
            raise KeyboardInterrupt

    with CouponHub.from_config(place.config) as hub:
        found = next(iter(hub["moengage"].lists.iterate(status="active")))
        with pytest.raises(KeyboardInterrupt):
            hub["moengage"].uploads.send(found.id, ["COMPOSE-1", "COMPOSE-2"], progress=killed)
        (job,) = hub.jobs.iterate()
        return str(job.id), str(found.id)


def test_a_health_check_fails(tmp_path: Path) -> None:
    """Of the image and of each service that has one, where nobody listens."""
    port = free_port()
    checks = [list(image().health)]
    checks += [
        service["healthcheck"]["test"][1:]
        for service in own_services().values()
        if "test" in service.get("healthcheck", {})
    ]
    assert 4 == len(checks)
    with Place(folder=tmp_path, instead={}) as place:
        assert [1] * 4 == [place.run(at_port(words, port)).returncode for words in checks]


def at_vendors(place: Place, name: str, emulators: Emulators, url: str | None) -> None:
    """Write a config of `deploy/` for real vendors, with the emulated ones in their place, and each secret that it names."""
    place.instead |= {
        'region  = "eu"': f'base_url = "{emulators.url}/capillary"',
        'data_center  = "01"': f'base_url = "{emulators.url}/moengage/v1"',
    }
    place.configure(name, store=url)


SECRETS = {
    "capillary-key": "demo-key",
    "capillary-secret": "demo-secret",
    "moengage-workspace-id": "DEMO",
    "moengage-api-key": "demo-key",
}


def write_secrets(folder: Path, prefix: str = "") -> None:
    """Write the secrets of the emulated vendors."""
    for name, text in SECRETS.items():
        folder.joinpath(f"{prefix}{name}").write_text(f"{text}\n", encoding="utf-8")


def test_kubernetes(emulators: Emulators, shared: SharedRedis, store: Store, tmp_path: Path) -> None:
    """The server answers its probes and a token that the Secret holds the hash of; worker and job find nothing to do."""
    instead = {
        "/run/secrets/couponhub": str(tmp_path / "secrets"),
        # Without TLS: the tests of Redis see to that.
        "rediss://": "redis://",
        "redis.example.com:6379": f"127.0.0.1:{shared.port}",
        **store.instead,
    }
    with Place(folder=tmp_path, instead=instead) as place:
        write_secrets(tmp_path / "secrets")
        others = {
            "redis-password": shared.password,
            "postgres-password": store.password,
            "couponhub-key": shared.secrets.joinpath("couponhub-key").read_text(encoding="utf-8"),
        }
        for name, text in others.items():
            tmp_path.joinpath("secrets", name).write_text(text, encoding="utf-8")
        place.config.write_text("", encoding="utf-8")
        made = json.loads(place.run(["couponhub", *TOKEN_NEW]).stdout)
        (tmp_path / "secrets" / "token-hash").write_text(made["hash"] + "\n", encoding="utf-8")
        at_vendors(place, "kubernetes/couponhub.toml", emulators, store.url)
        before = shared.size()

        port = free_port()
        (container,) = PODS["couponhub-server"]["containers"]
        server = place.begin(*container["args"], port=port)
        eventually(
            lambda: not server.is_running or answers(port, container["startupProbe"]) == 200, "it to start"
        )
        assert server.is_running, server.err
        for probe in ("livenessProbe", "readinessProbe"):
            eventually(lambda probe=probe: answers(port, container[probe]) == 200, probe)  # type: ignore[misc] # it is called at once
        await_found(port, made["token"], "loyalty")
        assert shared.size() > before
        (working,) = PODS["couponhub-worker"]["containers"]
        worker = place.begin(*working["args"])
        (job,) = PODS["couponhub-work"]["containers"]
        ran = place.begin(*job["args"]).ended()
        assert (0, "couponhub: nothing is due\n") == (ran.returncode, ran.stderr)
        end_early(worker)
        end(server)
        assert '"message": "draining: /readyz answers 503' in server.err


TOKEN_NEW = ("token", "new", "--scope", "lookup", "--name", "shop", "--print-hash", "-o", "json")


def answers(port: int, probe: dict[str, Any]) -> int:
    """The status that a probe finds; 0 while nobody listens."""
    try:
        return requests.get(f"http://127.0.0.1:{port}{probe['httpGet']['path']}", timeout=10).status_code
    except requests.ConnectionError:
        return 0


def test_systemd(emulators: Emulators, tmp_path: Path) -> None:
    """Server and worker take their secrets from the credentials of the service; a reload reads the config again."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (loaded,) = unit("server")["LoadCredential"]
    write_secrets(credentials, f"{loaded.partition(':')[0]}_")
    variables = dict(pair.split("=", 1) for pair in unit("server")["Environment"][0].split())
    assert {"COUPONHUB_CONFIG", "HOME"} == set(variables)
    instead = {"/var/lib/couponhub": str(tmp_path / "state"), "127.0.0.1:8443": "127.0.0.1:0"}
    with Place(folder=tmp_path, instead=instead) as place:
        place.environment["CREDENTIALS_DIRECTORY"] = str(credentials)
        at_vendors(
            place, "systemd/couponhub.toml", emulators, f"sqlite:///{tmp_path.as_posix()}/state/couponhub.db"
        )
        made = place.run(["couponhub", *TOKEN_NEW[:-3], "-o", "json"])
        token = json.loads(made.stdout)["token"]
        (serve,), (work,) = (unit(name)["ExecStart"] for name in ("server", "worker"))
        port = free_port()
        server = place.begin(*shlex.split(serve)[1:], port=port)
        worker = place.begin(*shlex.split(work)[1:])
        await_health(place, at_port(image().health, port), server)
        await_found(port, token, "loyalty")
        assert ("/bin/kill -HUP $MAINPID",) == unit("server")["ExecReload"]
        server.send(signal.SIGHUP)
        eventually(lambda: "the config was read again" in server.err, "the config to be read again")
        await_found(port, token, "loyalty")
        end_early(worker)
        end(server)


def test_the_image_says_how_it_serves() -> None:
    """Its own command is a server for others, at the port that it names; compose's and the cluster's servers begin alike."""
    assert ("serve", "--host", "0.0.0.0") == image().command[:3]
    commands = [compose()["services"][name]["command"] for name in ("server-1", "server-2")]
    commands.append(PODS["couponhub-server"]["containers"][0]["args"])
    assert [list(image().command[:3])] * 3 == [words[:3] for words in commands]
