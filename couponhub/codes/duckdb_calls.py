"""DuckDB within this process, as it must behave under a command line: it draws nothing, fetches nothing, and ends at Ctrl-C."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")


def connected(settings: Mapping[str, str]) -> "duckdb.DuckDBPyConnection":
    """Open a database in memory.

    Args:
        settings: As of DuckDB, beside those that hold for all of ours.

    Raises:
        ImportError: It is not installed.
    """
    import duckdb  # noqa: PLC0415 - an extra, and few want it

    never = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    connection = duckdb.connect(config={**never, **settings})
    connection.execute("SET enable_progress_bar = false")  # it would stand in what a command prints
    return connection


def called(call: Callable[[], T]) -> T:
    """Call it, and raise KeyboardInterrupt where somebody pressed Ctrl-C meanwhile: of DuckDB it comes as a RuntimeError."""
    try:
        return call()
    except RuntimeError as error:
        if "interrupted" not in str(error):
            raise
        raise KeyboardInterrupt from None
