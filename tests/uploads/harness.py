"""One connection to a fake vendor, with a ledger, staging, and time that passes only in tests."""

from pathlib import Path

import attrs

from couponhub.jobs import HubJobs
from couponhub.models import ListId, Upload
from couponhub.staging import StagingSettings, open_staging
from couponhub.state.sqlite.database import LedgerDatabase
from couponhub.state.sqlite.jobs import SqliteJobs
from couponhub.state.sqlite.ledger import SqliteLedger
from couponhub.uploads import UPLOAD, Uploads, work_of
from tests.kit.clock import FakeClock
from tests.uploads.vendors import FakeVendor

LIST = ListId("L1")


@attrs.define
class UploadHarness:
    """One connection, and everything around it that a test looks at."""

    vendor: FakeVendor
    store: LedgerDatabase
    clock: FakeClock
    ledger_kind: type[SqliteLedger] = SqliteLedger
    jobs_kind: type[SqliteJobs] = SqliteJobs
    staging: StagingSettings = attrs.field(factory=StagingSettings)

    def ledger(self) -> SqliteLedger:
        """A ledger as a new process would open it."""
        return self.ledger_kind(self.store, "shop", now=self.clock.now)

    def jobs(self) -> SqliteJobs:
        """The jobs as a new process would open them."""
        return self.jobs_kind(self.store, now=self.clock.now, monotonic=self.clock.monotonic)

    @property
    def driver(self) -> HubJobs:
        """The jobs as whoever drives them has them."""
        return HubJobs(
            self.jobs,
            kinds={UPLOAD: lambda job, timeout: work_of(self.uploads, job, timeout)},
            clock=self.clock.clock,
        )

    @property
    def part_files(self) -> list[Path]:
        """The prepared files that are kept."""
        return sorted(self.store.layout.codes.glob(".parts/*/*/*"))

    @property
    def uploads(self) -> Uploads:
        """The uploads as a new process would open them."""
        return Uploads(
            "shop",
            self.vendor,
            ledger=self.ledger,
            jobs=self.jobs,
            staging=lambda: open_staging(self.staging),
            settle=30.0,
            vendor_is_loopback=True,
            clock=self.clock.clock,
        )

    @property
    def stages(self) -> list[str]:
        """The stages of the parts of the newest upload."""
        return [part.stage.value for part in self.ledger().of_list(LIST)[-1].parts]


def counts(upload: Upload) -> tuple[int | None, ...]:
    """The counts of an upload: rows, accepted, rejected, duplicates, skipped, unknown."""
    return (
        upload.rows,
        upload.accepted,
        upload.rejected,
        upload.duplicates,
        upload.skipped,
        upload.unknown,
    )
