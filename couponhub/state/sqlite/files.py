"""Private folders, and names that are safe as those of files."""

import os
from pathlib import Path
from urllib.parse import quote


def private_folder(path: Path) -> Path:
    """Make a folder, and those that it lies in, for their owner alone; return it."""
    # Not mkdir(parents=True), which gives the mode to the last folder only.
    for folder in reversed((path, *path.parents)):
        folder.mkdir(mode=0o700, exist_ok=True)
    return path


def file_name(text: str) -> str:
    """Return any text as the name of a file or folder, which leads nowhere else and is not hidden."""
    encoded = quote(text, safe="")
    return f"%2E{encoded[1:]}" if encoded.startswith(".") else encoded


def sync_folder(folder: Path) -> None:
    """Make names in a folder outlive a power cut, as a database's rows do that speak of them."""
    if os.name == "nt":
        return  # folders cannot be opened there
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
