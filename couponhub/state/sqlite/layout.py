"""The places of the state's parts on disk; no other module knows them."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import attrs

from couponhub.state.settings import StoreSettings

LEDGER, REPORTS, QUOTAS = "ledger", "usage index", "quotas"
"""The databases, as people are told of them."""


@attrs.frozen
class Layout:
    """The files of one store, all of them beside the database that the settings name.

    Every property raises LocalError where there is no place for a store.

    Args:
        settings: Of the store.
    """

    settings: StoreSettings

    @property
    def folder(self) -> Path:
        """The folder that all of them lie in."""
        return self.ledger.parent

    @cached_property
    def ledger(self) -> Path:
        """The database of the ledger, jobs, migrations, tokens, callback addresses and the audit log; the same from the first look on."""
        return self.settings.path

    @property
    def quotas(self) -> Path:
        """The database that calls are counted in."""
        return self.ledger.with_suffix(".quotas.db")

    @property
    def reports(self) -> Path:
        """The database of the usage index."""
        return self.ledger.with_suffix(".usage.db")

    @property
    def imports(self) -> Path:
        """The folder where reports lie while they are imported."""
        return self.ledger.with_suffix(".usage")

    @property
    def key(self) -> Path:
        """The key of the customers' hashes in the usage index."""
        return self.ledger.with_suffix(".key")

    @property
    def erasures(self) -> Path:
        """The file that is another after each erasure."""
        return self.ledger.with_suffix(".erasures")

    @property
    def preference(self) -> Path:
        """The file that names the connections which lookups ask first."""
        return self.ledger.with_suffix(".preference")

    @property
    def codes(self) -> Path:
        """The folder of code sets, in which locks and files in the making lie too."""
        return self.folder / "codes"

    @property
    def job_files(self) -> Path:
        """The folder of files that jobs keep, by job."""
        return self.codes / ".jobs"

    @property
    def databases(self) -> Mapping[str, Path]:
        """The databases by their names."""
        return {LEDGER: self.ledger, REPORTS: self.reports, QUOTAS: self.quotas}
