"""Which addresses may be spoken to without TLS."""

import pytest

from couponhub.transport import is_loopback_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8800/x", True),
        ("http://127.0.0.2", True),
        ("http://[::1]:1", True),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://user@10.0.0.1", False),
        ("http://[bad", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_alone(url: str, *, expected: bool) -> None:
    """A name that only looks like this machine is none, nor is a text that is no URL."""
    assert expected is is_loopback_url(url)
