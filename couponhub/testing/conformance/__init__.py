"""The rules that every adapter keeps, as pytest tests to inherit; `docs/contract.md` words them.

    from couponhub.testing import ConformanceSuite, harness_for

    class TestMyVendor(ConformanceSuite):
        @pytest.fixture
        def harness(self):
            with harness_for(MY_PLUGIN) as harness:
                yield harness

Each rule runs against the adapter's emulator over real HTTP. What an adapter cannot do is asserted to be
refused, never skipped.
"""

from couponhub.testing.asserts import show_values

show_values(__name__, __path__)

# Only what is imported from here on is rewritten.
from couponhub.testing.conformance.suite import ConformanceSuite  # noqa: E402

__all__ = ["ConformanceSuite"]
