"""A look at the parts of a state in PostgreSQL: files that lie elsewhere are looked at there."""

from pathlib import Path

import pytest

from couponhub.secret import Secret
from couponhub.state import ReachedPart, StoreSettings
from couponhub.state.postgresql.state import PostgresqlState


def test_a_folder_of_all_machines_is_looked_at(postgresql_url: str, tmp_path: Path) -> None:
    """There, not made yet, and in the way; nothing is left behind."""
    (tmp_path / "taken").touch()
    for folder, is_up in ((tmp_path, True), (tmp_path / "new", True), (tmp_path / "taken" / "x", False)):
        settings = StoreSettings(url=postgresql_url, files=f"file://{folder.as_posix()}")
        with PostgresqlState(settings) as state:
            seen = {one.part: one.reach(30.0) for one in state.probes()}
        assert (seen[ReachedPart.FILES].kind, seen[ReachedPart.FILES].place) == ("folder", str(folder))
        assert [True, is_up, True] == [one.is_up for one in seen.values()]
    assert [tmp_path / "taken"] == list(tmp_path.iterdir())


def test_an_object_store_that_is_away_is_told(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it was used: the state is there, its files are not; no secret of the environment is told. Before, none is made."""
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "me",
        "AWS_SECRET_ACCESS_KEY": "of-mine",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    with PostgresqlState(StoreSettings(url=postgresql_url, files="s3://bucket/prefix")) as state:
        assert all(one.reach(30.0).is_up for one in state.probes())
        assert {None} == {part.bytes for part in state.maintenance.status()}
        assert () == state.tokens.all()
        seen = {one.part: one.reach(30.0) for one in state.probes()}
    assert seen[ReachedPart.STATE].is_up
    files = seen[ReachedPart.FILES]
    assert ("s3", False) == (files.kind, files.is_up)
    assert "of-mine" not in str(files.fault)


def test_an_index_of_another_key_is_as_good_as_away(postgresql_url: str) -> None:
    """A machine that would find nobody in it says so before anybody is looked up; the machine with the key goes on."""
    told: dict[str, list[str]] = {}
    for key in ("1" * 64, "2" * 64, "1" * 64):
        with PostgresqlState(StoreSettings(url=postgresql_url, key=Secret(key))) as state:
            if not told:
                state.reports.key()
            seen = {one.part: one.reach(30.0) for one in state.probes()}
            told[key] = [part.value for part, one in seen.items() if not one.is_up]
            assert key not in str(seen[ReachedPart.USAGE_INDEX].fault)
    assert {"1" * 64: [], "2" * 64: ["usage_index"]} == told
