"""DuckDB under a command line: Ctrl-C is Ctrl-C, and nothing is drawn into what a command prints."""

from typing import Any

import pytest

from couponhub.codes.duckdb_calls import called, connected


def raising(error: Exception) -> Any:
    """A call that ends so."""

    def call() -> None:
        raise error

    return call


def test_an_interrupted_query_is_an_interrupted_command() -> None:
    """DuckDB says it in words of its own; whatever else it raises stays what it is."""
    with pytest.raises(KeyboardInterrupt):
        called(raising(RuntimeError("Query interrupted")))
    with pytest.raises(RuntimeError, match="another"):
        called(raising(RuntimeError("another")))
    assert 7 == called(lambda: 7)


def test_nothing_is_drawn_and_nothing_fetched() -> None:
    """Neither a bar of progress among the rows that a command prints, nor a library from somewhere."""
    with connected({"threads": "1"}) as database:
        names = (
            "enable_progress_bar",
            "autoinstall_known_extensions",
            "autoload_known_extensions",
            "threads",
        )
        found = [
            database.sql("SELECT current_setting($name)", params={"name": name}).fetchall() for name in names
        ]
    assert [[(False,)]] * 3 + [[(1,)]] == found
