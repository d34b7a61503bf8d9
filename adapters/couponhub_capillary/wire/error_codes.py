"""Capillary's codes and what they mean for a caller."""

from couponhub.errors import (
    AuthRejected,
    Conflict,
    ErrorFacts,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    UnreadableReply,
    VendorError,
    VendorUnavailable,
)
from couponhub.transport import Reply, error_for_status, retry_after_seconds

COUPONS_RETRIEVED = 1000
"""The item code of a customer that was found. In v2 the same number means "filters not provided"."""

# The newest page of "Get Customer Coupons", and older and v2 codes for the same; 8109 was erased (C-12).
CUSTOMER_UNKNOWN = frozenset({701, 721, 816, 1011, 1012, 8015, 8109})

SERIES_UNKNOWN = frozenset({502, 707, 755})

CODE_UNKNOWN = frozenset({633, 682, 702, 705, 719, 780})

CODE_REVOKED = 660

CODE_PROCESSED = 700
"""The item code of a coupon code that was found."""

_SUCCESS = frozenset({200, 201, 678, 700, 731, 761, 762, COUPONS_RETRIEVED})

# Retryable by their own wording.
_TRY_AGAIN = frozenset({412, 413, 461, 503, 521, 748, 786, 787, *range(789, 795), 796, 797, 798, 4001})

# Refused before any work, so that even a write may be repeated: 4001 "Authorization status unavailable!",
# 521 several actions at once for the same customer.
_REFUSED_BEFORE_WORK = frozenset({521, 4001})

_THEIR_FAULT = frozenset({407, 500, 504, 730, 999_999})

# Already there, already used, or expired.
_STANDS_IN_THE_WAY = frozenset({409, 630, 631, 711, 712, 713, 716, 747, 751, 752})

_REFUSED = frozenset(
    {
        *(400, 402, 405, 406, 408, 415, 501, 629, 634, 641, 677, 690, 691, 695, 753, 754, 756, 788, 795, 799),
        *(1015, 1042, 1060, 1061, 1062, 1064, 1104),
        # Of issuing and redeeming: a code that is not, or not so, for this customer, sale, store or day.
        *(108, 510, 621, 626, CODE_REVOKED, 661, 696, 703, 709, 710, 714, 715, 718, 720, 723, 725, 726, 728),
        *(729, 733, 735, 736, 738, 739, 740, 742, 749, 750, 777, 781, 811, 5001, 5002, 5004, 5005),
    }
)

# "Coupon (V1.1 APIs)", "Coupon (V2 APIs)", "API status codes", read 2026.
_BY_CODE: dict[int, type[VendorError]] = {
    **dict.fromkeys(_SUCCESS, UnreadableReply),
    **dict.fromkeys(_TRY_AGAIN, VendorUnavailable),
    **dict.fromkeys(_THEIR_FAULT, VendorUnavailable),
    **dict.fromkeys(_REFUSED, RequestRejected),
    **dict.fromkeys(CUSTOMER_UNKNOWN | SERIES_UNKNOWN | CODE_UNKNOWN | {404}, NotFound),
    **dict.fromkeys(_STANDS_IN_THE_WAY, Conflict),
    **dict.fromkeys((403, 1044, 4000), PermissionDenied),
    401: AuthRejected,
    429: RateLimited,
}

_WORDS: dict[type[VendorError], str] = {
    AuthRejected: "Capillary does not accept the credentials",
    PermissionDenied: "Capillary denies access",
    NotFound: "Capillary does not know what was named",
    RequestRejected: "Capillary refused the request",
    Conflict: "Capillary refused the request because of what is there already",
    RateLimited: "too many calls to Capillary",
    VendorUnavailable: "Capillary cannot do it now",
    UnreadableReply: "Capillary answered in a way that it does not document",
}

_HINTS: dict[type[VendorError], str] = {
    AuthRejected: "check the connection's credentials, and that they belong to this region or base_url",
    PermissionDenied: "have the right added to the API client's access group; a change takes an hour to act",
}

# Any other text of the vendor's could repeat an identifier or a code, and is not shown.
_DOCUMENTED_TEXTS = frozenset(
    {
        "Not authorized. Access is denied!",
        "Authorization status unavailable!",
        "Authentication failed. Please check username and password.",
        "Please check your username/password or authentication token",
        "Input is invalid, Please check request parameters or input xml/json",
        "All requests have failed due to errors",
        "Incorrect resource",
        "Incorrect HTTP Method",
        "Incorrect or invalid input.",
        "Unable to post or retrieve details.",
        "No Coupon Series Available",
        "Coupon series id is invalid",
        "Coupon series ID is invalid.",
        "Invalid Organization ID",
        "Invalid Input",
        "Prefix length exceeds maximum",
        "Prefix/Suffix not allowed",
        "Duplicate Series Code",
        "Duplicate Generic Coupon Code",
        "Empty Series Code",
        "Incorrect Valid Till Date",
        "Configuration is invalid",
        "Unable to process coupon",
        "Unknown error",
        "coupon series with same series code is already present",
        "generic cannot be empty for series type GENERIC",
        "Invalid mobile no/email id/external id",
        "You do not have sufficient permission to view the customer details",
        "Too many requests",
    }
)


def error_for_code(code: int, reply: Reply, message: object = None) -> VendorError:
    """The error that a code in a body stands for, whatever the HTTP status (C-9).

    A gateway repeats its own status as code, which then means what HTTP means by it. A code that no page
    lists is judged by the HTTP status; under a success it tells nothing, not even that a write was refused.
    """
    repeats_http = code == reply.status and code >= 500
    kind = None if repeats_http else _BY_CODE.get(code)
    if kind is None:
        kind = error_for_status(reply.status) if reply.status >= 400 else UnreadableReply
    text = f': "{message}"' if isinstance(message, str) and message in _DOCUMENTED_TEXTS else ""
    return _built(kind, reply, f"code {code}{text}", vendor_code=str(code), code=code)


def error_without_code(reply: Reply, what: str) -> VendorError:
    """The error for a body that says nothing understandable: by HTTP status, or unreadable under a success.

    Args:
        reply: What came.
        what: What is odd about it, in our words.
    """
    if reply.status < 400:
        return _built(UnreadableReply, reply, what)
    return _built(error_for_status(reply.status), reply, f"HTTP {reply.status}")


def error_for_another(what: str, reply: Reply) -> VendorError:
    """The error for an answer about something else than was asked: another's must never be shown for it."""
    return _built(UnreadableReply, reply, f"it is about {what}")


def contradiction(refusal: VendorError, reply: Reply) -> VendorError:
    """The error for a refusal that shows what was made all the same: whether it was done is not known."""
    return _built(UnreadableReply, reply, "it refuses and shows a result", vendor_code=refusal.vendor_code)


def _built(
    kind: type[VendorError],
    reply: Reply,
    detail: str,
    *,
    vendor_code: str | None = None,
    code: int | None = None,
) -> VendorError:
    text, passes = f"{_WORDS[kind]} ({detail})", issubclass(kind, (RateLimited, VendorUnavailable))
    facts: ErrorFacts = {
        "hint": _HINTS.get(kind, ""),
        "vendor_code": vendor_code,
        "status": reply.status,
        "request_id": reply.request_id,
        "retry_after": retry_after_seconds(reply.headers) if passes else None,
    }
    if issubclass(kind, VendorUnavailable):
        return kind(text, sent=code not in _REFUSED_BEFORE_WORK, too_slow=reply.status == 504, **facts)
    return kind(text, **facts)
