"""A file that is being served when its process forks, and the port that it is served on."""

import socket
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from couponhub.staging import StagingSettings, open_staging
from tests.forking.keeping import HAS_FORK, Child

pytestmark = pytest.mark.skipif(not HAS_FORK, reason="Windows has no fork")


def fetched(url: str) -> str:
    """What a vendor is given."""
    place = urlsplit(url)
    with closing(HTTPConnection(place.hostname or "", place.port, timeout=20)) as vendor:
        vendor.request("GET", place.path)
        return vendor.getresponse().read().decode()


def test_a_child_serves_its_own_files(tmp_path: Path) -> None:
    """On a port of its own; its parent's file stays where it was."""
    ours, theirs = tmp_path / "ours.csv", tmp_path / "theirs.csv"
    ours.write_text("ours", encoding="utf-8")
    theirs.write_text("theirs", encoding="utf-8")
    staging = open_staging(StagingSettings())

    with staging.stage(ours, "ours.csv") as staged:

        def serve() -> object:
            with staging.stage(theirs, "theirs.csv") as own:
                return [fetched(own.url), urlsplit(own.url).port != urlsplit(staged.url).port]

        assert ["theirs", True] == Child(serve).told()
        assert "ours" == fetched(staged.url)


def test_a_child_keeps_no_port_taken(tmp_path: Path) -> None:
    """Its parent's listening socket would let vendors in for whom nobody is there."""
    path, begun, done = (tmp_path / name for name in ("a.csv", "begun", "done"))
    path.write_text("codes", encoding="utf-8")
    staging = open_staging(StagingSettings())

    with staging.stage(path, "a.csv") as staged:
        place = urlsplit(staged.url)

        def linger() -> object:
            begun.touch()
            while not done.exists():
                time.sleep(0.01)
            return "lingered"

        child = Child(linger)
        while not begun.exists():
            time.sleep(0.01)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((place.hostname or "", place.port or 0), timeout=20)
    done.touch()
    assert "lingered" == child.told()
