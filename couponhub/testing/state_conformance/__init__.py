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

from couponhub.testing.state_conformance.code_sets import CodeSetRules
from couponhub.testing.state_conformance.harness import StateHarness, Worker
from couponhub.testing.state_conformance.jobs import JobRules
from couponhub.testing.state_conformance.ledger import LedgerRules
from couponhub.testing.state_conformance.locks import LockRules
from couponhub.testing.state_conformance.part_files import PartFileRules
from couponhub.testing.state_conformance.quotas import QuotaRules
from couponhub.testing.state_conformance.reports import ReportRules
from couponhub.testing.state_conformance.rights import RightRules
from couponhub.testing.state_conformance.upkeep import UpkeepRules


class StateConformanceSuite(
    LedgerRules,
    CodeSetRules,
    LockRules,
    QuotaRules,
    RightRules,
    ReportRules,
    UpkeepRules,
    JobRules,
    PartFileRules,
):
    """All rules; a subclass gives the fixture `harness`."""


__all__ = ["StateConformanceSuite", "StateHarness", "Worker"]
