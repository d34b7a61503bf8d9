"""`couponhub demo --console`, as far as it ends by itself; tests/console does its tasks."""

import socket

from tests.kit.cli import CliRunner


def test_a_port_is_of_the_console(cli: CliRunner) -> None:
    """Without a console it would be ignored in silence; one that is taken is told of before anything is filled."""
    alone = cli("demo", "--port", "8701")
    assert 2 == alone.code
    assert "--port is for --console" in alone.complaint
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = cli("demo", "--console", "--port", str(port))
    assert ("", 2) == (refused.out, refused.code)
    assert f"cannot listen on port {port} of 127.0.0.1: it is in use" in refused.complaint
