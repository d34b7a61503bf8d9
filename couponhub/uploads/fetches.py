"""Fetches of staged files as evidence: written down with the step that watches the part, and told of the upload."""

from collections.abc import Iterator, Sequence

import attrs

from couponhub.models import Fetch, Part, Upload, UploadStatus
from couponhub.serialization import from_document, to_document
from couponhub.state import JobRecord, StepRecord
from couponhub.uploads.steps import WATCH, part_number

_KEY = "fetches"
_MOST_KEPT = 50


def with_fetches(step: StepRecord, fetches: Sequence[Fetch] | None) -> StepRecord:
    """Return a step with fetches of its part's file beside those that earlier drives saw.

    Args:
        step: Watches the part.
        fetches: What this drive saw so far, which may be told again; None when that cannot be known.
    """
    if fetches is None:
        return step
    seen = {one.at: one for one in (*(_fetches(step) or ()), *fetches)}
    kept = [seen[at] for at in sorted(seen)][-_MOST_KEPT:]
    return attrs.evolve(step, result={**step.result, _KEY: [to_document(one) for one in kept]})


def learned(job: JobRecord, number: int, fetches: Sequence[Fetch] | None) -> Sequence[StepRecord]:
    """Return the step that watches a part, if more is known of its fetches than is written there."""
    watching = [step for step in job.steps if step.kind == WATCH and part_number(step) == number]
    return [told for step in watching if (told := with_fetches(step, fetches)) != step]


def told_of(step: StepRecord) -> str:
    """Say how often the file was fetched, to stand behind other evidence; "" when that is not known."""
    fetches = _fetches(step)
    if fetches is None:
        return ""
    if not fetches:
        return "; nobody has fetched its file"
    times, size = "once" if len(fetches) == 1 else f"{len(fetches)} times", sum(one.bytes for one in fetches)
    return f"; its file was fetched {times}, {size:,} bytes"


def with_evidence(upload: Upload, job: JobRecord | None) -> Upload:
    """Return an upload with the fetches of its parts, as its job has them, and a warning of what they tell."""
    steps = {part_number(step): step for step in job.steps if step.kind == WATCH} if job else {}
    parts = [
        attrs.evolve(part, fetches=_fetches(steps[number])) if number in steps else part
        for number, part in enumerate(upload.parts, start=1)
    ]
    return attrs.evolve(upload, parts=tuple(parts), warnings=(*upload.warnings, *_unreached(upload, parts)))


def _unreached(upload: Upload, parts: Sequence[Part]) -> Iterator[str]:
    """Warn of files that the vendor has given up, and that nobody ever fetched: perhaps it cannot reach them."""
    # Of one that was refused when it was handed over, there was nothing to fetch.
    given_up = [part for part in parts if part.id is not None and part.status is UploadStatus.FAILED]
    count = sum(part.fetches == () for part in given_up)
    if count:
        yield (
            f"the vendor failed {count} of {len(parts)} parts, whose files it never fetched from here:"
            f" `couponhub doctor {upload.connection}` tries their address"
        )


def _fetches(step: StepRecord) -> tuple[Fetch, ...] | None:
    kept = step.result.get(_KEY)
    if not isinstance(kept, list):
        return None
    try:
        return tuple(from_document(one, Fetch) for one in kept)
    except ValueError:  # of another version
        return None
