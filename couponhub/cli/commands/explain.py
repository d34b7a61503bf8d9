"""`couponhub explain`: why a lookup says what it says, and where a code came from."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from couponhub.cli import completing
from couponhub.cli.failures import say
from couponhub.cli.identifiers import customers, names_customers
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import print_json, print_many
from couponhub.cli.session import Seconds, opened_hub
from couponhub.cli.stdout import json_text
from couponhub.cli.suggestions import customer_option
from couponhub.cli.tables import Column
from couponhub.errors import UsageError
from couponhub.explain import explanation_document
from couponhub.models import Customer
from couponhub.serialization import Document

_COLUMNS = (
    Column("CONNECTION", "connection", whole=True),
    Column("ABOUT", "about", whole=True),
    Column("WHAT", "what"),
)
_LONGEST_RAW = 60


@click.command("explain", cls=GlobalCommand)
@click.argument("code", required=False)
@names_customers
@click.option(
    "--connection",
    "connections",
    multiple=True,
    metavar="C",
    shell_complete=completing.connections,
    help="Ask only these.",
)
@click.option(
    "--deadline",
    type=Seconds(),
    metavar="SECONDS",
    default=30.0,
    show_default=True,
    help="For the answer about a customer.",
)
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a ZIP for a vendor's support: no code, identifier or secret is in it.",
)
@pass_options
def command(
    options: GlobalOptions,
    *,
    code: str | None,
    connections: tuple[str, ...],
    deadline: float,
    bundle: Path | None,
    **identifiers: str | None,
) -> None:
    """Say of a customer, or of a CODE, who was asked when, what each field means, and which upload a code is of.

    The vendors are asked anew: nothing that was remembered is shown.
    """
    about: list[Customer | str] = [*customers(identifiers), *([] if code is None else [code])]
    if len(about) != 1:
        raise UsageError("name exactly one: a customer by one identifier, or a CODE")
    with opened_hub(options) as hub:
        explanation = hub.explain(about[0], connections=connections or None, deadline=deadline)
        if bundle is not None:
            from couponhub.explain.bundle import write_bundle  # noqa: PLC0415 - few want one

            write_bundle(bundle, explanation, hub.config)
    document = explanation_document(explanation)
    if options.output == "json":
        print_json(document)
    else:
        print_many(options, _lines(document), _COLUMNS, "Nobody was asked.")
    say(f"the vendors were asked anew at {document['asked_at']}")
    for warning in explanation.warnings:
        say(warning)
    if code is not None and (option := customer_option(code)) is not None:
        say(f"that was asked about as a code; if it is a customer's, give it as {option}")
    if bundle is not None:
        say(f"{bundle} was written; read it before you pass it on")


def _lines(document: Document) -> Iterator[Document]:
    """The explanation for people: a line for each thing that can be said."""
    for call in document["calls"]:
        said = [f"{call['operation']}: {call['outcome']}", f"{call['elapsed_ms']} ms"]
        said += [f"HTTP {call['http_status']}"] if call["http_status"] else []
        said += [f"request id {call['request_id']}"] if call["request_id"] else []
        said += [f"attempt {call['attempt']}"] if call["attempt"] > 1 else []
        yield _line(call, f"call, ended {call['ended_at']}", ", ".join(said))
    for answer in document["answers"]:
        yield _line(answer, "answer", _answer(answer))
        for warning in answer["warnings"]:
            yield _line(answer, "warning", warning)
    for coupon in document["coupons"]:
        for meaning in coupon["meanings"]:
            yield _line(coupon, coupon["code"], _meaning(meaning))
        if not coupon["meanings"]:
            yield _line(coupon, coupon["code"], f"status = {coupon['status']}")
    for row in document["reports"]:
        days = f"the report of {row['from']} to {row['to']}, imported at {row['imported_at']}"
        given = f"given out at {row['issued_at']}" if row["issued_at"] else "given out"
        yield _line(row, row["code"], f"{given}, says row {row['row']} of {row['file']}, {days}")
    for sent in document["uploads"]:
        when = f"sent at {sent['sent_at']}" if sent["sent_at"] else "never sent"
        upload = f"upload {sent['id']} ({sent['name']}) to list {sent['list_id']}"
        yield _line(sent, sent["code"], f"{upload}, part {sent['part']} ({sent['stage']}), {when}")
    if document["unsearched"]:
        uploads = ", ".join(document["unsearched"])
        yield {"connection": None, "about": "uploads", "what": f"codes no longer kept of: {uploads}"}


def _line(of: Mapping[str, Any], about: str, what: str) -> Document:
    return {"connection": of["connection"], "about": about, "what": what}


def _answer(answer: Mapping[str, Any]) -> str:
    said = [answer["verdict"], answer["reason"], f"source {answer['source']}", f"as of {answer['as_of']}"]
    said += [f"asked as {form}" for form in answer["asked_as"]]
    said += [f"named by {answer['identified_by']}" if answer["identified_by"] else None]
    said += [answer["coverage"], answer["vendor_code"] and f"vendor code {answer['vendor_code']}"]
    if answer["error"]:
        said += [answer["error"]["message"], answer["error"]["hint"]]
    return ", ".join(word for word in said if word)


def _meaning(meaning: Mapping[str, Any]) -> str:
    raw = ", ".join(f"{key} = {_short(value)}" for key, value in meaning["raw"].items())
    because = f" ({meaning['because']})" if meaning["because"] else ""
    return f"{meaning['field']} = {_short(meaning['value'])}, from {raw or 'nothing that came'}{because}"


def _short(value: Any) -> str:
    text = json_text(value)
    return text if len(text) <= _LONGEST_RAW else f"{text[: _LONGEST_RAW - 1]}…"
