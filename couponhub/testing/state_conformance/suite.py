"""All rules of durable state in one class."""

from couponhub.testing.state_conformance.audit import AuditRules
from couponhub.testing.state_conformance.code_sets import CodeSetRules
from couponhub.testing.state_conformance.job_files import JobFileRules
from couponhub.testing.state_conformance.jobs import JobRules
from couponhub.testing.state_conformance.ledger import LedgerRules
from couponhub.testing.state_conformance.locks import LockRules
from couponhub.testing.state_conformance.migrations import MigrationRules
from couponhub.testing.state_conformance.part_files import PartFileRules
from couponhub.testing.state_conformance.quotas import QuotaRules
from couponhub.testing.state_conformance.readings import ReadingRules
from couponhub.testing.state_conformance.reports import ReportRules
from couponhub.testing.state_conformance.rights import RightRules
from couponhub.testing.state_conformance.upkeep import UpkeepRules
from couponhub.testing.state_conformance.vendor_calls import VendorCallRules


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
    JobFileRules,
    MigrationRules,
    AuditRules,
    ReadingRules,
    VendorCallRules,
):
    """All rules; a subclass gives the fixture `harness`."""
