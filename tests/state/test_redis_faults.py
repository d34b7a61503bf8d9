"""Faults of Redis as `doctor` tells them: one line with the part that is wrong and its mend, and nothing secret."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest

from couponhub import CouponHub
from couponhub.errors import ConfigError, LocalError
from couponhub.secret import Secret
from couponhub.state import SharedSettings, Spent
from couponhub.state.hashing import HashKey
from couponhub.state.redis import RedisShared, link
from couponhub.testing.state_conformance.samples import DAY
from tests.kit.servers import RedisServer, free_port, running_redis
from tests.kit.tls import certificate  # noqa: F401 - a fixture


@pytest.fixture(scope="module")
def guarded() -> Iterator[RedisServer]:
    """A Redis with a password, and with a user who may do nothing with our keys."""
    with running_redis() as server:
        client = server.client()
        client.acl_setuser(
            "stranger", enabled=True, passwords=["+stranger"], keys=["other:*"], categories=["+@all"]
        )
        client.acl_setuser("mine", enabled=True, passwords=["+mine"], keys=["couponhub:*"],
                           categories=["+@read", "+@write", "+@scripting", "+@connection"], commands=["+time"])  # fmt: skip
        client.config_set("requirepass", "hunter2")
        yield server


def shared_at(url: str) -> RedisShared:
    """What machines share at an address."""
    return RedisShared(SharedSettings(url=Secret(url)), key=lambda: HashKey(b"k" * 32))


def fault(url: str) -> tuple[str, str]:
    """What is told of an address, and its mend."""
    with pytest.raises(LocalError) as caught:
        shared_at(url).check()
    told = (caught.value.message, caught.value.hint or "")
    assert not any(
        secret in text for secret in ("hunter2", "hunter3", "+stranger", "stranger@") for text in told
    )
    assert 1 == len("".join(told).splitlines())
    return told


Url = Callable[[int], str]


@pytest.mark.parametrize(
    ("url", "said", "mend"),
    [
        (lambda _: "redis://nowhere.invalid:6379/0", "nowhere.invalid", "check the host"),
        (
            lambda port: f"rediss://127.0.0.1:{port}/0?ssl_ca_certs=/no/ca.pem",
            "No such file",
            "check the files",
        ),
        (lambda _: f"redis://127.0.0.1:{free_port()}/0", "Connection refused", "start the server"),
        (lambda port: f"redis://127.0.0.1:{port}/0", "Authentication required", "user and password"),
        (
            lambda port: f"redis://:hunter3@127.0.0.1:{port}/0",
            "invalid username-password",
            "user and password",
        ),
        (lambda port: f"redis://:hunter2@127.0.0.1:{port}/99", "DB index is out of range", "name a database"),
        (lambda port: f"redis://stranger:stranger@127.0.0.1:{port}/0", "keys", "grant it to the user"),
        (lambda port: f"rediss://:hunter2@127.0.0.1:{port}/0", "Timeout", "speaks TLS exactly if"),
    ],
)
def test_a_wrong_address_is_told_in_one_line(guarded: RedisServer, url: Url, said: str, mend: str) -> None:
    """The line says which part is wrong, and the mend where to put it right."""
    message, hint = fault(url(guarded.port))
    assert said in message
    assert mend in hint


def test_the_rights_that_are_asked_for_are_enough(guarded: RedisServer) -> None:
    """A user with these alone does everything."""
    shared = shared_at(f"redis://mine:mine@127.0.0.1:{guarded.port}/0")
    assert "answered in" in shared.check()
    shared.invalidation.announce()
    assert not isinstance(shared.quotas.take("account", "calls", [DAY], 1), Spent)
    seen = shared.lookups(b"shop").look(b"question", claim_for=1.0)
    assert seen is not None
    shared.lookups(b"shop").keep(seen, b"answer", fresh_for=10, kept_for=10)
    again = shared.lookups(b"shop").look(b"question", claim_for=1.0)
    assert again is not None
    assert b"answer" == again.content
    assert not shared.is_away


def test_tls_is_told_apart(certificate: Path) -> None:  # noqa: F811 - the fixture
    """A server that asks for TLS, a certificate of nobody who is trusted, and all as it should be."""
    with running_redis() as server:
        server.kill()
        server.start("--port", "0", "--tls-port", str(server.port), "--tls-cert-file", str(certificate),
                     "--tls-key-file", str(certificate), "--tls-auth-clients", "no")  # fmt: skip
        port = server.port
        assert "write rediss://" in fault(f"redis://127.0.0.1:{port}/0")[1]
        assert "ssl_ca_certs" in fault(f"rediss://127.0.0.1:{port}/0")[1]
        trusting = shared_at(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={certificate}")
        assert f"rediss://127.0.0.1:{port}/0 answered in" in trusting.check()


class _Agreeing(BaseRequestHandler):
    """Says OK to whatever it is told, as a server or proxy may that speaks Redis' language and keeps nothing."""

    def handle(self) -> None:
        while words := self.request.recv(65_536):
            self.request.sendall(b"+OK\r\n" * max(1, words.count(b"*")))


def test_a_server_that_runs_no_scripts_is_as_one_that_is_away() -> None:
    """Also for lookups, which go on by themselves: none is lost with the thread that asked."""
    with ThreadingTCPServer(("127.0.0.1", 0), _Agreeing) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        url = f"redis://127.0.0.1:{server.server_address[1]}/0"
        told, mend = fault(url)
        assert "no Redis" in told
        assert "[shared] url" in mend
        shared = shared_at(url)
        assert shared.lookups(b"capillary").look(b"who", claim_for=1.0) is None
        assert shared.is_away
        shared.close()
        server.shutdown()
        thread.join()


def test_a_replica_and_a_server_without_room_are_told(redis_server: RedisServer) -> None:
    """They answer, and can count nothing."""
    with running_redis() as server:
        client = server.client()
        client.config_set("maxmemory", "1mb")
        assert "maxmemory" in fault(server.url)[1]
        client.config_set("maxmemory", "0")
        client.replicaof("127.0.0.1", redis_server.port)
        assert "name the primary" in fault(server.url)[1]


@pytest.mark.parametrize("missing", ["redis", "cryptography"])
def test_a_missing_extra_is_told_when_the_hub_is_opened(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the command that brings it, and before anybody waits for an answer."""
    monkeypatch.setattr(link, "find_spec", lambda name: None if name == missing else object())
    (tmp_path / "c.toml").write_text('[shared]\nurl = "redis://127.0.0.1"\n')
    with pytest.raises(ConfigError, match="is not installed") as caught:
        CouponHub.from_config(tmp_path / "c.toml")
    assert "pip install 'couponhub[redis]'" == caught.value.hint
