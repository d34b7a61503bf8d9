"""Uploads, lines of reports and windows that the rules write, and how they are written."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from couponhub.clock import utc_now
from couponhub.models import DaySpan, Identifier, JobId, ListId, Part, PartId, UploadId, UploadStatus
from couponhub.state import (
    CallDecision,
    CallRecord,
    CodeSet,
    JobRecord,
    Ledger,
    PartRecord,
    ReportChange,
    StepRecord,
    UploadRecord,
    Window,
)
from couponhub.state.hashing import HashKey
from couponhub.state.report_lines import ending_of, in_pages
from couponhub.state.reports import KnownReport

LIST = ListId("L 1/ä")
DAY = Window("calls_per_day", 1000, 86_400)
MINUTE = Window("calls_per_minute", 100, 60)


def new_upload(*codes: Sequence[str], name: str | None = None, list_id: ListId = LIST) -> UploadRecord:
    """Make an upload with a part for each sequence of codes."""
    name = name or f"up_{secrets.token_hex(6)}"
    parts = tuple(
        PartRecord.prepared(number, name=f"{name}-{number}.csv", rows=len(each))
        for number, each in enumerate(codes, 1)
    )
    return UploadRecord(
        id=UploadId(name), connection="shop", list_id=list_id, name=name, fingerprint=name, parts=parts
    )


def begin(
    ledger: Ledger,
    *codes: Sequence[str],
    name: str | None = None,
    list_id: ListId = LIST,
    rows: bytes | None = None,
) -> UploadRecord:
    """Write an upload with these codes down, and the record of its rows."""
    upload = new_upload(*codes, name=name, list_id=list_id)
    with ledger.workspace() as folder:
        files = [folder / f"{number}.codes" for number in range(len(codes))]
        for file, each in zip(files, codes, strict=True):
            file.write_text("".join(f"{code}\n" for code in each), encoding="utf-8")
        record = None if rows is None else folder / "rows"
        if record is not None and rows is not None:
            record.write_bytes(rows)
        return ledger.begin(upload, files, rows=record)


def shown(upload: UploadRecord, number: int = 1, *, done: bool = True, accepted: int | None = None) -> Part:
    """Return a part as a vendor shows it."""
    return Part(
        id=PartId(f"{upload.id}-{number}"),
        name=upload.parts[number - 1].name,
        status=UploadStatus.DONE if done else UploadStatus.PROCESSING,
        accepted=accepted,
    )


def sent_whole(ledger: Ledger, *codes: Sequence[str], list_id: ListId = LIST) -> UploadRecord:
    """Write an upload down of which the vendor has taken every code."""
    upload = begin(ledger, *codes, list_id=list_id)
    for number, each in enumerate(codes, 1):
        upload = ledger.mark_submitting(upload, number)
        upload = ledger.mark_submitted(upload, number, shown(upload, number, accepted=len(each)))
    return upload


def new_job(name: str = "", *, connection: str = "shop", steps: int = 2) -> JobRecord:
    """Make a job with some steps."""
    return JobRecord(
        id=JobId(name or f"up_{secrets.token_hex(6)}"),
        kind="upload",
        connection=connection,
        arguments={"list_id": str(LIST)},
        steps=tuple(
            StepRecord(number=number, kind="submit", arguments={"part": number})
            for number in range(1, steps + 1)
        ),
    )


def codes_of(code_sets: Sequence[CodeSet]) -> list[str]:
    """Return all codes of code sets, in their order."""
    return [code for one in code_sets for batch in one.batches() for code in batch]


def take_in(change: ReportChange, key: HashKey, given: Sequence[tuple[str, str]], list_id: str = "L1") -> int:
    """Import a report of customers and codes; return how many were new."""
    now = utc_now()
    number = change.number_of("shop", ListId(list_id))
    report = KnownReport(
        number=0,
        list_number=number,
        identifier=Identifier.EXTERNAL_ID,
        days=DaySpan(now.date(), now.date()),
        file="report.csv",
        rows=len(given),
        made_at=now,
        imported_at=now,
        approximate=False,
    )
    imported = change.add_report(report, b"content", [("C1", "Autumn", "en", "A")])
    digests = key.of_all([customer for customer, _ in given], Identifier.EXTERNAL_ID)
    lines = [
        f"{digest}\t{code}\t{now.isoformat()}\t0\t{row}"
        for row, (digest, (_, code)) in enumerate(zip(digests, given, strict=True), 1)
    ]
    return change.add_lines(in_pages(lines, ending_of(number, imported)), list_number=number)


def digest(key: HashKey, customer: str) -> str:
    """Return the hash of a customer of `take_in`."""
    return key.of_all([customer], Identifier.EXTERNAL_ID)[0]


def new_call(call_id: str, *, seconds: float = 0.0, outcome: str = "ok") -> CallRecord:
    """Return a call to a vendor, ended so long after this moment's hour began."""
    hour = utc_now().replace(minute=0, second=0, microsecond=0)
    return CallRecord(
        id=call_id,
        at=hour + timedelta(seconds=seconds),
        connection="shop",
        operation="customer_coupons",
        method="GET",
        base="https://vendor.example.com",
        path="/v1/customer/***",
        changes=False,
        outcome=outcome,
        decision=CallDecision.DONE if outcome == "ok" else CallDecision.GIVEN_UP,
    )
