"""Durable state: one SQLite database, code sets as plain files beside it, and the ledger of uploads over both."""

from couponhub.store.callbacks import Callbacks
from couponhub.store.checking import StoreCheck, check_store
from couponhub.store.codesets import CodeSets
from couponhub.store.database import Store
from couponhub.store.erasures import Erasures
from couponhub.store.holding import codes_in
from couponhub.store.kept import KeptConnection
from couponhub.store.ledger import Ledger
from couponhub.store.living import Swept, living, remove_folder, sweep, sweep_all
from couponhub.store.quotas import Budgets, Quotas, Spent
from couponhub.store.records import PartRecord, Stage, UploadRecord
from couponhub.store.settings import StoreSettings
from couponhub.store.tokens import Scope, Token, Tokens, new_token, token_id

__all__ = [
    "Budgets",
    "Callbacks",
    "CodeSets",
    "Erasures",
    "KeptConnection",
    "Ledger",
    "PartRecord",
    "Quotas",
    "Scope",
    "Spent",
    "Stage",
    "Store",
    "StoreCheck",
    "StoreSettings",
    "Swept",
    "Token",
    "Tokens",
    "UploadRecord",
    "check_store",
    "codes_in",
    "living",
    "new_token",
    "remove_folder",
    "sweep",
    "sweep_all",
    "token_id",
]
