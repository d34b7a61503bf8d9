"""Usage reports: what a vendor mails of who was given which code, imported into an index that lookups read."""

from couponhub.usage.index import UsageIndex
from couponhub.usage.reports import Reports, spellings_in_reports
from couponhub.usage.service import Usage

__all__ = ["Reports", "Usage", "UsageIndex", "spellings_in_reports"]
