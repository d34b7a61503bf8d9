"""Holders of codes: tables of codes and customers, whoever wrote them, and the export that makes one.

Vendors do not hand codes back. All that is known of who has which comes as files: our own export, usage reports, exports of a
vendor's. Here they are read as one thing, row by row and whole or not at all.
"""

from couponhub.holdings.customers import is_export, read_customers
from couponhub.holdings.export_report import CustomerExport
from couponhub.holdings.exports import HubExports
from couponhub.holdings.merges import Merges, Released, read_merges
from couponhub.holdings.reading import read_holdings
from couponhub.holdings.rows import Holding

__all__ = [
    "CustomerExport",
    "Holding",
    "HubExports",
    "Merges",
    "Released",
    "is_export",
    "read_customers",
    "read_holdings",
    "read_merges",
]
