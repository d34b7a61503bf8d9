"""Paths from outside stay beneath the base URL."""

import pytest

from couponhub.errors import UsageError
from couponhub.transport.paths import checked_relative_path, path_segment


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("coupon-list", "/coupon-list"),
        ("/coupon-list/42/files", "/coupon-list/42/files"),
        ("/v1.1/a%20b", "/v1.1/a%20b"),
        ("/a/..b/c..", "/a/..b/c.."),
        ("/time/12:30", "/time/12:30"),
    ],
)
def test_a_relative_path_gets_its_slash(path: str, expected: str) -> None:
    """A path that stays where it is put is kept as it is, with one slash before it."""
    assert checked_relative_path(path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "",
        "https://evil.example/x",
        "/https://evil.example/x",
        "file:/etc/passwd",
        "//evil.example/x",
        "/a//b",
        "/a/%2F/b",
        "..",
        "/a/../b",
        "/a/./b",
        "/a/%2e%2e/b",
        "/a/.%2E/b",
        "/a/%252e%252e/b",
        "/a/..;x=1/b",
        "/a%2f..%2fb",
        "/a\\..\\b",
        "/a/%5c../b",
        "/a?x=1",
        "/a#x",
        "/a b",
        "/a\nb",
        "/a%0d%0ab",
        "/ä",
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused(path: str) -> None:
    """Absolute URLs, double slashes, dot segments in any spelling, backslashes and raw characters are refused."""
    with pytest.raises(UsageError):
        checked_relative_path(path)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("42", "42"), ("a/b", "a%2Fb"), ("a b?", "a%20b%3F"), ("...", "..."), ("%2e", "%252e")],
)
def test_an_id_becomes_one_segment(value: str, expected: str) -> None:
    """Whatever an id holds, it stays one segment."""
    assert path_segment(value) == expected


@pytest.mark.parametrize("value", ["", " ", ".", "..", "\ud800"])
def test_an_id_that_can_be_no_segment_is_refused(value: str) -> None:
    """A blank or dotted id would name another resource, and is refused."""
    with pytest.raises(UsageError):
        path_segment(value)
