"""An explanation as JSON."""

from couponhub.explain.explanation import ExplainedCoupon, Explanation
from couponhub.explain.recording import Exchange
from couponhub.serialization import Document, instant_text, to_document


def explanation_document(explanation: Explanation) -> Document:
    """Return the whole explanation, the coupons' raw objects included; it is for people, and not read back.

    `live` says that nothing in it was remembered.
    """
    customer = explanation.customer
    return {
        "customer": customer and to_document(customer),
        "code": explanation.code,
        "asked_at": instant_text(explanation.asked_at),
        "live": True,
        "complete": explanation.complete,
        "answers": [to_document(answer) for answer in explanation.answers],
        "coupons": [_coupon(explained) for explained in explanation.coupons],
        "calls": [call_document(exchange) for exchange in explanation.exchanges],
        "uploads": [to_document(sent) for sent in explanation.sent_in],
        "reports": [to_document(row) for row in explanation.reported],
        "unsearched": list(explanation.unsearched),
        "warnings": list(explanation.warnings),
    }


def _coupon(explained: ExplainedCoupon) -> Document:
    """A coupon with its meanings, each beside the value that it explains."""
    document = to_document(explained.coupon, raw=True)
    meanings = [
        {"field": meaning.field, "value": document.get(meaning.field), **to_document(meaning, raw=True)}
        for meaning in explained.meanings
    ]
    return {**document, "meanings": meanings}


def call_document(exchange: Exchange) -> Document:
    """Return one attempt to call a vendor."""
    call = exchange.call
    return {
        "connection": call.connection,
        "operation": call.operation,
        "attempt": call.attempt,
        "ended_at": instant_text(exchange.at),
        "elapsed_ms": round(call.seconds * 1000),
        "outcome": call.outcome,
        "http_status": call.status,
        "request_id": call.request_id,
    }
