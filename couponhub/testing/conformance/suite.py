"""All rules in one class."""

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
