"""The page that somebody is led to who may not see the one that stands first."""

from collections.abc import Iterable

from couponhub.console.pages import Page, PageRequest, Redirect, Shown, View
from couponhub.state import Scope

FIRST = "/"
"""The address that people come to who name no page, and after signing in."""


def leads_on(page: Page, call: PageRequest) -> bool:
    """Tell whether somebody is signed in, and asks for the first page without the right to see it."""
    is_first = (page.method, page.path) == ("GET", FIRST)
    return is_first and call.session is not None and page.scope is not None and not call.may(page.scope)


def first_page(pages: Iterable[Page], call: PageRequest) -> Shown:
    """Return the first page that the caller may see, those of the menu before others; or one that says what to ask for."""
    seen = [
        page
        for page in pages
        if page.method == "GET" and "{" not in page.path and page.scope is not None and call.may(page.scope)
    ]
    for page in sorted(seen, key=lambda one: one.entry is None):
        return Redirect(page.path)
    return View(template="no_page.html", values={"scopes": list(Scope)})
