"""Durable state behind one port: protocols, the records beside them, and `open_state`."""

from typing import TYPE_CHECKING

from couponhub._lazy import lazy_exports

if TYPE_CHECKING:
    from couponhub.state.audit import (
        AuditAction,
        AuditEvent,
        AuditLog,
        AuditOutcome,
        AuditPage,
        AuditQuestion,
    )
    from couponhub.state.budgets import Budget, Spent
    from couponhub.state.callbacks import Callbacks
    from couponhub.state.codesets import (
        CodeSet,
        TextCodeSet,
        codes_in,
        comparable,
    )
    from couponhub.state.invalidation import InvalidationSignal
    from couponhub.state.job_files import JobFiles
    from couponhub.state.job_queue import JobQueue, open_queue
    from couponhub.state.jobs import (
        PACED,
        THROTTLE,
        Followers,
        JobPage,
        JobRecord,
        JobStore,
        JobWish,
        StepRecord,
    )
    from couponhub.state.ledger import IsForgotten, Ledger, ListHistory
    from couponhub.state.locks import Locks
    from couponhub.state.maintenance import (
        Maintenance,
        PartBackup,
        StateCheck,
        StatePart,
    )
    from couponhub.state.migration_log import LoggedEvent, LoggedMigration, MigrationLog
    from couponhub.state.opening import open_shared, open_state
    from couponhub.state.port import State
    from couponhub.state.preference import LookupPreference
    from couponhub.state.quotas import (
        AccountQuota,
        Granted,
        Quotas,
        QuotaStore,
        Window,
    )
    from couponhub.state.reach import PartProbe, Reach, ReachedPart
    from couponhub.state.readings import QuotaSample, Readings, StockReading
    from couponhub.state.reaped import Reaped
    from couponhub.state.records import PartRecord, Stage, UploadRecord
    from couponhub.state.reports import ReportChange, ReportIndex, ReportSnapshot
    from couponhub.state.settings import StoreSettings
    from couponhub.state.shared import BreakerNews, Shared, SharedLookups, Sighting
    from couponhub.state.shared_settings import SharedSettings
    from couponhub.state.sign_outs import SignOuts
    from couponhub.state.token_hashes import read_token_hash, token_hash
    from couponhub.state.tokens import (
        Scope,
        Token,
        Tokens,
        new_token,
        token_id,
    )
    from couponhub.state.vendor_calls import (
        CallDecision,
        CallFilter,
        CallRecord,
        CallRetention,
        FaultGroup,
        FaultRecord,
        LeftOut,
        VendorCalls,
    )

