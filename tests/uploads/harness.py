"""One connection to a fake vendor, with a ledger, staging, and time that passes only in tests."""

from pathlib import Path

import attrs

from couponhub.jobs import HubJobs
from couponhub.models import ListId, Part, Upload
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
    """The counts of an upload, which balance: rows, accepted, rejected, duplicates, skipped, not_sent, pending, unknown."""
    assert_balanced(upload)
    return (
        upload.rows,
        upload.accepted,
        upload.rejected,
        upload.duplicates,
        upload.skipped,
        upload.not_sent,
        upload.pending,
        upload.unknown,
    )


def assert_balanced(upload: Upload) -> None:
    """Every row of an upload and of each of its parts stands in exactly one count, none of them below zero."""
    found = [(upload.rows, [*_own_counts(upload), upload.duplicates, upload.skipped])]
    found += [(part.rows, _own_counts(part)) for part in upload.parts]
    for rows, told in found:
        assert rows in {None, sum(count or 0 for count in told)}
        assert all(count is None or count >= 0 for count in told)


def _own_counts(one: Upload | Part) -> list[int | None]:
    return [one.accepted, one.rejected, one.not_sent, one.pending, one.unknown]
