"""A server with little room and little patience: `python patient.py CONFIG FOLDER` prints its address and a token."""

import re
import socket
import sys
import threading
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.server.mp import MPServer

from couponhub import CouponHub
from couponhub.config import load_config
from couponhub.server.admission import Gate
from couponhub.server.app import make_app
from couponhub.server.auth import Access
from couponhub.server.metrics import Metrics
from couponhub.server.request_context import AccessLog
from couponhub.state import Scope
from couponhub.state.sql.callbacks import SqlCallbacks
from couponhub.state.sql.tokens import SqlTokens
from couponhub.state.sqlite.database import LedgerDatabase

SECONDS = 1.0


def app(config: str) -> Any:
    """The application."""
    metrics = Metrics()
    hub = CouponHub.from_config(config, observer=metrics)
    store = LedgerDatabase(hub.config.store)
    return make_app(
        hub,
        Access(SqlTokens(store)),
        SqlCallbacks(store),
        metrics=metrics,
        log=AccessLog(),
        gate=Gate(threads=10),
        body_seconds=SECONDS,
    )


def main(given: str, folder: Path) -> None:
    """Serve until the end."""
    config = folder / "couponhub.toml"
    store = f'url = "sqlite:///{folder.as_posix()}/state.db"'
    config.write_text(re.sub(r'url = "sqlite:.*"', store, Path(given).read_text("utf-8")), "utf-8")
    with closing(LedgerDatabase(load_config(config).store)) as opened:
        token, _ = SqlTokens(opened).new([Scope.LOOKUP])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = MPServer(
        "patient",
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=12,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )

    def tell() -> None:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                print(f"http://127.0.0.1:{port} {token}", flush=True)  # noqa: T201 - whoever began it reads it
                return

    threading.Thread(target=tell, daemon=True).start()
    server.serve(target_loader=partial(app, str(config)), wrap_loader=False)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
