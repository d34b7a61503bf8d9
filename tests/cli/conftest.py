"""The command line, and two emulated vendors that its config names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from couponhub.testing import Control, EmulatorContext, EmulatorServer
from couponhub.testing.vendors import emulators
from tests.kit.cli import CliRunner


@pytest.fixture
def cli(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[CliRunner]:
    """Both emulated vendors with the demo's customer, lists and codes, and a config file in the working folder."""
    world = EmulatorContext()
    vendors = emulators((), world)
    for vendor in vendors:
        vendor.seed_demo()
        vendor.set_processing_delay(0.02)
    monkeypatch.chdir(tmp_path)
    with EmulatorServer(vendors, world) as server:
        control = {vendor.name: Control(server.url, vendor.name) for vendor in vendors}
        cli = CliRunner(tmp_path, server, control, {vendor.name: vendor for vendor in vendors}, capsys)
        cli.configure()
        yield cli
        server.app.reset()  # lets go of the files of unfinished uploads
