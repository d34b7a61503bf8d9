"""Explanations of an answer: who was asked, what they said, and which of our uploads a code came from."""

from couponhub.explain.asking import Explainer
from couponhub.explain.documents import explanation_document
from couponhub.explain.explanation import ExplainedCoupon, Explanation, SentIn
from couponhub.explain.recording import Exchange, Recorder

__all__ = [
    "Exchange",
    "ExplainedCoupon",
    "Explainer",
    "Explanation",
    "Recorder",
    "SentIn",
    "explanation_document",
]
