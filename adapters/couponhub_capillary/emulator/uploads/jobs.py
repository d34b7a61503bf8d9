"""Upload jobs: what the vendor remembers of a code file, and how it is worked through."""

import itertools
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import IO, TypeVar

import attrs

from couponhub_capillary.emulator.coupons.expiry import coupon_end
from couponhub_capillary.emulator.customers.directory import Customers
from couponhub_capillary.emulator.organisation import Organisation
from couponhub_capillary.emulator.records import Customer, Series
from couponhub_capillary.emulator.series.issue_limits import refused_creation, refused_issue
from couponhub_capillary.emulator.uploads.code_file import (
    BadFileError,
    Columns,
    check_text,
    columns_of,
    read_rows,
    value_at,
)

NOT_TAGGED = "NOT_TAGGED"
IDENTIFIERS = ("MOBILE", "EMAIL", "EXTERNAL_ID", "USER_ID", NOT_TAGGED)
"""The five documented words, exact case (C-30)."""

UNKNOWN_CUSTOMER = {
    "USER_ID": "userid is not valid or is inactive",
    "MOBILE": "user does not exist with the provided mobile",
    "EXTERNAL_ID": "user does not exist with the provided external id",
    "EMAIL": "User does not with the provided email",
}
"""The vendor's texts for rows of unknown customers, its spelling kept (C-77)."""

_ROWS_AT_ONCE = 2_000

_T = TypeVar("_T")


class ErrorReport:
    """The error file of a job, kept compressed: it may be as long as the upload itself."""

    def __init__(self, *, tagged: bool) -> None:
        self._tagged = tagged
        self._compressor = zlib.compressobj(1)
        self._chunks: list[bytes] = []
        self.rows = 0
        self._write("ErrorMsg,CouponCode,UserId" if tagged else "ErrorMsg,CouponCode")

    def refuse(self, message: str, code: str, customer: Customer | None) -> None:
        """Add a refused row. Values are not quoted, as the vendor's are not."""
        self.rows += 1
        owner = "NA" if customer is None else str(customer.id)
        self._write(f"{message},{code},{owner}" if self._tagged else f"{message},{code}")

    def content(self) -> bytes:
        """The whole file."""
        return zlib.decompress(b"".join(self._chunks) + self._compressor.copy().flush())

    def _write(self, line: str) -> None:
        self._chunks.append(self._compressor.compress(f"{line}\n".encode()))


@attrs.define(kw_only=True, eq=False)
class UploadJob:
    """One uploaded file; counts are filled in while it is worked through.

    Attributes:
        identifier: One of IDENTIFIERS.
        customer_column: As sent; None for an untagged upload.
        file: The content; closed when the job has ended.
    """

    id: int
    series: Series
    identifier: str
    customer_column: str | None
    file: IO[bytes]
    file_name: str
    stored_name: str
    created_on: datetime
    updated_on: datetime
    report: ErrorReport
    status: str = "STARTED"
    row_count: int = 0
    handled: int = 0
    refused: int = 0
    table_name: str | None = None
    error_key: str | None = None
    columns: Columns | None = None
    repeated_codes: frozenset[str] = frozenset()
    repeated_customers: frozenset[str] = frozenset()

    @property
    def tagged(self) -> bool:
        """True when its rows name customers."""
        return self.identifier != NOT_TAGGED


