"""`couponhub serve`: the HTTP endpoint, until it is told to stop."""

from importlib.util import find_spec

import click

from couponhub.cli.failures import say
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import print_one
from couponhub.cli.tables import Column
from couponhub.config import load_config
from couponhub.errors import UsageError

_EXTRA = frozenset({"granian", "prometheus_client"})


@click.command("serve", cls=GlobalCommand)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="H")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8700,
    show_default=True,
    metavar="P",
    help="0 takes a free one.",
)
@click.option(
    "--workers", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Processes."
)
@pass_options
def command(options: GlobalOptions, *, host: str, port: int, workers: int) -> None:
    """Serve lookups, and reading of lists and uploads, over HTTP.

    As long as there is no token (`couponhub token new`), only this machine is served, with a token that is
    printed at the start. SIGTERM lets what is under way end. There is no TLS here: put a proxy in front.
    """
    _require_extra()
    from couponhub.server import serving  # noqa: PLC0415 - its modules take the extra

    config = load_config(options.config)
    made = serving.one_time_token(config, host)
    text, token = (None, None) if made is None else made
    with serving.held_place(host, port) as place:

        def tell() -> None:
            if text is not None:
                say(f"no token is configured; until it ends, the server takes this one: {text}")
            print_one(options, {"url": place.url, "workers": workers}, (Column("URL", "url", whole=True),))

        serving.serve(config, place, workers=workers, one_time=token, listening=tell)


def _require_extra() -> None:
    missing = sorted(name for name in _EXTRA if find_spec(name) is None)
    if missing:
        raise UsageError(
            f"to serve takes {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed",
            hint="install the extra: pip install 'couponhub[server]'",
        )
