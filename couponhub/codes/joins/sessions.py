"""Sessions of Spark: by Spark Connect, which takes the client alone, or as the driver of a standalone cluster.

A driver takes the whole of pyspark, and Java on this machine.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from couponhub.codes.joins.settings import shown_engine
from couponhub.errors import ConfigError, LocalError

_REACH_SECONDS = 10.0
_RETRIES = 4
"""Of a call that a cluster did not answer: some ten seconds. By itself the client would go on for ten minutes."""
_OPTIONS = {"spark.ui.enabled": "false", "spark.sql.session.timeZone": "UTC"}


@contextmanager
def opened_session(url: str) -> Iterator[Any]:
    """Give a session of the cluster at an address, for the block; what it still works on when the block fails is ended.

    Args:
        url: sc://host:port, with more behind it perhaps, or spark://host:port.

    Raises:
        ConfigError: What it takes is not installed.
        LocalError: The cluster cannot be reached, or Java does not start.
    """
    connects = url.startswith("sc://")
    with warnings.catch_warnings():
        # It warns of releases of pandas that it does not know; nothing here uses pandas.
        warnings.simplefilter("ignore")
        with _as_a_program():
            is_client_alone = _installed(connects)
        if not connects:
            _require_whole(url, is_client_alone)
        _require_reachable(url)
        session = _connected(url) if connects else _standalone(url)
    try:
        try:
            yield session
        except BaseException:
            with suppress(Exception), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if connects:
                    session.interruptAll()
                else:
                    session.sparkContext.cancelAllJobs()
            raise
    finally:
        with suppress(Exception), warnings.catch_warnings():  # it may be away, and ends by itself then
            warnings.simplefilter("ignore")
            session.stop()


@contextmanager
def _as_a_program() -> Iterator[None]:
    """Let the client be imported where no file was started, as by `python -c`: it takes that for a test of its own, and exits."""
    main: Any = sys.modules["__main__"]
    if hasattr(main, "__file__"):
        yield
        return
    main.__file__ = ""
    try:
        yield
    finally:
        del main.__file__


def _installed(connects: bool) -> bool:
    """Return True where only the client of Spark Connect is there, and not the whole of pyspark."""
    try:
        import ibis.backends.pyspark  # noqa: F401, PLC0415 - an extra
        import pyarrow as pa  # noqa: F401, PLC0415 - the same
        import pyspark.util  # noqa: PLC0415 - the same

        if connects:
            import pyspark.sql.connect.session  # noqa: PLC0415 - the same
    except ImportError:
        raise ConfigError(
            "sets on a cluster take Ibis and Spark's client, which are not installed",
            hint="pip install 'couponhub[spark]'",
        ) from None
    is_remote_only = getattr(pyspark.util, "is_remote_only", None)
    return bool(is_remote_only is not None and is_remote_only())


def _require_whole(url: str, is_client_alone: bool) -> None:
    if is_client_alone:
        raise ConfigError(
            f"{shown_engine(url)} takes the whole of pyspark, and only its client for sc:// is installed",
            hint="pip uninstall pyspark-client && pip install pyspark, of the cluster's own version; or name an sc:// address",
        )
    home = os.environ.get("JAVA_HOME")
    if not (shutil.which("java", path=os.path.join(home, "bin")) if home else shutil.which("java")):  # noqa: PTH118 - a path to search
        raise ConfigError(
            f"{shown_engine(url)} takes Java on this machine, and there is none"
            + (" in JAVA_HOME" if home else ""),
            hint="install Java 17 or later, and let JAVA_HOME or PATH lead to it; or name an sc:// address, which takes none",
        )


def _require_reachable(url: str) -> None:
    """Try the port first: the client's own tries take minutes, and tell little."""
    shown = shown_engine(url)
    host, _, port = shown.partition("://")[2].rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _REACH_SECONDS).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "no answer"
        raise LocalError(
            f"the cluster {shown} cannot be reached: {reason}",
            hint="look at [sets] engine, the network, and the cluster itself",
        ) from None


def _connected(url: str) -> Any:
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra
    from pyspark.sql.connect.client.retries import DefaultPolicy  # noqa: PLC0415 - the same

    session: Any = SparkSession.builder.remote(url).create()
    session.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES, initial_backoff=100)])
    return session


def _standalone(url: str) -> Any:
    """Start this machine's part, the driver, as the files of its configuration of Spark have it; its log goes nowhere."""
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415 - no extra: whoever wants it installs it
    from pyspark.java_gateway import launch_gateway  # noqa: PLC0415 - the same
    from pyspark.sql import SparkSession  # noqa: PLC0415 - the same

    conf: Any = SparkConf().setMaster(url).setAppName("couponhub")
    for name, value in _OPTIONS.items():
        conf.setIfMissing(name, value)
    is_main = threading.current_thread() is threading.main_thread()
    interrupted = signal.getsignal(signal.SIGINT) if is_main else None
    failed = False
    launch: Any = launch_gateway  # it has no types
    try:
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        gateway = launch(conf, streams)
        return SparkSession(SparkContext(conf=conf, gateway=gateway))
    except Exception:  # noqa: BLE001 - of many kinds, whose texts are pages long
        failed = True
    finally:
        if interrupted is not None:
            signal.signal(signal.SIGINT, interrupted)  # Spark took it
    if failed:
        raise LocalError(
            f"the driver for {shown_engine(url)} does not start on this machine",
            hint="let Java, pyspark and the cluster be of versions that go together: `pyspark --master URL` says more",
        )
    raise AssertionError
