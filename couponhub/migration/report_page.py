"""The report on a migration as one page that stands by itself; never with a code or a customer in it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import attrs

from couponhub.migration.equation_picture import PICTURE_STYLE, equation_picture
from couponhub.migration.html import BASE, Row, bullets, facts, moment, page, section, table, text
from couponhub.migration.plan_page import end_of
from couponhub.models import MigrationProof, MigrationReport

_STYLE = (
    f"{BASE}{PICTURE_STYLE}"
    ".verdict{border-left:.4rem solid #b7791f;padding:.5rem 1rem;background:#8882}"
    ".verdict.balanced{border-color:#2f855a}.verdict.broken{border-color:#c53030}"
    ".tasks li{margin:.6rem 0}.tasks code{display:block;margin-top:.2rem;padding:.3rem .6rem;background:#8882}"
    ".times{list-style:none;padding:0;margin:0;border-left:2px solid #8886}.times li{position:relative;padding:0 0 .8rem 1.2rem}"
    ".times li::before{content:'';position:absolute;left:-.4rem;top:.45rem;width:.7rem;height:.7rem;border-radius:50%;"
    "background:#2f6f8f}.times li{overflow-wrap:anywhere}.times time{display:block;font-size:.9rem;opacity:.75}"
)
_CLASSES = {
    "=": "there, as planned",
    "-": "missing",
    "+": "unexpected",
    "*": "there, but different",
    "!": "could not be known",
}
_MANY = 60
"""Vendor files that a page shows at once; more are folded away."""


def report_page(report: MigrationReport) -> str:
    """Return a report as an HTML page with pictures inside it, nothing from elsewhere, and no script."""
    plan = report.plan
    target = attrs.evolve(plan.target, list_id=report.status.target_list_id)
    title = f"Migration: from {end_of(plan.source)}, to {end_of(target)}"
    return page(title, _body(report), _STYLE)


def _body(report: MigrationReport) -> Iterator[str]:
    plan, status = report.plan, report.status
    yield _verdict(report)
    yield equation_picture(report.equation, report.waiting)
    yield section("What a person must still do", _tasks(report))
    yield section("How it stands", facts(_standing(report)))
    yield section("What happened", _timeline(report))
    if status.proof is not None:
        yield section("The proof", _proof(status.proof))
    yield section("Vendor files", _parts(report))
    yield section(
        "What is kept, approximated and lost",
        table(("Field", "Fate", "Note"), [(one.field, one.fate.value, one.note) for one in plan.lossiness]),
    )
    yield section("Quotas", _quotas(report))
    yield section("Cannot be taken back", bullets(plan.irreversible))
    yield section(f"Limits crossed, because: {plan.reason}", bullets(one.message for one in plan.crossed))
    yield section("To be known", bullets(plan.notes))
    yield section("What this rests on", _fingerprints(report))


def _verdict(report: MigrationReport) -> str:
    equation, proof = report.equation, report.status.proof
    if proof is None:
        kind, words = (
            "open",
            "Not proven yet. The numbers are those of the uploads; `migrate verify` proves them.",
        )
    elif proof.balanced:
        since = moment(proof.since or proof.at)
        kind, words = "balanced", f"Every code is accounted for, at every comparison since {since}."
    else:
        kind, words = (
            "broken",
            (
                f"Not balanced at {moment(proof.at)}: {equation.unknown:,} of {equation.all:,} codes unknown,"
                f" {_wrong(proof):,} not as planned."
            ),
        )
    return f'<p class="verdict {kind}">{text(words)}</p>\n'


def _wrong(proof: MigrationProof) -> int:
    return sum(count for sign, count in proof.classes.items() if sign != "=")


def _tasks(report: MigrationReport) -> str:
    items = "".join(
        f"<li>{text(one.text)}{'' if one.command is None else f'<code>{text(one.command)}</code>'}</li>"
        for one in report.tasks
    )
    return items and f'<ol class="tasks">{items}</ol>'


def _standing(report: MigrationReport) -> list[tuple[str, str]]:
    plan, status = report.plan, report.status
    throttle = "as the limits allow" if status.per_minute is None else f"{status.per_minute:,}"
    return [
        ("Migration", plan.id),
        ("Phase", status.phase.replace("_", " ")),
        ("Target list", status.target_list_id or "not made yet"),
        ("Codes to go", f"{status.rows:,}, of which the target has taken {status.sent:,}"),
        ("Codes that customers hold", plan.issued_as.value),
        ("Files a minute", throttle),
        *([("Waiting for", status.waiting_for)] if status.waiting_for else []),
        *([("Ends at the earliest", moment(status.ends_at))] if status.ends_at else []),
        *([("Both vendors answer until", moment(status.window_ends_at))] if status.window_ends_at else []),
        ("Report made at", moment(report.at)),
    ]


def _timeline(report: MigrationReport) -> str:
    events: Sequence[tuple[datetime, str, str]] = [
        (report.plan.made_at, "planned", f"digest {report.plan.digest}"),
        *((one.at, one.kind.replace("_", " "), one.message) for one in report.status.events),
    ]
    items = "".join(
        f'<li><time datetime="{at.isoformat()}">{moment(at)}</time><b>{text(kind)}</b> <code>{text(words)}</code></li>'
        if kind == "planned"
        else f'<li><time datetime="{at.isoformat()}">{moment(at)}</time><b>{text(kind)}</b> {text(words)}</li>'
        for at, kind, words in events
    )
    return f'<ol class="times">{items}</ol>'


def _proof(proof: MigrationProof) -> str:
    classes = [(sign, _CLASSES.get(sign, sign), count) for sign, count in proof.classes.items()]
    return "".join(
        (
            facts(
                [
                    ("Compared at", moment(proof.at)),
                    ("Handed out at the source meanwhile", f"{proof.double_issued:,}"),
                ]
            ),
            table(("", "Codes that are", "Codes"), classes),
            table(("Known because they were", "Codes"), list(proof.evidence.items())),
            bullets(proof.notes),
        )
    )


def _parts(report: MigrationReport) -> str:
    rows = [
        (
            f"{one.batch}.{one.number}",
            one.status.value,
            *(one.rows, one.accepted, one.rejected, one.not_sent + one.pending, one.unknown),
            one.evidence.value if one.evidence else "",
            one.told,
            one.name or "",
        )
        for one in report.parts
    ]
    heads = ("Batch", "Status", "Codes", "Taken", "Refused", "Open", "Unknown", "Known", "Seen", "Name")
    drawn = table(heads, rows)
    return drawn if len(rows) <= _MANY else _folded(f"{len(rows):,} files", drawn)


def _quotas(report: MigrationReport) -> str:
    heads = ("Connection", "Limit", "Calls", "Used now", "Left now")
    used: list[Row] = []
    rest: list[Row] = []
    for one in report.quotas:
        row = (one.connection, one.name, one.limit, one.limit - one.left, one.left)
        (used if one.left < one.limit else rest).append(row)
    return table(heads, used) + (
        _folded("Limits of which nothing is used", table(heads, rest)) if rest else ""
    )


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{text(title)}</summary>{content}</details>"


def _fingerprints(report: MigrationReport) -> str:
    plan = report.plan
    told = [
        "<p>A report is worth what can be recomputed of it. ",
        "The fingerprint of a class is told for any file of its codes, in whatever order, by ",
        "<code>couponhub codes fingerprint FILE</code>; those of the files that codes came from by ",
        "<code>sha256sum FILE</code>. The last line is the SHA-256 of this report as JSON, without its ",
        "<code>digest</code>, keys sorted and without blanks.</p>",
        table(("Class", "Codes", "Fingerprint"), _classes(report)),
        table(
            ("Source", "Name", "Rows", "SHA-256"),
            [(one.role, one.name, one.rows, one.sha256) for one in plan.sources],
        ),
        table(
            ("Batch", "Codes", "Rows", "SHA-256"),
            [(str(one.number), one.kind, one.rows, one.sha256) for one in plan.batches],
        ),
        facts([("Plan", plan.digest), ("Report", report.digest)]),
    ]
    return "".join(told)


def _classes(report: MigrationReport) -> list[tuple[str, int, str]]:
    counts = report.plan.counts
    return [(name, getattr(counts, name), digest) for name, digest in report.plan.fingerprints.items()]
