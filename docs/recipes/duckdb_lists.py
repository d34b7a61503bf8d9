"""DuckDB over what couponhub prints as JSON lines, and over its Parquet export."""

import sys
from pathlib import Path

import duckdb


def running_low(lists: Path, below: int) -> list[tuple[str, str, int]]:
    """Return connection, name and codes left of the active lists that run low, the emptiest first.

    Args:
        lists: What `couponhub -o jsonl lists ls > lists.jsonl` wrote.
        below: How many codes are few.
    """
    with duckdb.connect() as database:
        found = database.execute(
            "SELECT connection, name, available FROM read_json(?, format = 'newline_delimited')"
            " WHERE status = 'active' AND available < ? ORDER BY available",
            [str(lists), below],
        )
        return found.fetchall()


def given_out(rows: Path) -> list[tuple[str, int, int]]:
    """Return campaign, codes and customers, of what `couponhub usage export --out rows.parquet` wrote."""
    with duckdb.connect() as database:
        found = database.execute(
            "SELECT campaign_name, count(*), count(DISTINCT customer) FROM read_parquet(?)"
            " GROUP BY ALL ORDER BY 2 DESC",
            [str(rows)],
        )
        return found.fetchall()


if __name__ == "__main__":
    for connection, name, available in running_low(Path(sys.argv[1]), below=1000):
        print(f"{connection}: {name} has {available} codes left")
