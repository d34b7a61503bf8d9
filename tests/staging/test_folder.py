"""Staging in a folder that another web server publishes."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from couponhub.errors import ConfigError, LocalError
from couponhub.staging import StagingKind, StagingSettings, open_staging


def settings(path: Path, public_url: str = "https://codes.example.com/staged/") -> StagingSettings:
    """Settings of the kind folder."""
    return StagingSettings(kind=StagingKind.FOLDER, path=str(path), public_url=public_url)


def test_file_lies_in_the_folder_for_the_time_of_the_job(tmp_path: Path) -> None:
    """The URL is the public one plus the unguessable name, and afterwards the folder is empty."""
    source = tmp_path / "1.csv"
    source.write_bytes(b"code\nA1\n")
    folder = tmp_path / "www"
    folder.mkdir()

    with open_staging(settings(folder)).stage(source, "spring.csv") as staged:
        (published,) = folder.glob("[!.]*")
        assert f"https://codes.example.com/staged/{published.name}" == staged.url
        assert b"code\nA1\n" == published.read_bytes()
        assert len(published.stem) >= 43
        assert staged.fetches is None
        assert published.name not in repr(staged)
    assert [] == list(folder.iterdir())


def test_failure_of_the_job_removes_the_file_too(tmp_path: Path) -> None:
    """However the block ends, the URL ends."""
    source = tmp_path / "1.csv"
    source.write_bytes(b"code\nA1\n")
    folder = tmp_path / "www"
    folder.mkdir()

    with pytest.raises(KeyboardInterrupt), open_staging(settings(folder)).stage(source, "a.csv"):
        raise KeyboardInterrupt
    assert [] == list(folder.iterdir())


def test_leftovers_of_killed_processes_are_removed(tmp_path: Path) -> None:
    """The next file staged removes what we wrote and nobody holds any more, and nothing else."""
    source = tmp_path / "1.csv"
    source.write_bytes(b"code\nA1\n")
    folder = tmp_path / "www"
    folder.mkdir()
    (folder / "index.html").write_text("somebody else's", encoding="utf-8")
    (folder / ".git.lock").write_text("somebody else's", encoding="utf-8")
    killed = f"""
        import os, pathlib, sys
        sys.path[:] = {sys.path!r}
        from couponhub.staging import StagingKind, StagingSettings, open_staging

        settings = StagingSettings(kind=StagingKind.FOLDER, path={str(folder)!r}, public_url="https://c.example.com")
        with open_staging(settings).stage(pathlib.Path({str(source)!r}), "a.csv"):
            os._exit(9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(killed)], check=False)  # noqa: S603 - ourselves
    (left,) = folder.glob("*.csv")

    with open_staging(settings(folder)).stage(source, "a.csv"):
        assert not left.exists()
        (live,) = folder.glob("*.csv")
        with open_staging(settings(folder)).stage(source, "b.csv"):
            assert live.exists()
    assert [".git.lock", "index.html"] == sorted(path.name for path in folder.iterdir())


def test_missing_folder_is_local_trouble(tmp_path: Path) -> None:
    """It is not made silently: whoever publishes it would not know."""
    source = tmp_path / "1.csv"
    source.write_bytes(b"code\nA1\n")
    staging = open_staging(settings(tmp_path / "www"))
    with (
        pytest.raises(LocalError, match=r"staging folder .* failed: No such file"),
        staging.stage(source, "a.csv"),
    ):
        pass


def test_incomplete_settings_are_refused() -> None:
    """A folder needs a path and the address under which it is published."""
    with pytest.raises(ConfigError, match=r"staging\.path is missing"):
        open_staging(StagingSettings(kind=StagingKind.FOLDER, public_url="https://codes.example.com"))
    with pytest.raises(ConfigError, match=r"staging\.public_url is missing"):
        open_staging(StagingSettings(kind=StagingKind.FOLDER, path="www"))


def test_loopback_address_is_for_loopback_vendors(tmp_path: Path) -> None:
    """The same rule as for our own server."""
    staging = open_staging(settings(tmp_path, "http://127.0.0.1:9/"))

    staging.require_reachable(vendor_is_loopback=True)
    with pytest.raises(ConfigError, match="this machine only"):
        staging.require_reachable(vendor_is_loopback=False)


def test_file_of_a_killed_process_is_published_again(tmp_path: Path) -> None:
    """Under the address that a vendor was told, unless its process lives, or the address is not ours any more."""
    source = tmp_path / "1.csv"
    source.write_bytes(b"code\nA1\n")
    folder = tmp_path / "www"
    folder.mkdir()
    staging = open_staging(settings(folder))
    with staging.stage(source, "a.csv") as staged:
        url = staged.url
        with staging.stage_again(source, url) as is_published:
            assert not is_published
        assert 1 == len(list(folder.glob("*.csv")))

    with staging.stage_again(source, url) as is_published:
        assert is_published
        assert b"code\nA1\n" == (folder / url.rpartition("/")[2]).read_bytes()
    assert [] == list(folder.iterdir())
    for other in (url.replace("codes.", "other."), url.replace(".csv", ".txt"), f"{url}/../a.csv"):
        with staging.stage_again(source, other) as is_published:
            assert not is_published
    assert [] == list(folder.iterdir())
