"""The rules that every adapter keeps, as pytest tests to inherit; `docs/contract.md` words them.

    from couponhub.testing import ConformanceSuite, rig_for

    class TestMyVendor(ConformanceSuite):
        @pytest.fixture
        def harness(self):
            with harness_for(MY_PLUGIN) as harness:
                yield harness

Each rule runs against the adapter's emulator over real HTTP. What an adapter cannot do is asserted to be
refused, never skipped.
"""

from couponhub.testing.conformance.basics import BasicRules
from couponhub.testing.conformance.code_files import FileRules
from couponhub.testing.conformance.customers import CustomerRules
from couponhub.testing.conformance.identifiers import IdentifierRules
from couponhub.testing.conformance.lists import ListRules
from couponhub.testing.conformance.uploads import UploadRules
from couponhub.testing.conformance.usage import UsageRules


class ConformanceSuite(
    BasicRules, ListRules, UploadRules, FileRules, CustomerRules, IdentifierRules, UsageRules
):
    """All rules; a subclass gives the fixture `harness`."""


__all__ = ["ConformanceSuite"]
