"""Durable state behind one port: protocols, the records beside them, and `open_state`."""

from couponhub.state.budgets import Budget, Spent
from couponhub.state.callbacks import Callbacks
from couponhub.state.codesets import CodeSet, TextCodeSet, codes_in, comparable
from couponhub.state.invalidation import InvalidationSignal
from couponhub.state.job_files import JobFiles
from couponhub.state.jobs import JobRecord, JobStore, JobWish, StepRecord
from couponhub.state.ledger import IsForgotten, Ledger, ListHistory
from couponhub.state.locks import Locks
from couponhub.state.maintenance import Maintenance, PartBackup, StateCheck, StatePart
from couponhub.state.migration_log import LoggedEvent, LoggedMigration, MigrationLog
from couponhub.state.opening import open_state
from couponhub.state.port import State
from couponhub.state.preference import LookupPreference
from couponhub.state.quotas import AccountQuota, Granted, Quotas, QuotaStore, Window
from couponhub.state.reaped import Reaped
from couponhub.state.records import PartRecord, Stage, UploadRecord
from couponhub.state.reports import ReportChange, ReportIndex, ReportSnapshot
from couponhub.state.settings import StoreSettings
from couponhub.state.token_hashes import read_token_hash, token_hash
from couponhub.state.tokens import Scope, Token, Tokens, new_token, token_id

__all__ = [
    "AccountQuota",
    "Budget",
    "Callbacks",
    "CodeSet",
    "Granted",
    "InvalidationSignal",
    "IsForgotten",
    "JobFiles",
    "JobRecord",
    "JobStore",
    "JobWish",
    "Ledger",
    "ListHistory",
    "Locks",
    "LoggedEvent",
    "LoggedMigration",
    "LookupPreference",
    "Maintenance",
    "MigrationLog",
    "PartBackup",
    "PartRecord",
    "QuotaStore",
    "Quotas",
    "Reaped",
    "ReportChange",
    "ReportIndex",
    "ReportSnapshot",
    "Scope",
    "Spent",
    "Stage",
    "State",
    "StateCheck",
    "StatePart",
    "StepRecord",
    "StoreSettings",
    "TextCodeSet",
    "Token",
    "Tokens",
    "UploadRecord",
    "Window",
    "codes_in",
    "comparable",
    "new_token",
    "open_state",
    "read_token_hash",
    "token_hash",
    "token_id",
]
