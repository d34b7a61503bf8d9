"""A real S3 API on this machine, which keeps what it is given in memory."""

import logging
import secrets
import urllib.request
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Its address; one server for all tests of a process."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def s3_bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a new bucket of its, with credentials in the environment."""
    for name, text in (("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "secret"), ("REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", text)
    name = f"bucket-{secrets.token_hex(6)}"
    ask(f"{s3_endpoint}/{name}", "PUT")
    return name


def ask(url: str, method: str = "GET", body: bytes | None = None) -> bytes:
    """Ask the service for something, as whoever may do everything."""
    request = urllib.request.Request(url, method=method, data=body)  # noqa: S310 - on this machine
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
        content: bytes = answer.read()
        return content
