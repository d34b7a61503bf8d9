"""Benches that the cells of one module share."""

from collections.abc import Iterator

import pytest

from tests.faults.bench import Bench, Pace, bench_of


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
def benches() -> Iterator[dict[str, Bench]]:
    """A bench for each vendor, at one pace."""
    pace = Pace()
    with pytest.MonkeyPatch.context() as patch:
        pace.rule(patch)
        with bench_of("moengage", pace) as moengage, bench_of("capillary", pace) as capillary:
            yield {"moengage": moengage, "capillary": capillary}
