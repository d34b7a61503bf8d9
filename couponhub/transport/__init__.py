"""The only place that does HTTP to vendors: session, sign-in, one retry loop, bounds, redaction."""

from couponhub.settings import is_loopback_url
from couponhub.state.budgets import Budget, Spent
from couponhub.transport.auth import Auth, BasicAuth, HeaderAuth, TokenAuth, TokenSource
from couponhub.transport.exchange import FilePart, Multipart, Reply, Request, query_pairs
from couponhub.transport.headers import Headers
from couponhub.transport.observing import (
    DecisionObserver,
    EndedExchange,
    NoObserver,
    Observer,
    ShapeObserver,
    VendorCall,
)
from couponhub.transport.peeking import fetched, size_of
from couponhub.transport.retry import RetryPolicy, retry_after_seconds
from couponhub.transport.room import ReplyRoom, without_trace
from couponhub.transport.settings import LOOKUP_REPLY_BYTES, TransportSettings
from couponhub.transport.shapes import Shape
from couponhub.transport.status import error_for_status
from couponhub.transport.transport import Transport

__all__ = [
    "LOOKUP_REPLY_BYTES",
    "Auth",
    "BasicAuth",
    "Budget",
    "DecisionObserver",
    "EndedExchange",
    "FilePart",
    "HeaderAuth",
    "Headers",
    "Multipart",
    "NoObserver",
    "Observer",
    "Reply",
    "ReplyRoom",
    "Request",
    "RetryPolicy",
    "Shape",
    "ShapeObserver",
    "Spent",
    "TokenAuth",
    "TokenSource",
    "Transport",
    "TransportSettings",
    "VendorCall",
    "error_for_status",
    "fetched",
    "is_loopback_url",
    "query_pairs",
    "retry_after_seconds",
    "size_of",
    "without_trace",
]
