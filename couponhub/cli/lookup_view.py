"""A lookup as people and scripts are shown it: what it means in plain words, then who said what, then the coupons."""

from collections.abc import Iterator, Mapping

from couponhub.cli.stdout import safe
from couponhub.cli.tables import Approximate, Column, instant_text
from couponhub.models import Answer, DifferenceKind, LookupAnswer, Reason, Source, Verdict
from couponhub.serialization import Document

_BEFORE_REDEMPTIONS = (
    Column("CONNECTION", "connection"),
    Column("CODE", "code", whole=True),
    Column("STATUS", "status", whole=True),
    Column("LIST", lambda document: document["list_name"] or document["list_id"]),
    Column("ISSUED", lambda document: guessed(document, "issued_at"), time=True),
    Column("EXPIRES", lambda document: guessed(document, "expires_at"), time=True),
)
_MOST_SHOWN = 3
_WHY: Mapping[Reason, str] = {
    Reason.IDENTIFIER_AMBIGUOUS: "may know the customer by another form of this number",
    Reason.UNSUPPORTED: "could not be asked",
    Reason.NOT_COVERED: "has usage reports that do not cover every day",
    Reason.RATE_LIMITED: "could not be asked, its rate limit is spent",
    Reason.UNREACHABLE: "could not be asked",
    Reason.TIMEOUT: "did not answer in time",
    Reason.UNREADABLE: "gave an answer that cannot be read",
    Reason.CREDENTIALS: "did not take the credentials",
    Reason.INCOMPLETE: "told only a part",
}
"""Words for a connection that could not tell all."""


def in_words(answer: LookupAnswer, *, filtered: bool) -> str:
    """Return what an answer means, for somebody who has a customer on the telephone.

    Args:
        answer: The answer.
        filtered: Only some coupons were asked for, so that silence says nothing of others.
    """
    customer = answer.customer
    who = f"the customer with {customer.identifier.value.replace('_', ' ')} {safe(customer.value)}"
    coupons = len(answer.coupons)
    such = " such" if filtered else ""
    held = f"{coupons or 'no'}{such} coupon{'' if coupons == 1 else 's'}"
    if answer.complete:
        return f"Complete: {who} holds {held}{_shares(answer)}."
    why = ", and ".join(_why(one) for one in answer.answers if not one.whole)
    if coupons:
        more = f"there may be more than {'this one' if coupons == 1 else f'these {coupons}'}"
        return f"Not complete for {who}: {why}. {_capital(more)}: do not say that there are no others."
    return f"Not complete for {who}: {why}. There may be{such} coupons: do not say that there are none."


_DIFFERENCES: Mapping[DifferenceKind, str] = {
    DifferenceKind.SAME: "the same",
    DifferenceKind.STATUS: "with another status",
    DifferenceKind.EXPIRY: "with another end",
    DifferenceKind.STATUS_UNKNOWN: "whose status one of them cannot tell",
    DifferenceKind.EXPIRY_UNKNOWN: "whose ends may be the same, for the zone of one is a guess",
    DifferenceKind.MISSING: "only at {reference}",
    DifferenceKind.EXTRA: "only at {connection}",
    DifferenceKind.UNKNOWN: "of which it cannot be known",
}


def differences_in_words(answer: LookupAnswer) -> Iterator[str]:
    """Give a line for each connection that was compared with the first one; none where nothing was compared."""
    if answer.differences is None:
        return
    reference, *others = [one.connection for one in answer.answers]
    for name in others:
        counts = [
            f"{found.count} {_DIFFERENCES[found.kind].format(reference=reference, connection=name)}"
            for found in answer.differences
            if found.connection == name
        ]
        yield f"Codes at {reference} and {name}: {', '.join(counts) or 'none to compare'}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _why(answer: Answer) -> str:
    what = "told nothing" if answer.reason is None else _WHY.get(answer.reason, "could not tell")
    remembered = (
        ", and what is shown was remembered" if answer.verdict is Verdict.FOUND and answer.error else ""
    )
    return f"{answer.connection} {what}{remembered}"


def _shares(answer: LookupAnswer) -> str:
    """Count those of each connection, where several were asked."""
    if len(answer.answers) < 2 or not answer.coupons:
        return ""
    shares = [f"{one.connection} {len(one.coupons) or 'none'}" for one in answer.answers]
    return f" ({', '.join(shares)})"


def answer_columns(answer: LookupAnswer) -> tuple[Column, ...]:
    """Return the columns of the answers; those that say something of this one only where they do."""
    is_old = any(one.source is not Source.LIVE for one in answer.answers)
    is_carried = any(one.identified_by for one in answer.answers)
    return (
        Column("CONNECTION", "connection"),
        Column("VERDICT", "verdict", whole=True),
        Column("REASON", "reason"),
        Column("SOURCE", "source"),
        *[Column("AS OF", "as_of", time=True)] * is_old,
        Column("ASKED AS", "asked_as"),
        *[Column("NAMED BY", "identified_by")] * is_carried,
        Column("MS", "elapsed_ms", right=True),
    )


def rows_of(document: Document) -> Iterator[Document]:
    """Give a lookup as rows of one table: what is complete, then each answer, then each coupon, by their `kind`.

    Whoever reads only the first row of a script's output knows whether silence may be believed.
    """
    yield {"kind": "lookup", "complete": document["complete"], "customer": document["customer"]}
    for kind, key in (("answer", "answers"), ("coupon", "coupons")):
        for row in document[key]:
            yield {"kind": kind, **row}
    for row in document["differences"] or ():
        # What it counts is a kind of its own; `kind` tells what the row is.
        yield {
            "kind": "difference",
            **{key: row[key] for key in row if key != "kind"},
            "difference": row["kind"],
        }


def guessed(document: Document, name: str) -> str | Approximate | None:
    """Return a moment, marked where its zone is a guess."""
    moment: str | None = document[name]
    return Approximate(moment) if moment and name in document["approximate"] else moment


def used(document: Document) -> list[str] | str | None:
    """Return when and where a coupon was redeemed, as far as is known; how often, where that is all."""
    count, redemptions = document["redemption_count"], document["redemptions"] or []
    if count is None and not redemptions:
        return None
    if not redemptions:
        return f"used {count}x" if count else "unused"
    is_guess = "redemptions" in document["approximate"]
    lines = [_redemption(one, is_guess=is_guess) for one in redemptions[:_MOST_SHOWN]]
    rest = max(count or 0, len(redemptions)) - len(lines)
    return [*lines, *([f"and {rest} more"] if rest else [])]


def _redemption(one: Document, *, is_guess: bool) -> str:
    at = None if one["at"] is None else instant_text(Approximate(one["at"]) if is_guess else one["at"])
    store = one["store"] and (one["store"]["name"] or one["store"]["code"])
    return " ".join(word for word in (at or "used", f"at {store}" if store else "") if word)


TABLE = (*_BEFORE_REDEMPTIONS, Column("USED", used))
PLAIN = (
    *_BEFORE_REDEMPTIONS,
    Column("REDEEMED", "redemption_count", right=True),
    Column("ALSO AT", lambda document: ", ".join(document["also_at"]) or None),
)
"""The columns of a pipe, which stay as they are."""
ALSO_AT = PLAIN[-1]
