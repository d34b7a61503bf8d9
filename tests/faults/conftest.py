"""Harnesses that the cells of one module share."""

from collections.abc import Iterator

import pytest

from tests.faults.fault_harness import FaultHarness, PacedClock, fault_harness_of


@pytest.fixture(scope="module", autouse=True)
def _nobody_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """As everywhere, an empty home and working folder; one for a module, since thousands would take their time."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in (
            "HOME",
            "USERPROFILE",
            *(f"XDG_{kind}_HOME" for kind in ("CONFIG", "STATE", "DATA", "CACHE")),
        ):
            patch.setenv(name, str(home))
        patch.delenv("COUPONHUB_CONFIG", raising=False)
        patch.chdir(home)
        yield


@pytest.fixture(scope="module")
def faulty_vendors() -> Iterator[dict[str, FaultHarness]]:
    """A harness for each vendor, with one clock."""
    paced = PacedClock()
    with pytest.MonkeyPatch.context() as patch:
        paced.rule(patch)
        with (
            fault_harness_of("moengage", paced) as moengage,
            fault_harness_of("capillary", paced) as capillary,
        ):
            yield {"moengage": moengage, "capillary": capillary}
