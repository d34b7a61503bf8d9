"""The pages: where each lies, who may see it, and what it is given and gives back."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import attrs

from couponhub.console.sessions import Session
from couponhub.errors import UsageError
from couponhub.server.auth import NOBODY, Principal
from couponhub.server.file_forms import FileForm
from couponhub.server.operations import OperationResponse
from couponhub.state import Scope

NO_FIELDS: Mapping[str, str] = {}


@attrs.frozen(kw_only=True)
class View:
    """A template, and what is shown in it.

    Attributes:
        template: Its name in the folder of templates.
        values: By the names that it uses.
        status: Of the answer, as HTTP has it.
        headers: Further headers.
        cookies: What the browser is to keep.
        drawn_from: That on which all of it depends, beside language and rights: as long as it is the same object, everybody
            who polls is given what was drawn of it once. None where that cannot be said.
    """

    template: str
    values: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    cookies: tuple[str, ...] = attrs.field(default=(), repr=False)
    drawn_from: object | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Redirect:
    """Another page of this console to go to, after a change or where a session is missing.

    Attributes:
        path: Begins with a slash: nobody is ever sent to another host.
        headers: Further headers.
    """

    path: str
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.define(kw_only=True)
class PageRequest:
    """One request for a page, by somebody who may see it.

    Attributes:
        caller: Who asks.
        session: The session that it is a part of; None for the pages that anybody sees.
        path: The parameters of the path, by name.
        query: Those behind the question mark, by name; never about a customer.
        form: The fields of a form that was sent, by name, each once; the last of several counts.
        file: The form with its file, for as long as the request; None where it came without one.
        is_fragment: True when a part of a page is asked for, to be put in its place by htmx.
        host: As the browser calls this one, with its port.
        cookies: All cookies that came along, in their header's own form.
    """

    caller: Principal = NOBODY
    session: Session | None = None
    path: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    query: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    form: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    file: FileForm | None = attrs.field(default=None, repr=False)
    is_fragment: bool = False
    host: str = ""
    cookies: str = attrs.field(default="", repr=False)

    def may(self, scope: Scope) -> bool:
        """Tell whether the caller has a right."""
        return scope in self.caller.scopes

    def field(self, name: str) -> str:
        """Return a field of the form, without blanks around it.

        Raises:
            UsageError: It is not there, or empty.
        """
        value = self.form.get(name, "").strip()
        if not value:
            raise UsageError(f"the field {name} is missing")
        return value


Shown = View | Redirect | OperationResponse


@attrs.frozen(kw_only=True)
class Page:
    """One page, or one thing that is done from a page.

    Attributes:
        name: Tells it from others.
        method: GET shows; POST changes something, or carries what must not stand in an address.
        path: With parameters in braces.
        run: Makes it.
        scope: The right that it takes; None with `is_public` for anybody, else for whoever is signed in.
        is_public: True when nobody need be signed in.
        entry: The key of its words in the main menu; None for a page that stands not in it.
        largest_form: Bytes of the form that it reads.
        takes_file: True for a form that comes with a file, whose bytes count apart.
    """

    name: str
    method: Literal["GET", "POST"]
    path: str
    run: Callable[[PageRequest], Shown]
    scope: Scope | None = None
    is_public: bool = False
    entry: str | None = None
    largest_form: int = 64 * 1024
    takes_file: bool = False