class _Repeats:
    """Finds the values that come more than once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._repeated: set[str] = set()

    def add(self, value: str) -> None:
        (self._repeated if value in self._seen else self._seen).add(value)

    def found(self) -> frozenset[str]:
        return frozenset(self._repeated - {""})


def validate(job: UploadJob) -> None:
    """Read the file once: count its rows, find what repeats. Raises BadFileError when the job is ERRORED."""
    kind = job.series.kind
    if kind == "GENERIC_REDEEMABLE" or (kind != "DISC_CODE_PIN" and not job.tagged):
        raise BadFileError("wrong kind of series")  # C-45
    check_text(job.file)
    rows = read_rows(job.file)
    header = next(rows, None)
    if header is None:
        return
    columns = columns_of(header, customer_column=job.customer_column, takes_codes=kind == "DISC_CODE_PIN")
    codes, customers = _Repeats(), _Repeats()
    count = 0
    for row in rows:
        count += 1
        codes.add(value_at(row, columns.code).upper())
        customers.add(value_at(row, columns.customer))
    job.columns, job.row_count = columns, count
    job.repeated_codes, job.repeated_customers = codes.found(), customers.found()


def commit(job: UploadJob, organisation: Organisation) -> None:
    """Read the file again and take in each row, or note why not; the state is locked for some rows at a time."""
    if job.columns is None:
        return
    rows = itertools.islice(read_rows(job.file), 1, None)
    with organisation.lock:
        intake = _Intake(job, organisation)
    for batch in batches(rows):
        with organisation.lock:
            for row in batch:
                intake.take(row)
            job.handled += len(batch)
            job.refused = job.report.rows


class _Intake:
    """Takes in the rows of one job, all as of one instant."""

    def __init__(self, job: UploadJob, organisation: Organisation) -> None:
        assert job.columns is not None  # noqa: S101 - `commit` has looked
        self._job = job
        self._series = job.series
        self._columns = job.columns
        self._organisation = organisation
        self._options = organisation.options
        self._now = organisation.clock.now()
        self._valid_till = coupon_end(self._series, self._now, self._options.server_zone)
        self._find = finder(job.identifier, organisation.customers, self._options.country_code)

    def take(self, row: list[str]) -> None:
        code = value_at(row, self._columns.code).upper()
        name = value_at(row, self._columns.customer)
        customer = self._find(name) if self._job.tagged and name else None
        problem = self._problem(code, name, customer)
        if problem is not None:
            self._job.report.refuse(problem, code, customer)
        elif not self._job.tagged and not self._series.external:
            self._organisation.pool(self._series, code)
        elif self._series.kind == "DISC_CODE_PIN":
            self._organisation.issue_uploaded(self._series, customer, code, self._now, self._valid_till)
        elif customer is not None:
            self._organisation.issue(self._series, customer, self._now)

    def _problem(self, code: str, name: str, customer: Customer | None) -> str | None:
        if self._options.one_row_per_customer and name in self._job.repeated_customers:
            return "duplicate users provided in the same file"
        if self._columns.code is not None:
            problem = self._code_problem(code)
            if problem is not None:
                return problem
        if self._job.tagged:
            if customer is None:
                return UNKNOWN_CUSTOMER[self._job.identifier]
            if self._series.external:
                # C-39: such codes belong to nobody, so that a row with a customer is refused; no text is known.
                return "userid is not valid or is inactive"
            problem = refused_issue(self._series, customer, self._now)
            if problem is not None:
                return problem
        return refused_creation(self._series)

    def _code_problem(self, code: str) -> str | None:
        if self._series.kind != "DISC_CODE_PIN":
            return "invalid coupon code"  # C-45
        if code in self._job.repeated_codes:
            return "duplicate coupons provided in the same file"
        if not code or len(code) > self._options.max_code_length:
            return "invalid coupon code"
        if code not in self._organisation.codes:
            return None
        if self._job.tagged:
            return "Coupon code is already used in this org"
        return "coupon code already used in this org - duplicate coupons created entry"


def finder(identifier: str, customers: Customers, country_code: str) -> Callable[[str], Customer | None]:
    """Return what finds a tagged upload's customers, by its word for the identifier."""
    match identifier:
        case "MOBILE":
            return lambda value: customers.by_mobile(value, country_code)
        case "EMAIL":
            return customers.by_email
        case "EXTERNAL_ID":
            return customers.by_external_id
        case _:
            return customers.by_id


def batches(rows: Iterator[_T]) -> Iterator[list[_T]]:
    """Some rows at a time, so that the state is not locked for long."""
    while batch := list(itertools.islice(rows, _ROWS_AT_ONCE)):
        yield batch
