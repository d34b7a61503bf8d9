"""A file that is being served when its process forks, and the port that it is served on."""

import os
import socket
import stat
import sys
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from couponhub.staging import StagingSettings, open_staging
from tests.forking.keeping import HAS_FORK, Child

_MOST_DESCRIPTORS = 1024
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


def listening() -> list[int]:
    """The ports that this process listens on, by what its descriptors are."""
    ports = []
    for descriptor in range(_MOST_DESCRIPTORS):
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                with closing(socket.socket(fileno=os.dup(descriptor))) as found:
                    if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                        ports.append(found.getsockname()[1])
    return ports


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a socket does not tell whether it listens")
def test_a_child_keeps_no_port_taken(tmp_path: Path) -> None:
    """Its parent's listening socket would let vendors in for whom nobody is there."""
    path = tmp_path / "a.csv"
    path.write_text("codes", encoding="utf-8")
    with open_staging(StagingSettings()).stage(path, "a.csv") as staged:
        port = urlsplit(staged.url).port
        assert port in listening()
        assert port not in Child(listening).told()
