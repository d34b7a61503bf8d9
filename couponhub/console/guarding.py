"""The guards around each page: what a browser is allowed to do with it, and which requests are from a page of ours."""

import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from couponhub.console.sessions import Session
from couponhub.errors import PermissionDenied
from couponhub.server.problems import Refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of all pages: nothing of another host, and nothing written into the page itself."""
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": POLICY,
        # With `no-referrer` Chromium would call the origin of our own forms "null".
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "X-Frame-Options": "DENY",
    }
)
CSRF_FIELD = "csrf"
_CSRF_HEADER = "HTTP_X_CSRF"


def require_own_page(environ: "WSGIEnvironment") -> None:
    """Refuse a change that the browser says another site asks for.

    Raises:
        Refusal: It does.
    """
    site = environ.get("HTTP_SEC_FETCH_SITE", "same-origin")
    origin = environ.get("HTTP_ORIGIN")
    host = environ.get("HTTP_HOST", "")
    if site != "same-origin" or (origin is not None and _host_of(origin) != host):
        raise _refused("this request comes from another site")


def is_form_of(session: Session | None, environ: "WSGIEnvironment", form: Mapping[str, str]) -> bool:
    """Tell whether the form of a change was given out in this session, rather than in an earlier one or by somebody else."""
    if session is None:
        return False
    given = environ.get(_CSRF_HEADER) or form.get(CSRF_FIELD, "")
    return hmac.compare_digest(given.encode("utf-8", "replace"), session.csrf.encode())


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # no browser sends such a thing
        return None


def _refused(text: str) -> Refusal:
    return Refusal(PermissionDenied(text, hint="load the page again, and repeat it there"), 403)
