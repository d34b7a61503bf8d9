"""The server: where it listens, who may ask at first, and how long it goes on."""

import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from couponhub._version import installed_version
from couponhub.clock import utc_now
from couponhub.config import Config, load_config
from couponhub.errors import LocalError, UsageError
from couponhub.server.auth import is_loopback_host
from couponhub.server.figures import shared_folder
from couponhub.server.loading import Loader
from couponhub.server.log_format import LogSettings
from couponhub.sockets import family_of, listen, told_why_not
from couponhub.state import Scope, Token, new_token, open_state

if TYPE_CHECKING:
    from couponhub.server.watching import Pages

_log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class Place:
    """The place where the server listens.

    Attributes:
        host: A name or an address of this machine, as it was given.
        address: That address, or the one that the name stands for.
        port: Never 0: which one is free has been found out.
    """

    host: str
    address: str
    port: int

    @property
    def url(self) -> str:
        """Its address, for programs on this machine or, of a host for all, elsewhere."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@contextmanager
def held_place(host: str, port: int) -> Iterator[Place]:
    """The place to listen at, which nobody else is given for the length of the block; port 0 takes a free one.

    Raises:
        LocalError: There is no such host, or the port is taken.
    """
    with ExitStack() as held:
        # The workers share the port, so that Granian would not notice somebody else's server on it.
        with listen(host, port) as probe:
            address, port = probe.getsockname()[:2]
        place = Place(host=host, address=address, port=port)
        if sys.platform == "linux":
            # Elsewhere Granian binds but once.
            holder = held.enter_context(socket.socket(family_of(address)))
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            with told_why_not(host, port):
                holder.bind((address, port))
        yield place


def one_time_token(config: Config, host: str) -> tuple[str, Token] | None:
    """A token for the life of the server, if none is configured; None when one is.

    Raises:
        UsageError: None is configured, and the host is not this machine alone.
        LocalError: The store cannot be used.
    """
    if _has_token(config):
        return None
    if not is_loopback_host(host):
        raise UsageError(
            f"no token is configured, so only this machine may be served, not {host}",
            hint="make one with `couponhub token new --scope lookup`, or leave --host out",
        )
    return new_token(Scope, name="one-time")


def serve(
    config: Config,
    place: Place,
    *,
    workers: int,
    drain: int,
    one_time: Token | None,
    log: LogSettings,
    listening: Callable[[], None],
    pages: "Pages | None" = None,
) -> None:
    """Serve until SIGTERM or SIGINT; then refuse what is new, and finish what is under way. The second time end at once.

    At SIGHUP the config file is read again.

    Args:
        config: What to serve, read from a file.
        place: Where to listen.
        workers: Processes; they share the store.
        drain: Seconds for which it still serves once it is to stop, and is not ready.
        one_time: A token that holds as long as this.
        log: How lines are written.
        listening: Called once requests are answered.
        pages: Puts pages beside the API, in each worker; None for none.

    Raises:
        LocalError: No worker could begin.
    """
    from couponhub.server.workers import Workers  # noqa: PLC0415 - Granian is an extra

    assert config.path is not None  # noqa: S101 - it was read from there
    path = config.path.absolute()
    told = {"version": installed_version(), "config": str(path), "url": place.url, "workers": workers}
    _log.info("starting", extra={"fields": told})
    for connection, warning in config.warnings():
        _log.warning("%s", warning, extra={"fields": {"connection": connection} if connection else {}})
    with ExitStack() as held:
        figures = held.enter_context(shared_folder()) if workers > 1 else None
        load = Loader(
            config=config,
            one_time=one_time,
            address=place.address,
            port=place.port,
            workers=workers,
            figures=figures,
            log=log,
            pages=pages,
        )
        server = Workers(load, read_again=partial(_again, path), drain=drain)
        server.on_startup(lambda: _when_answering(place, partial(_answering, place, listening)))
        server.run()
    if server.is_broken:
        raise LocalError("the server ended: no worker could begin", hint="the lines above say why")


def _answering(place: Place, listening: Callable[[], None]) -> None:
    _log.info("answering", extra={"fields": {"url": place.url}})
    listening()


def _again(path: Path) -> Config:
    """The config, read again, of a store that can be used."""
    config = load_config(str(path))
    _has_token(config)
    return config


def _has_token(config: Config) -> bool:
    with open_state(config.store) as state:
        now = utc_now()
        tokens = (*state.tokens.all(), *config.server.known_tokens)
        return any(not token.is_expired(now) for token in tokens)


def _when_answering(place: Place, listening: Callable[[], None]) -> None:
    """Call `listening` on a thread of its own once a connection is accepted."""
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place.address, place.address)  # noqa: S104 - recognised, not listened on

    def wait() -> None:
        while True:
            try:
                socket.create_connection((own, place.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                listening()
                return

    threading.Thread(target=wait, name="listening", daemon=True).start()