_HOMES = {
    "PACED": "couponhub.state.jobs",
    "THROTTLE": "couponhub.state.jobs",
    "AccountQuota": "couponhub.state.quotas",
    "AuditAction": "couponhub.state.audit",
    "AuditEvent": "couponhub.state.audit",
    "AuditLog": "couponhub.state.audit",
    "AuditOutcome": "couponhub.state.audit",
    "AuditPage": "couponhub.state.audit",
    "AuditQuestion": "couponhub.state.audit",
    "BreakerNews": "couponhub.state.shared",
    "Budget": "couponhub.state.budgets",
    "CallDecision": "couponhub.state.vendor_calls",
    "CallFilter": "couponhub.state.vendor_calls",
    "CallRecord": "couponhub.state.vendor_calls",
    "CallRetention": "couponhub.state.vendor_calls",
    "Callbacks": "couponhub.state.callbacks",
    "CodeSet": "couponhub.state.codesets",
    "FaultGroup": "couponhub.state.vendor_calls",
    "FaultRecord": "couponhub.state.vendor_calls",
    "Followers": "couponhub.state.jobs",
    "Granted": "couponhub.state.quotas",
    "InvalidationSignal": "couponhub.state.invalidation",
    "IsForgotten": "couponhub.state.ledger",
    "JobFiles": "couponhub.state.job_files",
    "JobPage": "couponhub.state.jobs",
    "JobQueue": "couponhub.state.job_queue",
    "JobRecord": "couponhub.state.jobs",
    "JobStore": "couponhub.state.jobs",
    "JobWish": "couponhub.state.jobs",
    "Ledger": "couponhub.state.ledger",
    "LeftOut": "couponhub.state.vendor_calls",
    "ListHistory": "couponhub.state.ledger",
    "Locks": "couponhub.state.locks",
    "LoggedEvent": "couponhub.state.migration_log",
    "LoggedMigration": "couponhub.state.migration_log",
    "LookupPreference": "couponhub.state.preference",
    "Maintenance": "couponhub.state.maintenance",
    "MigrationLog": "couponhub.state.migration_log",
    "PartBackup": "couponhub.state.maintenance",
    "PartProbe": "couponhub.state.reach",
    "PartRecord": "couponhub.state.records",
    "QuotaSample": "couponhub.state.readings",
    "QuotaStore": "couponhub.state.quotas",
    "Quotas": "couponhub.state.quotas",
    "Reach": "couponhub.state.reach",
    "ReachedPart": "couponhub.state.reach",
    "Readings": "couponhub.state.readings",
    "Reaped": "couponhub.state.reaped",
    "ReportChange": "couponhub.state.reports",
    "ReportIndex": "couponhub.state.reports",
    "ReportSnapshot": "couponhub.state.reports",
    "Scope": "couponhub.state.tokens",
    "Shared": "couponhub.state.shared",
    "SharedLookups": "couponhub.state.shared",
    "SharedSettings": "couponhub.state.shared_settings",
    "SignOuts": "couponhub.state.sign_outs",
    "Sighting": "couponhub.state.shared",
    "Spent": "couponhub.state.budgets",
    "Stage": "couponhub.state.records",
    "State": "couponhub.state.port",
    "StateCheck": "couponhub.state.maintenance",
    "StatePart": "couponhub.state.maintenance",
    "StepRecord": "couponhub.state.jobs",
    "StockReading": "couponhub.state.readings",
    "StoreSettings": "couponhub.state.settings",
    "TextCodeSet": "couponhub.state.codesets",
    "Token": "couponhub.state.tokens",
    "Tokens": "couponhub.state.tokens",
    "UploadRecord": "couponhub.state.records",
    "VendorCalls": "couponhub.state.vendor_calls",
    "Window": "couponhub.state.quotas",
    "codes_in": "couponhub.state.codesets",
    "comparable": "couponhub.state.codesets",
    "new_token": "couponhub.state.tokens",
    "open_queue": "couponhub.state.job_queue",
    "open_shared": "couponhub.state.opening",
    "open_state": "couponhub.state.opening",
    "read_token_hash": "couponhub.state.token_hashes",
    "token_hash": "couponhub.state.token_hashes",
    "token_id": "couponhub.state.tokens",
}

__all__ = [
    "PACED",
    "THROTTLE",
    "AccountQuota",
    "AuditAction",
    "AuditEvent",
    "AuditLog",
    "AuditOutcome",
    "AuditPage",
    "AuditQuestion",
    "BreakerNews",
    "Budget",
    "CallDecision",
    "CallFilter",
    "CallRecord",
    "CallRetention",
    "Callbacks",
    "CodeSet",
    "FaultGroup",
    "FaultRecord",
    "Followers",
    "Granted",
    "InvalidationSignal",
    "IsForgotten",
    "JobFiles",
    "JobPage",
    "JobQueue",
    "JobRecord",
    "JobStore",
    "JobWish",
    "Ledger",
    "LeftOut",
    "ListHistory",
    "Locks",
    "LoggedEvent",
    "LoggedMigration",
    "LookupPreference",
    "Maintenance",
    "MigrationLog",
    "PartBackup",
    "PartProbe",
    "PartRecord",
    "QuotaSample",
    "QuotaStore",
    "Quotas",
    "Reach",
    "ReachedPart",
    "Readings",
    "Reaped",
    "ReportChange",
    "ReportIndex",
    "ReportSnapshot",
    "Scope",
    "Shared",
    "SharedLookups",
    "SharedSettings",
    "Sighting",
    "SignOuts",
    "Spent",
    "Stage",
    "State",
    "StateCheck",
    "StatePart",
    "StepRecord",
    "StockReading",
    "StoreSettings",
    "TextCodeSet",
    "Token",
    "Tokens",
    "UploadRecord",
    "VendorCalls",
    "Window",
    "codes_in",
    "comparable",
    "new_token",
    "open_queue",
    "open_shared",
    "open_state",
    "read_token_hash",
    "token_hash",
    "token_id",
]

__getattr__ = lazy_exports(__name__, _HOMES)


def __dir__() -> list[str]:
    return [*__all__]
