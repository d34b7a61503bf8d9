"""A trial of staging finds out what an upload would find out too late."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import attrs
import pytest

from couponhub.errors import ConfigError
from couponhub.staging import StagingKind, StagingSettings, open_staging
from couponhub.staging.probing import probe
from couponhub.transport import TransportSettings
from tests.kit.scripted_server import Script, ScriptedServer, Seen, says


def tried(settings: StagingSettings, *, is_near: bool = True) -> str:
    """What a trial says."""
    return probe(open_staging(settings), settings, TransportSettings(), vendor_is_loopback=is_near)


@pytest.fixture
def published(tmp_path: Path) -> Iterator[StagingSettings]:
    """A folder that another web server publishes."""
    folder = tmp_path / "www"
    folder.mkdir()

    def published_file(seen: Seen) -> Script:
        path = folder / unquote(seen.path.lstrip("/"))
        return says(body=path.read_bytes()) if path.is_file() else says(404)

    with ScriptedServer() as server:
        server.otherwise = published_file
        yield StagingSettings(kind=StagingKind.FOLDER, path=str(folder), public_url=server.url)


def test_each_kind_that_works_says_so(published: StagingSettings, bucket: StagingSettings) -> None:
    """With the address that is fetched from, and nothing of the path; nothing is left there."""
    for settings in (StagingSettings(), published, bucket):
        said = tried(settings)
        assert re.fullmatch(r"a file staged at http://127\.0\.0\.1:\d+ was fetched from this machine", said)
    assert [] == list(Path(published.path or "").iterdir())


def test_an_address_that_leads_elsewhere_is_a_fault(published: StagingSettings, tmp_path: Path) -> None:
    """Nobody there, somebody who has no such file, or another content: what was found, and what to do."""
    other = tmp_path / "other"
    other.mkdir()
    elsewhere = attrs.evolve(published, path=str(other))
    nobody = StagingSettings(public_url="http://127.0.0.1:9")
    with pytest.raises(
        ConfigError, match=r"http://127.0.0.1:9 cannot be fetched .*: the address could not be reached"
    ) as caught:
        tried(nobody)
    assert caught.value.hint.startswith(
        "let staging.public_url lead to 127.0.0.1:0 of this machine (staging.listen)"
    )
    with pytest.raises(ConfigError, match="HTTP 404") as caught:
        tried(elsewhere)
    assert f"publish {other} (staging.path)" in caught.value.hint
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    with pytest.raises(ConfigError, match="this machine only"):
        tried(published, is_near=False)


def test_somebody_elses_page_is_no_file_of_ours(
    published: StagingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A portal that answers 200 to everything."""
    monkeypatch.setattr("couponhub.staging.probing.fetched", lambda *_: (200, b"<html>welcome"))
    with pytest.raises(ConfigError, match="something else is served there"):
        tried(published)
