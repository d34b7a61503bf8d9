"""Why an answer is what it is: who was asked, what they said, and which of our uploads a code came from."""

from couponhub.explaining.asking import Explainer
from couponhub.explaining.documents import explanation_document
from couponhub.explaining.explanation import ExplainedCoupon, Explanation, SentIn
from couponhub.explaining.recording import Exchange, Recorder

__all__ = [
    "Exchange",
    "ExplainedCoupon",
    "Explainer",
    "Explanation",
    "Recorder",
    "SentIn",
    "explanation_document",
    "write_bundle",
]
