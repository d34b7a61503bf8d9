"""An explanation as people read it: what it comes to in words, then a line for each thing that can be said."""

from collections.abc import Iterator, Mapping
from typing import Any

from couponhub.cli import lookup_view
from couponhub.cli.stdout import json_text, safe
from couponhub.cli.tables import Column
from couponhub.explain import Explanation
from couponhub.models import LookupAnswer
from couponhub.serialization import Document

COLUMNS = (
    Column("CONNECTION", "connection", whole=True),
    Column("ABOUT", "about", whole=True),
    Column("WHAT", "what"),
)
_NOBODY = "No vendor that could be asked shows a customer with code {code}. That proves nothing: it may lie unused in a list."
_LONGEST_RAW = 60


def in_words(explanation: Explanation) -> str:
    """Return what an explanation comes to, in a sentence or two."""
    if explanation.customer is not None:
        answer = LookupAnswer(customer=explanation.customer, answers=explanation.answers)
        return lookup_view.in_words(answer, filtered=False)
    code = safe(explanation.code or "")
    coupons = [one.coupon for one in explanation.coupons]
    stands = ", ".join(f"{coupon.status.value} at {coupon.connection}" for coupon in coupons)
    told = [f"Code {code} is {stands}." if stands else _NOBODY.format(code=code)]
    lists = dict.fromkeys(
        f"list {sent.list_id} of {sent.connection} ({sent.upload})" for sent in explanation.sent_in
    )
    if lists:
        told.append(f"It was sent from here to {', and to '.join(lists)}.")
    elif not explanation.unsearched:
        told.append("No upload that is known here sent it.")
    if explanation.reported:
        told.append("Imported usage reports name it, as given out.")
    return " ".join(told)


def lines(document: Document) -> Iterator[Document]:
    """Give a line for each thing that can be said: what was answered and why, then the calls that it took."""
    for answer in document["answers"]:
        yield _line(answer, "answer", _answer(answer))
        for warning in answer["warnings"]:
            yield _line(answer, "warning", warning)
    for coupon in document["coupons"]:
        for what in _coupon(coupon):
            yield _line(coupon, coupon["code"], what)
    for row in document["reports"]:
        given = f"given out at {row['issued_at']}" if row["issued_at"] else "given out"
        where = f"says row {row['row']} of {row['file']}, the report of {row['from']} to {row['to']}"
        yield _line(row, row["code"], f"{given}, {where}, imported at {row['imported_at']}")
    for sent in document["uploads"]:
        when = f"sent at {sent['sent_at']}" if sent["sent_at"] else "not sent yet"
        what = f"{when} to list {sent['list_id']}, by upload {sent['id']} ({sent['name']}), in its part {sent['part']}"
        yield _line(sent, sent["code"], f"{what}, which is {sent['stage']}")
    if document["unsearched"]:
        what = f"not searched, for their codes are not kept: {', '.join(document['unsearched'])}"
        yield {"connection": None, "about": "uploads", "what": what}
    for call in document["calls"]:
        yield _line(call, "call", _call(call))


def _line(of: Mapping[str, Any], about: str, what: str) -> Document:
    return {"connection": of["connection"], "about": about, "what": what}


def _call(call: Mapping[str, Any]) -> str:
    told = [f"{call['operation']} at {call['ended_at']}"]
    told += [f"attempt {call['attempt']}"] if call["attempt"] > 1 else []
    told += [f"HTTP {call['http_status']}"] if call["http_status"] else []
    told += [call["outcome"], f"after {call['elapsed_ms']} ms"]
    told += [f"request id {call['request_id']}"] if call["request_id"] else []
    return ", ".join(told)


def _answer(answer: Mapping[str, Any]) -> str:
    """The verdict with its reason, then what it rests on, each once."""
    verdict = f"{answer['verdict']}, because {answer['reason']}" if answer["reason"] else answer["verdict"]
    if answer["error"]:
        hint = f" ({answer['error']['hint']})" if answer["error"]["hint"] else ""
        return f"{verdict}: {answer['error']['message']}{hint}"
    source = (
        "asked just now"
        if answer["source"] == "live"
        else f"from a {answer['source']} that speaks of {answer['as_of']}"
    )
    told = [verdict, f"{source} as {', '.join(answer['asked_as'])}" if answer["asked_as"] else source]
    told += [f"by what {answer['identified_by']} named"] if answer["identified_by"] else []
    told += [answer["coverage"]] if answer["coverage"] else []
    told += [f"the vendor's code is {answer['vendor_code']}"] if answer["vendor_code"] else []
    return "; ".join(told)


def _coupon(coupon: Document) -> Iterator[str]:
    """Give what needs a reason, one line each; then the fields that were taken as they came, together."""
    if not coupon["meanings"]:
        yield f"status is {_short(coupon['status'])}"
    plain = []
    for meaning in coupon["meanings"]:
        raw = ", ".join(f"{key} = {_short(value)}" for key, value in meaning["raw"].items())
        if meaning["because"]:
            yield f"{meaning['field']} is {_short(meaning['value'])}: {meaning['because']}; from {raw or 'nothing that came'}"
        else:
            plain.append(f"{meaning['field']} from {', '.join(meaning['raw']) or 'nothing that came'}")
    if plain:
        yield f"taken as the vendor sent them: {'; '.join(plain)}"


def _short(value: Any) -> str:
    text = json_text(value)
    return text if len(text) <= _LONGEST_RAW else f"{text[: _LONGEST_RAW - 1]}…"
