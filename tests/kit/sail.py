"""Sail, an engine that speaks Spark Connect, within the process of the tests: started when first asked for."""

from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from tests.kit.servers import missing


@attrs.frozen
class SharedEngine:
    """An engine, and a place that it sees.

    Attributes:
        url: As of the setting `[sets] engine`.
        folder: The place.
    """

    url: str
    folder: Path

    @property
    def place(self) -> str:
        """As of the setting `[sets] place`."""
        return f"file://{self.folder}"


@pytest.fixture(scope="session")
def sail_url() -> Iterator[str]:
    """The address of a Sail that no test may stop."""
    try:
        from pysail.spark import SparkConnectServer
    except ImportError:
        missing("Sail", "pip install pysail pyspark-client")
        raise AssertionError from None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUST_LOG", "error")
        server = SparkConnectServer("127.0.0.1", 0)
        server.start(background=True)
    try:
        yield f"sc://127.0.0.1:{server.listening_address[1]}"
    finally:
        server.stop()


@pytest.fixture
def sail(sail_url: str, tmp_path: Path) -> SharedEngine:
    """Sail with a place that is empty."""
    folder = tmp_path / "place"
    folder.mkdir(mode=0o700)
    return SharedEngine(sail_url, folder)
