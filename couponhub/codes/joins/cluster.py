"""A cluster that runs expressions of Ibis over tables at a place that both sides see.

Only expressions travel to it, and names of tables; codes lie in the tables alone. Its own texts may quote what it reads: of them
only the name of a condition is kept.
"""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from couponhub.codes.joins.places import PlaceRun, place_run
from couponhub.codes.joins.sessions import opened_session
from couponhub.codes.joins.settings import check_engine, check_place, shown_engine
from couponhub.errors import ConfigError, CouponhubError, LocalError

T = TypeVar("T")

_CONDITION = re.compile(r"[A-Z][A-Z0-9_]*(\.[A-Z0-9_]+)*")
_UNSEEN = {"PATH_NOT_FOUND", "FAILED_READ_FILE.FILE_NOT_EXIST", "UNABLE_TO_INFER_SCHEMA"}
_AGAIN = "the same command tries again; nothing was written"


class SparkCluster:
    """A session of Spark, and the tables of one piece of work. Of one thread.

    Made by `opened_cluster`.
    """

    def __init__(self, name: str, session: Any, run: PlaceRun, folder: Path) -> None:
        self._name = name
        self._session = session
        self._run = run
        self._folder = folder
        self._piece = 0

    def begin(self) -> None:
        """Begin a piece of work: the tables of the last one end.

        Raises:
            LocalError, ConfigError: The place cannot be written.
        """
        if self._piece:
            self._run.remove(str(self._piece))
        self._piece += 1

    def put(self, table: str, path: Path, *, number: int = 0) -> None:
        """Put a file of Parquet there as a part of a table; `name` then names the table.

        Raises:
            LocalError, ConfigError: The place cannot be written.
        """
        self._run.put(f"{self._at(table)}/{number:06}.parquet", path)

    def name(self, table: str) -> None:
        """Name a table whose files lie there.

        Raises:
            ConfigError: The cluster does not see them.
            LocalError: It is away, or failed.
        """

        def name() -> None:
            self._session.read.parquet(f"{self._run.url}/{self._at(table)}").createOrReplaceTempView(table)

        self._done(name)

    def keep(self, table: str, expression: Any) -> None:
        """Write what an expression gives to a table, and name it.

        Raises:
            LocalError, ConfigError: As of `name`.
        """
        import pyarrow.parquet as pq  # noqa: PLC0415 - comes with the client

        self._done(lambda: self._result(expression).write.parquet(f"{self._run.url}/{self._at(table)}"))
        if not self._run.has(self._at(table)):  # of no row some engines write no file
            empty = self._folder / f"{table}.empty"
            pq.write_table(expression.schema().to_pyarrow().empty_table(), empty)
            self._run.put(f"{self._at(table)}/empty.parquet", empty)
            empty.unlink()
        self.name(table)

    def row(self, expression: Any) -> Mapping[str, Any]:
        """Return the one row that an expression gives, by the names of its columns.

        Raises:
            LocalError, ConfigError: As of `name`.
        """
        (row,) = self._done(lambda: self._result(expression).collect())
        found: Mapping[str, Any] = row.asDict()
        return found

    def fetched(self, table: str, folder: Path) -> Iterator[Path]:
        """Give the files of a table that was kept, one after the other, in no order; copies in the folder are the caller's.

        Raises:
            LocalError, ConfigError: The place cannot be read.
        """
        return self._run.parts(self._at(table), folder)

    def _at(self, table: str) -> str:
        return f"{self._piece}/{table}"

    def _result(self, expression: Any) -> Any:
        import ibis  # noqa: PLC0415 - an extra

        return self._session.sql(str(ibis.to_sql(expression, dialect="pyspark")))

    def _done(self, call: Callable[[], T]) -> T:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of tries that fail; the last of them is told
                return call()
        except Exception as error:  # noqa: BLE001 - of three libraries, and each is told as one line
            fault = _fault(self._name, error)
        raise fault  # outside of the handlers: what would be chained may quote codes


@contextmanager
def opened_cluster(url: str, place: str | None, folder: Path) -> Iterator[SparkCluster]:
    """Give a cluster, with an empty folder at the place; both end with the block.

    Args:
        url: As of the setting `[sets] engine`.
        place: As of the setting `[sets] place`.
        folder: A private one of this machine.

    Raises:
        ConfigError: A setting is missing or wrong, or what it takes is not installed.
        LocalError: The cluster or the place cannot be reached.
    """
    try:
        check_engine(None, None, url)
        check_place(None, None, place)
    except ValueError as error:
        raise ConfigError(f"sets: {error}") from None
    shown = shown_engine(url)
    if place is None:
        raise ConfigError(
            f"sets.place is missing, which the engine {shown} needs",
            hint='write where both sides see the same files, such as place = "s3://bucket/prefix"',
        )
    with ExitStack() as held:
        # Its errors are told by those who call it.
        run = held.enter_context(place_run(place, folder))
        session = held.enter_context(_told_session(url, shown))
        yield SparkCluster(shown, session, run, folder)


@contextmanager
def _told_session(url: str, shown: str) -> Iterator[Any]:
    with ExitStack() as held:
        fault: CouponhubError | None = None
        session: Any = None
        try:
            session = held.enter_context(opened_session(url))
        except CouponhubError:
            raise
        except Exception as error:  # noqa: BLE001 - as of `SparkCluster`
            fault = _fault(shown, error)
        if fault is not None:
            raise fault
        yield session


def _fault(name: str, error: Exception) -> CouponhubError:
    if isinstance(error, CouponhubError):
        return error
    status, condition = _status(error), _condition(error)
    if status in {"UNAUTHENTICATED", "PERMISSION_DENIED"}:
        return ConfigError(
            f"the cluster {name} refuses: {status}",
            hint="look at what stands behind the port in [sets] engine: its token, and use_ssl",
        )
    if condition in _UNSEEN:
        return ConfigError(
            f"the cluster {name} does not see what was put at [sets] place ({condition})",
            hint="let all of its machines see that place by the same name, and give them credentials for it",
        )
    if status == "UNAVAILABLE" or type(error).__name__ in {"Py4JNetworkError", "ConnectionRefusedError"}:
        return LocalError(
            f"the cluster {name} is away, or ended while it worked", hint=f"look at the cluster; {_AGAIN}"
        )
    said = condition or status or type(error).__name__
    return LocalError(
        f"the cluster {name} failed while it worked on sets ({said})", hint=f"its own log says why; {_AGAIN}"
    )


def _status(error: Exception) -> str:
    """Return the name of the status of a call by gRPC; "" where it was none."""
    for name in ("code", "getGrpcStatusCode"):
        try:
            return str(getattr(getattr(error, name)(), "name", ""))
        except Exception:  # noqa: BLE001, S112 - an error of another kind
            continue
    return ""


def _condition(error: Exception) -> str:
    """Return Spark's name for what went wrong; "" where it has none."""
    name = getattr(error, "getCondition", None) or getattr(error, "getErrorClass", None)  # of Spark before 4
    try:
        said = str(name() or "") if name is not None else ""
    except Exception:  # noqa: BLE001 - an error of another kind
        return ""
    return said if _CONDITION.fullmatch(said) else ""
