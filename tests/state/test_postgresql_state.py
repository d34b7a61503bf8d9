"""The state in PostgreSQL as its operators see it: where its parts are, what can be reached, and what is wrong with it."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from couponhub.cli import main
from couponhub.errors import LocalError, UsageError
from couponhub.state import StoreSettings
from couponhub.state.postgresql.state import PostgresqlState
from couponhub.testing.state_conformance.samples import begin, sent_whole
from tests.kit.servers import PostgresqlServer


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this machine's state."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "machine"))
    return tmp_path


@pytest.fixture
def state(postgresql_url: str) -> Iterator[PostgresqlState]:
    """An empty state."""
    with PostgresqlState(StoreSettings(url=postgresql_url)) as made:
        yield made


def run_in(postgresql_server: PostgresqlServer, state: PostgresqlState, statement: str) -> None:
    """Run a statement in its database as somebody else."""
    postgresql_server.run(statement, database=urlsplit(str(state.settings.url)).path.strip("/"))


def test_a_backup_is_refused_with_the_mend(state: PostgresqlState, tmp_path: Path) -> None:
    """Nothing is written, and the tools are named."""
    with pytest.raises(UsageError, match="tools of its server") as caught:
        state.maintenance.backup(tmp_path / "backup")
    assert "pg_dump" in caught.value.hint
    assert not (tmp_path / "backup").exists()


def test_lost_codes_are_told(postgresql_server: PostgresqlServer, state: PostgresqlState) -> None:
    """A file that the database names and that is gone, and one that holds other codes than were sent."""
    ledger = state.ledger("shop")
    sent_whole(ledger, ["A", "B"])
    assert () == state.maintenance.check(thorough=True).faults
    run_in(postgresql_server, state, "UPDATE couponhub.parts SET rows = 7")
    (fault,) = state.maintenance.check(thorough=True).faults
    assert "more or fewer codes" in str(fault)
    run_in(postgresql_server, state, "DELETE FROM couponhub.file_chunks")
    state.close()
    (fault,) = state.maintenance.check(thorough=True).faults
    assert "gone" in str(fault)
    assert () == state.maintenance.check().faults, "only whoever reads everything finds that"


def test_tables_that_all_may_read_are_told(
    postgresql_server: PostgresqlServer, state: PostgresqlState
) -> None:
    """With the statement that mends it."""
    begin(state.ledger("shop"), ["A"])
    run_in(postgresql_server, state, "GRANT SELECT ON couponhub.parts, couponhub.tokens TO PUBLIC")
    (warning,) = state.maintenance.check().warnings
    assert "2 tables" in warning
    assert "REVOKE" in warning


def test_a_table_that_cannot_be_read_is_told(
    postgresql_server: PostgresqlServer, state: PostgresqlState
) -> None:
    """By its name; the others are read through all the same."""
    begin(state.ledger("shop"), ["A"])
    run_in(postgresql_server, state, "REVOKE ALL ON couponhub.callbacks FROM couponhub")
    run_in(postgresql_server, state, "ALTER TABLE couponhub.callbacks OWNER TO postgres")
    faults = state.maintenance.check(thorough=True).faults
    assert ["the table callbacks cannot be read"] == [str(one)[:34] for one in faults]


def test_the_commands_read_well(
    postgresql_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From an empty database to a stopped one: what each says, without the password."""
    config = tmp_path / "couponhub.toml"
    config.write_text(f'[store]\nurl = "{postgresql_url}"\n')

    def ran(*words: str, code: int = 0) -> str:
        ended = main(["--config", str(config), *words])
        said = capsys.readouterr()
        assert code == ended, said.err
        assert "pg-pass" not in said.out + said.err
        return said.out if code == 0 else said.err

    assert "ledger" in ran("store", "upgrade", "--dry-run", "-o", "json")
    assert {None} == {part["bytes"] for part in json.loads(ran("store", "status", "-o", "json"))["items"]}
    assert json.loads(ran("store", "upgrade", "-o", "json"))["items"][0]["done"]
    assert [] == json.loads(ran("store", "upgrade", "-o", "json"))["items"]
    parts = json.loads(ran("store", "status", "-o", "json"))["items"]
    assert {"ledger", "usage index", "quotas"} <= {part["name"] for part in parts if part["bytes"]}
    assert parts[0]["schema"] == parts[0]["newest"]
    assert [] == json.loads(ran("store", "check", "-o", "json"))["items"]
    assert "pg_dump" in ran("store", "backup", str(tmp_path / "backup"), code=2)
    (found,) = json.loads(ran("doctor", "-o", "json"))["items"]
    assert (True, "store") == (found["ok"], found["subject"])
    assert urlsplit(postgresql_url).path in found["message"]
    config.write_text(f'[store]\nurl = "{postgresql_url.rpartition("/")[0]}/not_there"\n')
    assert "does not exist" in ran("doctor", code=2)
    assert "make the database" in ran("store", "status", code=2)


def test_the_doctor_looks_at_the_place_of_files(
    postgresql_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it no upload goes out, so that a place which cannot be used is a fault with its mend, found before any."""
    config, taken = tmp_path / "couponhub.toml", tmp_path / "taken"
    taken.write_text("no folder")
    told = {}
    for place in (tmp_path / "files", taken):
        config.write_text(f'[store]\nurl = "{postgresql_url}"\nfiles = "{place.as_uri()}"\n')
        assert 0 == main(["--config", str(config), "store", "upgrade"])
        capsys.readouterr()
        code = main(["--config", str(config), "doctor", "-o", "json"])
        items = json.loads(capsys.readouterr().out)["items"]
        told[place.name] = code, {item["subject"]: item["ok"] for item in items}
    assert {
        "files": (0, {"store": True, "files": True}),
        "taken": (2, {"store": True, "files": False}),
    } == told


def test_no_lookup_waits_for_a_dead_server() -> None:
    """A server that is not there is told at once by whatever needs it."""
    with PostgresqlState(StoreSettings(url="postgresql://u:pg-pass@127.0.0.1:1/x")) as state:
        for work in (
            state.invalidation.latest,
            state.preference.get,
            state.tokens.all,
            state.reports.key,
            state.maintenance.status,
        ):
            with pytest.raises(LocalError, match="refused"):
                work()
        assert [False] * 3 == [one.reach(1.0).is_up for one in state.probes()]
