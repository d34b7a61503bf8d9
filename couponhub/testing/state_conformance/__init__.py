"""The rules that every implementation of durable state keeps, as pytest tests to inherit.

    from couponhub.testing import StateConformanceSuite, StateHarness

    class TestMyState(StateConformanceSuite):
        @pytest.fixture
        def harness(self, tmp_path):
            with MyHarness(...) as harness:
                yield harness

Rules know nothing of files, tables or keys. They run with many threads, with several processes, with processes that are
killed in the middle of what they write, and with a clock that jumps.
"""

from couponhub.testing.asserts import show_values

show_values(__name__, __path__)

# Only what is imported from here on is rewritten.
from couponhub.testing.state_conformance.harness import StateHarness, Worker  # noqa: E402
from couponhub.testing.state_conformance.suite import StateConformanceSuite  # noqa: E402

__all__ = ["StateConformanceSuite", "StateHarness", "Worker"]
