"""`couponhub serve`: the HTTP endpoint, until it is told to stop."""

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING

import click

from couponhub.cli.failures import say, typed_error
from couponhub.cli.numbers import Whole
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import print_json, print_one
from couponhub.cli.tables import Column
from couponhub.config import OidcSettings, load_config
from couponhub.errors import CouponhubError, UsageError
from couponhub.serialization import error_document
from couponhub.server.log_format import LEVELS, LogFormat, LogSettings

if TYPE_CHECKING:
    from couponhub.server.watching import Pages

_UNCONFIGURED = "no token is configured; until it ends, the server takes this one"
_log = logging.getLogger(__name__)

_SERVER = ("granian", "prometheus_client")
_CONSOLE = ("jinja2",)
_OIDC = ("authlib", "joserfc")
_OTLP = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


@click.command("serve", cls=GlobalCommand)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="H")
@click.option(
    "--port",
    type=Whole(0, 65535),
    default=8700,
    show_default=True,
    metavar="P",
    help="0 takes a free one.",
)
@click.option(
    "--workers", type=Whole(1, 256), default=1, show_default=True, metavar="N", help="Processes, at most 256."
)
@click.option(
    "--drain",
    type=Whole(0, 3600),
    default=0,
    show_default=True,
    metavar="SECONDS",
    help="At SIGTERM answer /readyz with 503 at once, and serve for so long before the end.",
)
@click.option("--console", is_flag=True, help="Serve the web page for people, too, at the same address.")
@click.option(
    "--log-format",
    type=click.Choice([form.value for form in LogFormat]),
    help="Form of the lines on stderr; text on a terminal, else json, by default.",
)
@click.option("--log-level", type=click.Choice(LEVELS), help="Least level of lines; info by default.")
@pass_options
def command(
    options: GlobalOptions,
    *,
    host: str,
    port: int,
    workers: int,
    drain: int,
    console: bool,
    log_format: str | None,
    log_level: str | None,
) -> None:
    """Serve lookups, lists, uploads and jobs over HTTP.

    As long as there is no token (`couponhub token new`), only this machine is served, with a token that is
    printed at the start. SIGTERM lets what is under way end, a second one ends at once; SIGHUP reads the config again.
    There is no TLS here: put a proxy in front.
    """
    log = LogSettings(
        format=LogFormat(log_format) if log_format else _usual_format(),
        level=log_level or ("debug" if options.debug else "info"),
    )
    with log.applied(), _logged(options, log):
        _serve(options, host=host, port=port, workers=workers, drain=drain, console=console, log=log)


def _serve(
    options: GlobalOptions, *, host: str, port: int, workers: int, drain: int, console: bool, log: LogSettings
) -> None:
    _require(_SERVER, "to serve", "server")
    from couponhub.server import serving  # noqa: PLC0415 - its modules take the extra

    config = load_config(options.config)
    pages: Pages | None = None
    if console or config.server.console:
        require_console()
        if config.server.oidc is not None:
            _require(_OIDC, "signing people in ([server.oidc])", "console")
        from couponhub.console.opening import ConsolePages  # noqa: PLC0415 - the same

        pages = ConsolePages()
    if config.server.otlp_url is not None:
        _require(_OTLP, "telemetry ([server] otlp_url)", "otlp")
    made = serving.one_time_token(config, host)
    text, token = (None, None) if made is None else made
    with serving.held_place(host, port) as place:

        def tell() -> None:
            if text is not None and log.format is LogFormat.JSON:
                _log.warning(_UNCONFIGURED, extra={"fields": {"token": text}})
            for handler in logging.getLogger().handlers:
                handler.flush()  # whoever reads the address next wants the token to be there
            if text is not None and log.format is LogFormat.TEXT:
                say(f"{_UNCONFIGURED}: {text}")
            print_one(options, {"url": place.url, "workers": workers}, (Column("URL", "url", whole=True),))
            if pages is not None and config.server.oidc is not None:
                # Nobody waits for it: who has a token can work while the provider is away.
                Thread(target=_look_at_provider, args=(config.server.oidc,), daemon=True).start()

        serving.serve(
            config,
            place,
            workers=workers,
            drain=drain,
            one_time=token,
            log=log,
            listening=tell,
            pages=pages,
        )


def require_console() -> None:
    """Go on only where all that the console takes is installed.

    Raises:
        UsageError: It is not.
    """
    _require((*_SERVER, *_CONSOLE), "the console", "console")


def _look_at_provider(settings: OidcSettings) -> None:
    """Tell in one line what keeps people from signing in."""
    from couponhub.console.oidc_provider import OidcProvider  # noqa: PLC0415 - its modules take the extra

    try:
        OidcProvider(settings).check()
    except CouponhubError as error:
        _log.warning("nobody can sign in through the provider: %s", error)


def _usual_format() -> LogFormat:
    return LogFormat.TEXT if sys.stderr is not None and sys.stderr.isatty() else LogFormat.JSON


@contextmanager
def _logged(options: GlobalOptions, log: LogSettings) -> Iterator[None]:
    """Write what ends the server as every other line is written, where programs read the log."""
    try:
        yield
    except click.exceptions.Exit:
        raise
    except Exception as error:
        if log.format is not LogFormat.JSON:
            raise
        typed = typed_error(error)
        for line in str(typed).splitlines():
            _log.error("%s", line, exc_info=options.debug)
        if options.output == "json":
            print_json(error_document(typed))
        raise click.exceptions.Exit(typed.exit_code) from None


def _require(modules: Iterable[str], what: str, extra: str) -> None:
    missing = sorted(name for name in modules if not _is_installed(name))
    if missing:
        raise UsageError(
            f"{what} takes {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed",
            hint=f"install the extra: pip install 'couponhub[{extra}]'",
        )


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of a package above it
        return False
