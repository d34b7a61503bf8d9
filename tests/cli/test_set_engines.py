"""The cluster that [sets] names, by the command line: looked at by doctor, and asked about large sets."""

import json
from pathlib import Path
from typing import Any

import pytest

from couponhub.codes.joins import clustered
from tests.kit.cli import CliRunner
from tests.kit.sail import SharedEngine
from tests.kit.servers import free_port


def with_sets(cli: CliRunner, engine: str, folder: Path) -> None:
    """Set up `[sets]`."""
    config = cli.folder / "couponhub.toml"
    text = config.read_text(encoding="utf-8").partition("[sets]")[0]
    config.write_text(f'{text}\n[sets]\nengine = "{engine}"\nplace = "file://{folder}"\n', encoding="utf-8")


def test_doctor_tries_the_cluster(cli: CliRunner, sail: SharedEngine) -> None:
    """Where one is configured, in a line of its own; one that is away is a fault, and its token is not shown."""
    assert "sets" not in {item["subject"] for item in cli("doctor", "-o", "json").json["items"]}
    with_sets(cli, sail.url, sail.folder)
    (item,) = (one for one in cli("doctor", "-o", "json").json["items"] if one["subject"] == "sets")
    assert item["ok"]
    assert f"the cluster {sail.url} answered, and reads and writes {sail.place}" == item["message"]
    with_sets(cli, f"sc://127.0.0.1:{free_port()}/;token=SECRET-TOKEN", sail.folder)
    ran = cli("doctor", "-o", "json")
    (item,) = (one for one in ran.json["items"] if one["subject"] == "sets")
    assert (2, False, "local") == (ran.code, item["ok"], item["error"]["kind"])
    assert "cannot be reached" in ran.complaint
    assert "SECRET-TOKEN" not in ran.out + ran.complaint
    assert [] == list(sail.folder.iterdir())


@pytest.mark.parametrize("verb", ["subtract", "intersect", "compare"])
def test_large_sets_are_worked_on_there(
    cli: CliRunner, sail: SharedEngine, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """With the counts and the files of this process."""
    first, second = cli.folder / "a.csv", cli.folder / "b.csv"
    first.write_text("code\n" + "".join(f"CODE{number % 700}\n" for number in range(900)), encoding="utf-8")
    second.write_text("code\n" + "".join(f"CODE{number}\n" for number in range(0, 999, 3)), encoding="utf-8")
    asked: list[str] = []
    sorts = clustered.sorted_on_cluster

    def watched(*given: Any, **named: Any) -> Any:
        asked.append(verb)
        return sorts(*given, **named)

    monkeypatch.setattr(clustered, "sorted_on_cluster", watched)
    with_sets(cli, sail.url, sail.folder)
    outcomes = []
    for name, many in (("here", 10_000), ("there", 1_000)):
        monkeypatch.setattr(clustered, "MANY", many)
        ran = cli("codes", verb, str(first), str(second), "--out", str(cli.folder / name), "-o", "json")
        assert 0 == ran.code
        out = cli.folder / name
        files = sorted(out.iterdir()) if out.is_dir() else [out]
        told = json.dumps(ran.json).replace(str(out), "OUT")
        outcomes.append((told, [path.read_bytes() for path in files]))
    assert outcomes[0] == outcomes[1]
    assert [verb] == asked
    assert [] == list(sail.folder.iterdir())
