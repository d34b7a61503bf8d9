"""One visit of somebody at a browser, and where the pages lie."""

from collections import defaultdict
from collections.abc import Callable, Mapping

import attrs
from werkzeug.wrappers import Request, Response

from couponhub.console.pages import Redirect, View
from couponhub.console.rendering import path_part

HOME = "/_emulator/"
"""The first page's address."""
BELOW = "/_emulator/-"
"""The beginning of all other pages' addresses."""


@attrs.frozen(kw_only=True)
class Visit:
    """A request for a page, or a form that was sent from one.

    Attributes:
        request: As it came; its path is relative to `/_emulator/`.
        words: The variable parts of the path, by name.
    """

    request: Request
    words: Mapping[str, str]

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters behind the question mark, each name once."""
        return self.request.args.to_dict()

    @property
    def form(self) -> Mapping[str, str]:
        """The form's fields without blanks around them, each name once; a field that was not sent is empty."""
        return defaultdict(str, {name: value.strip() for name, value in self.request.form.items()})

    @property
    def done(self) -> str:
        """The key of what was just done, to be told; empty for nothing."""
        return self.query.get("done", "")


Answer = Callable[[Visit], View | Redirect | Response]
"""Makes the answer to a visit."""


def vendor_address(vendor: str, table: str | None = None) -> str:
    """Return the address of a vendor's page, or of one of its tables."""
    home = f"{BELOW}/vendors/{path_part(vendor)}"
    return home if table is None else f"{home}/{path_part(table)}"
