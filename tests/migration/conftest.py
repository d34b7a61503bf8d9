"""Two emulated vendors, lists of them, and the command line that moves codes between them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from couponhub.testing import Control, EmulatorContext, EmulatorServer
from couponhub.testing.vendors import emulators
from tests.kit.cli import CliRunner
from tests.migration.world import World


@pytest.fixture
def world(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """Both emulated vendors with the demo's customer, and a config file in the working folder."""
    context = EmulatorContext()
    vendors = emulators((), context)
    for vendor in vendors:
        vendor.seed_demo()
        vendor.set_processing_delay(0.0)
    monkeypatch.chdir(tmp_path)
    with EmulatorServer(vendors, context) as server:
        control = {vendor.name: Control(server.url, vendor.name) for vendor in vendors}
        cli = CliRunner(tmp_path, server, control, {vendor.name: vendor for vendor in vendors}, capsys)
        cli.configure()
        yield World(cli)
        server.app.reset()
