"""Pages as HTML: every text is escaped, whoever's it is."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from jinja2 import BaseLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from couponhub.console.pages import Page, PageRequest, View
from couponhub.console.static_files import StaticFiles
from couponhub.console.texts import Texts
from couponhub.server.operations import OperationResponse
from couponhub.shown import shown

HTML = "text/html; charset=utf-8"
_MOST_DRAWN = 50


class Renderer:
    """Makes HTML of views. Thread-safe.

    Args:
        static: The files that pages name.
    """

    def __init__(self, static: StaticFiles) -> None:
        self._environment = environment(static, PackageLoader("couponhub.console"))
        self._menu: list[Page] = []
        self._drawn: dict[Hashable, tuple[object, str]] = {}

    def add_to_menu(self, pages: Iterable[Page]) -> None:
        """Show pages in the main menu, in this order, to whoever may see them."""
        self._menu += [page for page in pages if page.entry is not None]

    def render(self, view: View, call: PageRequest, texts: Texts) -> OperationResponse:
        """Return the answer that a view is."""
        common: Mapping[str, Any] = {
            "t": texts,
            "session": call.session,
            "may": call.may,
            "menu": [page for page in self._menu if page.scope is None or call.may(page.scope)],
            "base": "fragment.html" if call.is_fragment else "base.html",
        }
        key = view.template, texts.language, call.caller.scopes, id(view.drawn_from)
        of, text = self._drawn.get(key, (None, ""))
        if not call.is_fragment or of is None or of is not view.drawn_from:
            text = self._environment.get_template(view.template).render({**common, **view.values})
            self._keep(key, view, call, text)
        return OperationResponse(
            content=text.encode("utf-8", "replace"),
            media_type=HTML,
            status=view.status,
            headers=view.headers,
            cookies=view.cookies,
        )

    def _keep(self, key: Hashable, view: View, call: PageRequest, text: str) -> None:
        """Keep what was drawn for others who poll, unless something of one session stands in it."""
        if (
            view.drawn_from is None
            or not call.is_fragment
            or call.session is None
            or call.session.csrf in text
        ):
            return
        if len(self._drawn) >= _MOST_DRAWN:
            self._drawn.clear()
        self._drawn[key] = view.drawn_from, text


def environment(static: StaticFiles, loader: BaseLoader) -> Environment:
    """Make what renders templates: it escapes every text, and refuses a name that is not there."""
    made = Environment(
        loader=loader,
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = static.url
    made.filters["shown"] = shown
    made.filters["path_part"] = path_part
    made.filters["said"] = said
    return made


def path_part(text: str) -> str:
    """A text as one part of an address's path, whatever it holds."""
    return quote(text.encode("utf-8", "replace"), safe="")


def said(text: str) -> Markup:
    """Mark what the core, an adapter or a vendor says, which is English whatever the page's language."""
    return Markup('<span lang="en">{}</span>').format(text)
