"""Durable state: one SQLite database, code sets as plain files beside it, and the ledger of uploads over both."""

from couponhub.store.database import Store
from couponhub.store.ledger import Ledger
from couponhub.store.living import living, sweep
from couponhub.store.quotas import Budgets, Quotas, Spent
from couponhub.store.records import PartRecord, Stage, UploadRecord
from couponhub.store.settings import StoreSettings

__all__ = [
    "Budgets",
    "Ledger",
    "PartRecord",
    "Quotas",
    "Spent",
    "Stage",
    "Store",
    "StoreSettings",
    "UploadRecord",
    "living",
    "sweep",
]
