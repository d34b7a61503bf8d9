"""Corner shop is found by its entry point, next to the built-in adapters and to one that is broken."""

import json
from pathlib import Path

import pytest

from couponhub.cli import main
from couponhub.errors import ConfigError
from couponhub.plugin import AdapterPlugin
from couponhub.registry import BrokenAdapter, Registry

HERE = Path(__file__).parent
BUILT_IN = {"capillary", "moengage"}

ENTRY_POINTS = """\
[couponhub.adapters]
cornershop = couponhub_cornershop:PLUGIN
outofbusiness = couponhub_outofbusiness:PLUGIN
"""
METADATA = """\
Metadata-Version: 2.1
Name: couponhub-cornershop
Version: 1.0
"""


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an installer leaves behind: the packages on the path, and metadata that names the entry points."""
    metadata = tmp_path / "site" / "couponhub_cornershop-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(METADATA, encoding="utf-8")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    monkeypatch.syspath_prepend(HERE)
    monkeypatch.syspath_prepend(metadata.parent)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config whose only connection is to a corner shop; nobody answers there."""
    path = tmp_path / "couponhub.toml"
    path.write_text(
        '[connections.corner]\nadapter = "cornershop"\nbase_url = "http://127.0.0.1:9/api/1"\nkey = "k"\n',
        encoding="utf-8",
    )
    return path


def test_registry_finds_it_next_to_the_built_in_ones() -> None:
    """A stranger's adapter is found exactly like ours."""
    found = {entry.name: entry for entry in Registry().all()}

    assert {"cornershop", "outofbusiness"} | BUILT_IN == set(found)
    assert {"cornershop"} | BUILT_IN == {
        name for name, entry in found.items() if isinstance(entry, AdapterPlugin)
    }


def test_broken_one_stands_with_its_error() -> None:
    """An adapter that cannot be imported says why, and refuses to be used."""
    (broken,) = (entry for entry in Registry().all() if isinstance(entry, BrokenAdapter))

    assert "outofbusiness" == broken.name
    assert "No module named 'couponhub_outofbusiness'" in broken.error
    with pytest.raises(ConfigError, match="installed but broken"):
        Registry().load("outofbusiness")


def test_connections_lists_both(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`couponhub connections` shows what the shop can do, and the broken adapter beside it."""
    assert 0 == main(["--config", str(config), "connections", "-o", "json"])

    corner, broken = json.loads(capsys.readouterr().out)["items"]
    assert {
        "connection": "corner",
        "adapter": "cornershop",
        "vendor": "Corner shop",
        "capabilities": ["lists.read", "customers.coupons"],
        "limits": {"calls_per_minute": 600},
        "left": {},
        "lookup_place": 1,
        "preferred_by": None,
        "error": None,
    } == corner
    assert (None, "outofbusiness") == (broken["connection"], broken["adapter"])
    assert "couponhub_outofbusiness" in broken["error"]["message"]


def test_wrong_settings_are_named(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The settings of a stranger's adapter are checked with ours: each fault by its key, all at once."""
    config.write_text(
        '[connections.corner]\nadapter = "cornershop"\nbase_url = "http://shop.example.com"\nkee = "k"\n',
        encoding="utf-8",
    )

    assert 2 == main(["--config", str(config), "connections"])
    told = capsys.readouterr().err
    for fault in ("corner.base_url: http://", "corner.kee: unknown key", "corner.key: missing"):
        assert fault in told
