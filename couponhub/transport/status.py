"""One table from HTTP status to error class; a vendor's wire refines it from the body."""

from couponhub.errors import (
    AuthRejected,
    Conflict,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestRejected,
    UnreadableReply,
    VendorError,
    VendorUnavailable,
)

_BY_STATUS: dict[int, type[VendorError]] = {
    401: AuthRejected,
    403: PermissionDenied,
    404: NotFound,
    407: VendorUnavailable,
    408: VendorUnavailable,
    409: Conflict,
    410: NotFound,
    429: RateLimited,
}


def error_for_status(status: int) -> type[VendorError]:
    """The class for a status that is not a success; statuses nobody registered are classed by their hundred.

    Redirects are `UnreadableReply`: they are never followed, since requests would carry a vendor's own
    credential headers to the other host.
    """
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return VendorUnavailable
    if status >= 400:
        return RequestRejected
    return UnreadableReply
