"""pandas over what couponhub prints as JSON lines."""

import sys
from pathlib import Path

import pandas as pd


def lists_of(lines: Path) -> pd.DataFrame:
    """Return what `couponhub -o jsonl lists ls > lists.jsonl` wrote, with instants as such."""
    frame = pd.read_json(lines, lines=True, dtype=False)
    frame["expires_at"] = pd.to_datetime(frame["expires_at"], utc=True)
    return frame


if __name__ == "__main__":
    print(lists_of(Path(sys.argv[1])).groupby("connection")["available"].sum())
