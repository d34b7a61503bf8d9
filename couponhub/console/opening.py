"""The console over a hub, beside the API's application."""

from collections.abc import Iterable

import attrs

from couponhub.config import Config
from couponhub.console.access_pages import AccessPages
from couponhub.console.app import Console, SideBySide
from couponhub.console.audit_pages import AuditPages
from couponhub.console.call_recorder import CallRecorder
from couponhub.console.call_writer import CallWriter
from couponhub.console.health_pages import HealthPages
from couponhub.console.job_pages import JobPages
from couponhub.console.list_forms import ListForms
from couponhub.console.list_pages import ListPages
from couponhub.console.list_stock import ListStock
from couponhub.console.lookup_pages import LookupPages
from couponhub.console.migration_pages import MigrationPages
from couponhub.console.oidc_pages import OidcPages
from couponhub.console.oidc_provider import OidcProvider
from couponhub.console.one_list_pages import OneListPages
from couponhub.console.pages import Page
from couponhub.console.reading_notes import ReadingNotes
from couponhub.console.request_pages import RequestPages
from couponhub.console.sessions import Sessions
from couponhub.console.sign_in import SignInPages
from couponhub.console.try_pages import TryPages
from couponhub.console.upload_pages import UploadPages
from couponhub.server.app import App
from couponhub.server.ground import Ground
from couponhub.state import open_state
from couponhub.transport.observing import Observer


@attrs.frozen
class ConsolePages:
    """Puts the console beside the API in each worker of a server, and keeps what it shows of calls and failures."""

    def watcher(self, config: Config, inner: Observer) -> CallRecorder:
        """As `Pages.watcher`: a state of its own, so that nobody else waits while it writes."""
        return CallRecorder(inner, CallWriter(open_state(config.store)))

    def __call__(self, api: App, /) -> SideBySide:
        """As `Pages`."""
        return sampled_console(api)


def with_console(api: App, *, key: bytes | None = None, notes: ReadingNotes | None = None) -> SideBySide:
    """Return the API's application with the pages beside it.

    Args:
        api: The application.
        key: A secret that all servers share, for sessions and references; one of the state's by default.
        notes: The history of lists and limits; a new one by default.

    Raises:
        LocalError: The state cannot be used.
    """
    ground = api.ground
    secret = key or ground.hub.state.reports.key().derived("console")
    server = ground.hub.config.server
    sessions = Sessions(secret, ground.access, server.oidc)
    oidc = None
    if server.oidc is not None:
        oidc = OidcPages(OidcProvider(server.oidc), sessions, server.public_url)
    every = [*all_pages(ground, sessions, oidc, key=secret, notes=notes), *TryPages(api).pages()]
    console = Console(every, sessions, ground.frame, ground.patience, None if oidc is None else oidc.name)
    return SideBySide(api, console)


def sampled_console(api: App) -> SideBySide:
    """Return the same, in a process that serves for long: from now on a history of its vendors' limits is kept, too."""
    notes = ReadingNotes(api.ground.hub)
    notes.keep_sampling()
    return with_console(api, notes=notes)


def all_pages(
    ground: Ground,
    sessions: Sessions,
    oidc: OidcPages | None = None,
    *,
    key: bytes,
    notes: ReadingNotes | None = None,
) -> Iterable[Page]:
    """Give every page, those of the main menu in its order."""
    notes = notes or ReadingNotes(ground.hub)
    stock = ListStock(ground.hub, notes=notes)
    yield from LookupPages(ground.hub, key).pages()
    yield from ListPages(ground.hub, stock).pages()
    yield from ListForms(ground.hub, stock).pages()
    yield from OneListPages(ground.hub, stock, notes).pages()
    yield from JobPages(ground).pages()
    yield from MigrationPages(ground).pages()
    yield from UploadPages(ground).pages()
    yield from HealthPages(ground.hub, ground.parts, notes).pages()
    yield from AuditPages(ground.hub).pages()
    yield from AccessPages(ground).pages()
    yield from RequestPages(ground.hub).pages()
    yield from SignInPages(sessions, oidc).pages()
