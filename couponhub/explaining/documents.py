"""An explanation as JSON."""

from couponhub.documents import Document, answer_document, coupon_document, customer_document, instant
from couponhub.explaining.explanation import ExplainedCoupon, Explanation, SentIn
from couponhub.explaining.recording import Exchange
from couponhub.models.reports import ReportedRow


def explanation_document(explanation: Explanation) -> Document:
    """The whole explanation, the vendors' own objects included; `live` says that nothing in it was remembered."""
    customer = explanation.customer
    return {
        "customer": customer and customer_document(customer),
        "code": explanation.code,
        "asked_at": instant(explanation.asked_at),
        "live": True,
        "complete": explanation.complete,
        "answers": [answer_document(answer) for answer in explanation.answers],
        "coupons": [_coupon(explained) for explained in explanation.coupons],
        "calls": [call_document(exchange) for exchange in explanation.exchanges],
        "uploads": [_sent_in(sent) for sent in explanation.sent_in],
        "reports": [_reported(row) for row in explanation.reported],
        "unsearched": list(explanation.unsearched),
        "warnings": list(explanation.warnings),
    }


def _coupon(explained: ExplainedCoupon) -> Document:
    document = coupon_document(explained.coupon, raw=True)
    meanings = [
        {
            "field": meaning.field,
            "value": document.get(meaning.field),
            "raw": dict(meaning.raw),
            "because": meaning.because or None,
        }
        for meaning in explained.meanings
    ]
    return {**document, "meanings": meanings}


def call_document(exchange: Exchange) -> Document:
    """One attempt to call a vendor."""
    call = exchange.call
    return {
        "connection": call.connection,
        "operation": call.operation,
        "attempt": call.attempt,
        "ended_at": instant(exchange.at),
        "elapsed_ms": round(call.seconds * 1000),
        "outcome": call.outcome,
        "http_status": call.status,
        "request_id": call.request_id,
    }


def _sent_in(sent: SentIn) -> Document:
    return {
        "code": sent.code,
        "connection": sent.connection,
        "list_id": sent.list_id,
        "id": sent.upload,
        "name": sent.name,
        "part": sent.part,
        "stage": sent.stage,
        "sent_at": instant(sent.sent_at),
    }


def _reported(row: ReportedRow) -> Document:
    return {
        "code": row.code,
        "connection": row.connection,
        "list_id": row.list_id,
        "list_name": row.list_name,
        "issued_at": instant(row.issued_at),
        "properties": dict(row.properties),
        "file": row.file,
        "from": row.days.first.isoformat(),
        "to": row.days.last.isoformat(),
        "imported_at": instant(row.imported_at),
        "row": row.row,
    }
