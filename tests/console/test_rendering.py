"""What is drawn once for all who poll, and what never is."""

import pytest
from jinja2 import DictLoader

from couponhub.console.pages import PageRequest, View
from couponhub.console.rendering import Renderer
from couponhub.console.sessions import Session
from couponhub.console.static_files import StaticFiles
from couponhub.console.texts import all_texts
from couponhub.server.auth import Principal
from couponhub.state import Scope

TEXTS = all_texts()
COMMON = "{{ t('sign_out') }} {{ may('admin') }} {{ items|join }}"
OWN = "{{ session.csrf }} {{ items|join }}"


@pytest.fixture
def renderer() -> Renderer:
    """A renderer of two templates: one says nothing of a session, the other does."""
    made = Renderer(StaticFiles())
    made._environment.loader = DictLoader({"common": COMMON, "own": OWN})
    return made


def drawn(renderer: Renderer, view: View, csrf: str = "one", *scopes: Scope, language: str = "en") -> str:
    """What somebody who polls is given."""
    caller = Principal(token_id=csrf, scopes=frozenset(scopes))
    session = Session(caller=caller, name=csrf, expires_at=0, csrf=csrf)
    call = PageRequest(caller=caller, session=session, is_fragment=True)
    return renderer.render(view, call, TEXTS[language]).content.decode()  # type: ignore[union-attr]


def test_is_drawn_once_for_all_who_see_the_same(renderer: Renderer) -> None:
    """As long as it is of the same object; each language and each right has its own, and another object is another page."""
    items = ["a"]
    view = View(template="common", values={"items": items}, drawn_from=items)
    first = drawn(renderer, view)
    items.append("b")

    assert first == drawn(renderer, view, "two")
    assert "ab" in drawn(renderer, view, "two", Scope.ADMIN)
    assert "Abmelden" in drawn(renderer, view, language="de")
    assert "abc" in drawn(renderer, View(template="common", values={"items": [*items, "c"]}, drawn_from=[1]))


def test_nobody_is_given_what_is_of_another_session(renderer: Renderer) -> None:
    """Whatever a page says of itself."""
    items = ["a"]
    view = View(template="own", values={"items": items}, drawn_from=items)

    assert "one a" == drawn(renderer, view)
    assert "two a" == drawn(renderer, view, "two")
